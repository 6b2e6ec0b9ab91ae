//! The questions, and never more than five.

use std::path::Path;

use super::{Args, Does, Language};
use crate::client::ask::Question;
use crate::client::screen::Screen;
use crate::client::trouble::Trouble;
use crate::contract::catalogue::Catalogue;
use crate::contract::manifest::{Declared, Described, Manifest};
use crate::domain::access::Access;
use crate::domain::agent::{BadSlug, Slug};
use crate::domain::text::{LONGEST_TEXT, clean};

/// No more questions than this are asked, whatever is open.
pub(super) const MOST: usize = 5;
/// What is proposed where no server says what there is.
const USUAL_ACCESS: &str = "database:read";

/// Where an agent runs that was just begun; whoever deploys it writes where.
pub(super) const HERE: &str = "a developer's machine";
/// What stands for the model where none decides yet.
pub(super) const NO_MODEL: &str = "none";

/// What came of the questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) manifest: Manifest,
    pub(super) language: Option<Language>,
    /// Whether the language is a guess that nobody was asked about.
    pub(super) guessed: bool,
}

/// Whoever is asked, and how often yet.
struct Asking<'a> {
    screen: &'a Screen,
    asked: usize,
}

/// Asks for whatever the command line leaves open. What is left open when the questions are used up
/// gets the likeliest answer.
///
/// # Errors
///
/// When nobody can be asked, or the command line says what cannot be.
pub(super) fn ask(
    screen: &Screen,
    args: &Args,
    folder: &Path,
    catalogue: Option<&Catalogue>,
) -> Result<Answered, Trouble> {
    let mut asking = Asking { screen, asked: 0 };
    let name = asking.name(args, folder)?;
    let purpose = asking.purpose(args)?;
    let accesses = asking.accesses(args, catalogue)?;
    let does = asking.does(args)?;
    let team = asking.team(args, catalogue)?;
    let (language, guessed) = asking.language(args, folder)?;
    let has = |what| does.contains(&what);
    let systems = systems(&accesses);
    let agent = Described {
        name: name.to_string(),
        purpose,
        owner: args.owner.clone(),
        team,
        systems,
        runs_on: HERE.to_owned(),
        model: if args.model.is_empty() { NO_MODEL.to_owned() } else { args.model.clone() },
        writes: has(Does::Writes),
        customer_data: has(Does::CustomerData),
        external_calls: has(Does::ExternalCalls),
        money: has(Does::Money),
    };
    let declared = |access: &Access| Declared {
        name: access.to_string(),
        because: String::new(),
        lasting: Some("1h".to_owned()),
    };
    let accesses = accesses.iter().map(declared).collect();
    Ok(Answered { manifest: Manifest { version: 1, agent, accesses }, language, guessed })
}

/// The systems behind accesses, each once.
fn systems(accesses: &[Access]) -> Vec<String> {
    let mut systems: Vec<String> = Vec::new();
    for access in accesses {
        if !systems.contains(&access.resource) {
            systems.push(access.resource.clone());
        }
    }
    systems
}

/// The name that a folder's name would give, if it gives one.
fn of_folder(folder: &Path) -> Option<String> {
    let name = folder.file_name()?.to_str()?;
    match name.parse::<Slug>() {
        Ok(slug) => Some(slug.to_string()),
        Err(BadSlug::Characters { try_this }) => try_this,
        Err(BadSlug::Length) => None,
    }
}

/// The language of what is in a folder already: of the agent that was begun there, else of the project.
pub(super) fn of_files(folder: &Path) -> Option<Language> {
    let has = |name: &str| folder.join(name).exists();
    if has("agent.py") {
        Some(Language::Python)
    } else if has("agent.sh") {
        Some(Language::Shell)
    } else if has("agent.ts") {
        Some(Language::TypeScript)
    } else if has("Cargo.toml") {
        Some(Language::Rust)
    } else if has("package.json") || has("tsconfig.json") {
        Some(Language::TypeScript)
    } else if has("pyproject.toml") || has("requirements.txt") || has("setup.py") {
        Some(Language::Python)
    } else {
        None
    }
}

fn slug(typed: &str) -> Result<(), String> {
    typed.parse::<Slug>().map(|_| ()).map_err(|bad| format!("{bad}."))
}

impl Asking<'_> {
    /// Whether one more question may be asked; counts it.
    const fn may(&mut self) -> bool {
        let may = self.asked < MOST;
        if may {
            self.asked += 1;
        }
        may
    }

    fn name(&mut self, args: &Args, folder: &Path) -> Result<Slug, Trouble> {
        let bad = |typed: &str, bad: BadSlug| {
            Trouble::usage(
                format!("`{}` cannot be an agent's name: {bad}.", clean(typed, 60)),
                "agent-cli init support-agent",
            )
        };
        let typed = match &args.name {
            Some(name) => name.clone(),
            None => {
                self.may();
                let question = Question {
                    text: "What is it called?",
                    help: "Small letters, digits and dashes; people will read it on every request.",
                    flag: "the name: agent-cli init NAME",
                };
                self.screen.ask(question, of_folder(folder).as_deref(), slug)?
            }
        };
        typed.parse().map_err(|error| bad(&typed, error))
    }

    fn purpose(&mut self, args: &Args) -> Result<String, Trouble> {
        let check = |typed: &str| match clean(typed, LONGEST_TEXT).is_empty() {
            true => Err("Please say it in a few words: whoever approves it reads them.".to_owned()),
            false => Ok(()),
        };
        let said = match &args.purpose {
            Some(purpose) => purpose.clone(),
            None => {
                self.may();
                let question = Question {
                    text: "What is it for?",
                    help: "A sentence that a colleague understands, such as: posts new comments of \
                           our designs to a channel.",
                    flag: "--purpose \"…\"",
                };
                self.screen.ask(question, None, check)?
            }
        };
        check(&said).map_err(|wrong| Trouble::usage(wrong, "--purpose \"what it is for\""))?;
        Ok(clean(&said, LONGEST_TEXT))
    }

    fn accesses(
        &mut self,
        args: &Args,
        catalogue: Option<&Catalogue>,
    ) -> Result<Vec<Access>, Trouble> {
        let read = |text: &str| {
            text.parse::<Access>().map_err(|bad| {
                Trouble::usage(format!("{bad}."), "--access database:read,tickets:write")
            })
        };
        if !args.access.is_empty() {
            return args.access.iter().map(|text| read(text)).collect();
        }
        self.may();
        let choices: Vec<(Access, String)> = catalogue.map(choices).unwrap_or_default();
        if choices.is_empty() {
            let question = Question {
                text: "What does it have to do, and with what?",
                help: "Resource and action, several with commas.",
                flag: "--access database:read",
            };
            let check = |typed: &str| {
                let all: Result<Vec<Access>, _> = typed.split(',').map(str::parse).collect();
                all.map(|_| ()).map_err(|bad| format!("{bad}."))
            };
            let typed = self.screen.ask(question, Some(USUAL_ACCESS), check)?;
            return typed.split(',').map(read).collect();
        }
        let question = Question {
            text: "What does it have to do?",
            help: "Their numbers, with commas. Less is faster: more can be asked for at any time.",
            flag: "--access database:read",
        };
        let options: Vec<String> = choices.iter().map(|(_, words)| words.clone()).collect();
        let places = self.screen.choose_any(question, &options)?;
        let chosen = |place: usize| choices.get(place).map(|(access, _)| access.clone());
        Ok(places.into_iter().filter_map(chosen).collect())
    }

    fn does(&mut self, args: &Args) -> Result<Vec<Does>, Trouble> {
        if !args.does.is_empty() {
            return Ok(args.does.clone());
        }
        self.may();
        let all = [
            (Does::Writes, "it writes or changes something"),
            (Does::CustomerData, "it sees customers' or personal data"),
            (Does::ExternalCalls, "it calls or messages anything outside the company"),
            (Does::Money, "it can move or promise money"),
        ];
        let question = Question {
            text: "Which of these are true?",
            help: "From this follows who has to say yes. Nothing of it is the fastest.",
            flag: "--does writes,customer-data (or --does none)",
        };
        let places = self.screen.choose_any(question, &all.map(|(_, words)| words.to_owned()))?;
        Ok(places.into_iter().filter_map(|place| all.get(place).map(|(does, _)| *does)).collect())
    }

    fn team(
        &mut self,
        args: &Args,
        catalogue: Option<&Catalogue>,
    ) -> Result<Option<String>, Trouble> {
        if let Some(team) = &args.team {
            return Ok(Some(team.clone()));
        }
        match catalogue.map(|catalogue| catalogue.teams.as_slice()) {
            None | Some([]) => Ok(None),
            Some([only]) => Ok(Some(only.clone())),
            Some(teams) => {
                self.may();
                let question = Question {
                    text: "Which team does it work for?",
                    help: "The team's lead is asked about it.",
                    flag: "--team NAME",
                };
                Ok(teams.get(self.screen.choose(question, teams)?).cloned())
            }
        }
    }

    fn language(
        &mut self,
        args: &Args,
        folder: &Path,
    ) -> Result<(Option<Language>, bool), Trouble> {
        if let Some(wished) = args.language {
            return Ok((wished.language(), false));
        }
        let found = of_files(folder);
        if found.is_some() || !self.may() {
            return Ok((Some(found.unwrap_or(Language::Python)), true));
        }
        let question = Question {
            text: "In which language?",
            help: "A small agent is written that works already.",
            flag: "--language python",
        };
        let mut options: Vec<String> =
            Language::ALL.iter().map(|language| language.name().to_owned()).collect();
        options.push("none: the code is there already".to_owned());
        let place = self.screen.choose(question, &options)?;
        Ok((Language::ALL.get(place).copied(), false))
    }
}

/// What can be asked for, the least first.
fn choices(catalogue: &Catalogue) -> Vec<(Access, String)> {
    let mut all: Vec<(u8, Access, String)> = Vec::new();
    for resource in &catalogue.resources {
        for action in &resource.actions {
            let access = Access::new(resource.name.clone(), action.name.clone());
            let opens = action.opens.as_deref().map(|opens| format!(": {}", clean(opens, 60)));
            let words = format!("{access}{}", opens.unwrap_or_default());
            all.push((action.tier, access, words));
        }
    }
    all.sort_by_key(|(tier, ..)| *tier);
    all.into_iter().map(|(_, access, words)| (access, words)).collect()
}

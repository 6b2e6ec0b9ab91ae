//! The questions, and never more than five.

use std::path::Path;

use clap::ValueEnum;

use super::{Args, Does, Language};
use crate::client::ask::Question;
use crate::client::choices::{choices, tier_needed};
use crate::client::exit::Exit;
use crate::client::screen::Screen;
use crate::client::trouble::Trouble;
use crate::client::words::{Told, listed};
use crate::contract::catalogue::Catalogue;
use crate::contract::manifest::{Declared, Described, Manifest};
use crate::domain::access::Access;
use crate::domain::agent::{BadSlug, Slug};
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::tier::{Answers, Tier};

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

/// What the server says before anybody is asked, where one could be asked.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// What there is to ask for.
    pub(super) catalogue: Option<Catalogue>,
    /// Who is logged in here, and answers for what they begin.
    pub(super) owner: Option<String>,
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
    known: &Known,
) -> Result<Answered, Trouble> {
    let catalogue = known.catalogue.as_ref();
    let mut asking = Asking { screen, asked: 0 };
    let name = asking.name(args, folder)?;
    let purpose = asking.purpose(args)?;
    let accesses = asking.accesses(args, catalogue)?;
    let does = asking.does(args, |does| too_low(does, &accesses, catalogue))?;
    let team = asking.team(args, catalogue)?;
    let (language, guessed) = asking.language(args, folder)?;
    let answers = answers(&does);
    let systems = systems(&accesses);
    let agent = Described {
        name: name.to_string(),
        purpose,
        owner: args.owner.clone().or_else(|| known.owner.clone()),
        team,
        systems,
        runs_on: HERE.to_owned(),
        model: if args.model.is_empty() { NO_MODEL.to_owned() } else { args.model.clone() },
        writes: answers.writes,
        customer_data: answers.customer_data,
        external_calls: answers.external_calls,
        money: answers.money,
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

/// What an agent does that raises its tier, each with its words.
const DOES: [(Does, &str); 4] = [
    (Does::Writes, "it writes or changes something"),
    (Does::CustomerData, "it sees customers' or personal data"),
    (Does::ExternalCalls, "it calls or messages anything outside the company"),
    (Does::Money, "it can move or promise money"),
];

fn answers(does: &[Does]) -> Answers {
    let has = |what| does.contains(&what);
    Answers {
        writes: has(Does::Writes),
        customer_data: has(Does::CustomerData),
        external_calls: has(Does::ExternalCalls),
        money: has(Does::Money),
    }
}

/// An access that the agent could never hold, by what is said of it: the gate would refuse it for good.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TooLow {
    access: Access,
    needs: u8,
    has: Tier,
    /// The places of the answers each of which would do.
    would_do: Vec<usize>,
}

impl TooLow {
    fn words(&self) -> String {
        let Self { access, needs, has, .. } = self;
        format!("{access} is for agents of tier {needs}, and by this answer it is tier {has}.")
    }

    /// As it is said to whoever typed numbers.
    fn in_numbers(&self) -> String {
        let numbers: Vec<String> = self.would_do.iter().map(|at| (at + 1).to_string()).collect();
        format!(
            "{} Which of {} does it do? Or press Ctrl-C and begin again with less.",
            self.words(),
            listed(&numbers, "or")
        )
    }

    /// As it is said to whoever wrote a command line.
    fn in_flags(&self) -> Trouble {
        let words: Vec<String> = self
            .would_do
            .iter()
            .filter_map(|at| DOES.get(*at)?.0.to_possible_value())
            .map(|value| value.get_name().to_owned())
            .collect();
        let told = Told::new(self.words())
            .why("whoever approves an agent must know what it can do; its gate would stay closed.")
            .next([
                format!("--does {}   whichever is true", listed(&words, "or")),
                format!("or leave {} out of --access", self.access),
            ]);
        Trouble::told(Exit::Usage, "tier_too_low", told)
    }
}

/// The first of the accesses that needs a higher tier than follows from what the agent does.
fn too_low(does: &[Does], accesses: &[Access], catalogue: Option<&Catalogue>) -> Option<TooLow> {
    let (catalogue, has) = (catalogue?, answers(does).tier());
    accesses.iter().find_map(|access| {
        let needs = tier_needed(catalogue, access).filter(|needs| *needs > has.number())?;
        let enough = |(at, (one, _)): (usize, &(Does, &str))| {
            (answers(&[does, &[*one]].concat()).tier().number() >= needs).then_some(at)
        };
        let would_do = DOES.iter().enumerate().filter_map(enough).collect();
        Some(TooLow { access: access.clone(), needs, has, would_do })
    })
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
        let places = self.screen.choose_any(question, &options, |_| Ok(()))?;
        let chosen = |place: usize| choices.get(place).map(|(access, _)| access.clone());
        Ok(places.into_iter().filter_map(chosen).collect())
    }

    fn does(
        &mut self,
        args: &Args,
        too_low: impl Fn(&[Does]) -> Option<TooLow>,
    ) -> Result<Vec<Does>, Trouble> {
        if !args.does.is_empty() {
            return match too_low(&args.does) {
                Some(low) => Err(low.in_flags()),
                None => Ok(args.does.clone()),
            };
        }
        self.may();
        let question = Question {
            text: "Which of these are true?",
            help: "From this follows who has to say yes. Nothing of it is the fastest.",
            flag: "--does writes,customer-data (or --does none)",
        };
        let chosen = |places: &[usize]| -> Vec<Does> {
            places.iter().filter_map(|place| DOES.get(*place).map(|(does, _)| *does)).collect()
        };
        let check = |places: &[usize]| match too_low(&chosen(places)) {
            Some(low) => Err(low.in_numbers()),
            None => Ok(()),
        };
        let options = DOES.map(|(_, words)| words.to_owned());
        let places = self.screen.choose_any(question, &options, check)?;
        Ok(chosen(&places))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::choices::tests::catalogue;
    use crate::client::look::{Ink, Look};

    #[test]
    fn what_is_said_must_be_enough_for_what_is_wanted() {
        let catalogue = catalogue();
        let low = |does: &[Does], accesses: &[&str]| {
            let accesses: Vec<Access> =
                accesses.iter().map(|access| access.parse().unwrap()).collect();
            too_low(does, &accesses, Some(&catalogue))
        };
        assert_eq!(low(&[Does::None], &["database:read"]), None);
        assert_eq!(low(&[Does::Money], &["payments:refund", "tickets:write"]), None);
        assert_eq!(low(&[Does::None], &["unheard:of"]), None, "that is said elsewhere");
        assert_eq!(too_low(&[], &["payments:refund".parse().unwrap()], None), None);
        let refund = low(&[Does::Writes], &["database:read", "payments:refund"]).unwrap();
        let write = low(&[], &["tickets:write"]).unwrap();
        let said = [&refund, &write].map(|low| {
            let flags = low.in_flags().words().render(Ink::Bad, Look::PLAIN);
            format!("{}\n{flags}", low.in_numbers())
        });
        insta::assert_snapshot!(said.join("\n"));
    }
}

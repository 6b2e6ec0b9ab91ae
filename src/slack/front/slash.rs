//! `/agent …`, typed.

use slack_morphism::prelude::SlackView;

use super::life::To;
use super::{FrontDesk, Handled, json, say};
use crate::domain::person::PersonId;
use crate::domain::quiz::Quiz;
use crate::domain::role::TeamName;
use crate::domain::text::clean;
use crate::domain::time::Span;
use crate::service::certifications::outcome::ReviewChoice;
use crate::service::input::{
    CredentialForm, DelegationForm, ExtensionForm, GrantForm, RegistrationForm, TierForm,
};
use crate::service::outcome::{Asked, Cancelled, Refusal};
use crate::slack::commands::{self, SlashCommand};
use crate::slack::views::{self, forms};
use crate::slack::wire::desk::{Ack, Answer, FollowUp};
use crate::slack::wire::inbound::Slash;

impl FrontDesk {
    pub(super) async fn slash(&self, slash: Slash) -> Handled {
        let command = commands::read(&slash.text);
        if matches!(command, SlashCommand::StaticHelp) {
            return Ok(self.static_help());
        }
        let standing = self.service.overview_standing(&slash.by).await?;
        if !standing.is_member() {
            return Ok(say(views::not_for_you(standing)));
        }
        let (by, once) = (slash.by.clone(), Some(slash.once.clone()));
        let service = &self.service;
        Ok(match command {
            SlashCommand::StaticHelp => self.static_help(),
            SlashCommand::Help => say(views::help(&service.overview(&by).await?)),
            SlashCommand::List => say(views::agents(&service.list().await?)),
            SlashCommand::Show { agent: None } => say(views::agents(&service.list().await?)),
            SlashCommand::Show { agent: Some(agent) } => {
                say(match service.show(&by, &agent).await? {
                    Ok(detail) => views::agent(&detail),
                    Err(refusal) => views::refusal(&refusal),
                })
            }
            SlashCommand::Grants { agent } => {
                say(match service.grants(&by, agent.as_deref()).await? {
                    Ok(listing) => {
                        let used = service.use_of(&listing).await?;
                        let of = agent.as_deref().and_then(|a| a.to_lowercase().parse().ok());
                        views::grants_used(&listing, of.as_ref(), Some(&by), &used)
                    }
                    Err(refusal) => views::refusal(&refusal),
                })
            }
            SlashCommand::Discoveries => self.say_discoveries(&by).await?,
            SlashCommand::Register { name } => {
                let draft =
                    RegistrationForm { name: name.unwrap_or_default(), ..Default::default() };
                self.open_register(&slash, draft).await?
            }
            SlashCommand::Request { agent, access, lasting, because } => {
                let draft = GrantForm {
                    agent: agent.unwrap_or_default(),
                    access: access.unwrap_or_default(),
                    lasting: lasting.unwrap_or_default(),
                    because: because.unwrap_or_default(),
                };
                self.request(&slash, draft).await?
            }
            SlashCommand::Extend { what, by: more, because } => {
                let form = ExtensionForm {
                    grant: what.unwrap_or_default(),
                    by: more.unwrap_or_default(),
                    because: because.unwrap_or_default(),
                };
                self.extend(&slash, form).await?
            }
            SlashCommand::Release { reference } => {
                let reference = reference.unwrap_or_default();
                say(views::ended(&service.release(&by, &reference, once).await?))
            }
            SlashCommand::Revoke { reference, because } => {
                let (reference, why) = (reference.unwrap_or_default(), because.unwrap_or_default());
                say(views::ended(&service.revoke(&by, &reference, &why, once).await?))
            }
            SlashCommand::Stop { agent, because } => {
                let (agent, why) = (agent.unwrap_or_default(), because.unwrap_or_default());
                say(views::stopped(&service.stop(&by, &agent, &why, once).await?))
            }
            SlashCommand::BreakGlass { agent, access, lasting, because } => {
                let draft = GrantForm {
                    agent: agent.unwrap_or_default(),
                    access: access.unwrap_or_default(),
                    lasting: lasting.unwrap_or_default(),
                    because: because.unwrap_or_default(),
                };
                self.break_glass(&slash, draft).await?
            }
            SlashCommand::Incident { agent, because } => {
                let (agent, why) = (agent.unwrap_or_default(), because.unwrap_or_default());
                self.incident(&slash, &agent, &why).await?
            }
            SlashCommand::Incidents => {
                let (open, now) = service.open_incidents().await?;
                say(views::incidents::list(&open, now))
            }
            SlashCommand::Reinstate { agent, because } => {
                let (agent, why) = (agent.unwrap_or_default(), because.unwrap_or_default());
                let asked = service.ask_reinstatement(&by, &agent, &why, once).await?;
                say(views::asked(&asked))
            }
            SlashCommand::Transfer { agent, to, because } => {
                let (agent, why) = (agent.unwrap_or_default(), because.unwrap_or_default());
                self.transfer(&slash, &agent, to.as_deref(), why).await?
            }
            SlashCommand::Take { agent } => {
                let taken = service.take(&by, &agent.unwrap_or_default(), once).await?;
                say(views::owners::taken(&taken))
            }
            SlashCommand::Certify { agent } => self.certify(&slash, agent).await?,
            SlashCommand::Certifications { standing, team } => {
                let team = team.map(TeamName::new);
                self.campaign(&by, ReviewChoice { standing, team }).await?
            }
            SlashCommand::Tier { agent, to, because } => {
                let form = TierForm {
                    agent: agent.unwrap_or_default(),
                    to: to.unwrap_or_default(),
                    because: because.unwrap_or_default(),
                };
                self.tier(&slash, form).await?
            }
            SlashCommand::Edit { agent } => {
                let agent = agent.unwrap_or_default();
                self.edit(&by, &agent, &slash.trigger_id, To::Command).await?
            }
            SlashCommand::Retire { agent, because } => {
                let (agent, why) = (agent.unwrap_or_default(), because.unwrap_or_default());
                self.retire(&by, &agent, &why, &slash.trigger_id, To::Command).await?
            }
            SlashCommand::Cancel { reference } => {
                let typed = reference.unwrap_or_default();
                let cancelled = match service.request_by_reference(&typed).await? {
                    Some(id) => service.cancel(&by, id, once).await?,
                    None => Cancelled::Refused(Refusal::UnknownReference { typed, near: vec![] }),
                };
                say(views::cancelled(&cancelled))
            }
            SlashCommand::Appeal { reference, because } => {
                self.appeal(&slash, reference, because).await?
            }
            SlashCommand::Delegate { to, until, roles } => {
                let to = to.map(|user| PersonId::new(by.workspace.clone(), user));
                let until = until.unwrap_or_default();
                self.delegate(&slash, DelegationForm { to, until, roles }).await?
            }
            SlashCommand::Keys { agent } => {
                say(views::keys(&service.keys(&by, &agent.unwrap_or_default()).await?))
            }
            SlashCommand::AddKey { agent, name } => {
                let draft = CredentialForm { name: name.unwrap_or_default(), ..Default::default() };
                let choices = service.credential_choices(&by, &agent.unwrap_or_default()).await?;
                match choices {
                    Ok((agent, choices)) => {
                        open(slash.trigger_id.clone(), forms::add_key(&agent, &draft, &choices))
                    }
                    Err(refusal) => say(views::refusal(&refusal)),
                }
            }
            SlashCommand::Roles => say(views::roles(&service.roles(&by.workspace).await?)),
            SlashCommand::Why { evaluation: None } => {
                say(views::why::refusals(&service.latest_refusals(&by).await?))
            }
            SlashCommand::Why { evaluation: Some(id) } => {
                say(views::why::why(&service.why(&by, &id).await?))
            }
            SlashCommand::Insights => say(views::insights::insights(&service.insights().await?)),
            SlashCommand::Quiz => say(views::quiz::quiz(&Quiz::start())),
            SlashCommand::Login { code: None } => say(views::logins::explained()),
            SlashCommand::Login { code: Some(code) } => {
                say(views::logins::found(&service.login_by_code(&by, &code).await?))
            }
            SlashCommand::Unknown { typed, near } => {
                say(views::not_understood(&typed, near.as_slice()))
            }
        })
    }

    fn static_help(&self) -> Answer {
        Answer::ack(Ack::Prepared(self.static_help.clone()))
    }

    /// The registration form, as far as it was filled in.
    pub(super) async fn open_register(&self, slash: &Slash, draft: RegistrationForm) -> Handled {
        let choices = self.service.choices(&slash.by, Some(&slash.channel)).await?;
        let preview = self.service.preview(draft.answers).await?;
        let view = forms::register(&draft, &choices, Some(&preview));
        Ok(open(slash.trigger_id.clone(), view))
    }

    /// Typed in whole: asked at once. In part: a form with what was typed.
    async fn request(&self, slash: &Slash, draft: GrantForm) -> Handled {
        let whole = [&draft.agent, &draft.access, &draft.lasting, &draft.because]
            .iter()
            .all(|part| !part.is_empty());
        if whole {
            let asked = self.service.ask_grant(&slash.by, &draft, Some(slash.once.clone())).await?;
            return Ok(say(views::asked(&asked)));
        }
        // What was typed and cannot be is said before a form opens for the rest.
        if let Some(refusal) = self.service.refuse_early(&slash.by, &draft).await? {
            return Ok(say(views::refusal(&refusal)));
        }
        let choices = self.service.choices(&slash.by, Some(&slash.channel)).await?;
        if choices.your_agents.is_empty() {
            let refusal =
                Refusal::UnknownAgent { typed: String::new(), near: Vec::new(), yours: Vec::new() };
            return Ok(say(views::refusal(&refusal)));
        }
        Ok(open(slash.trigger_id.clone(), forms::request(&draft, &choices, None)))
    }

    async fn extend(&self, slash: &Slash, form: ExtensionForm) -> Handled {
        let by = &slash.by;
        if !form.by.is_empty() && !form.because.is_empty() {
            let asked = self.service.ask_extension(by, &form, Some(slash.once.clone())).await?;
            return Ok(say(views::asked(&asked)));
        }
        Ok(match self.service.grant_to_extend(by, &form.grant).await? {
            // What was typed and cannot be is said before a form opens for the rest.
            Ok((_, agent)) if !form.by.is_empty() && form.by.parse::<Span>().is_err() => {
                let longest = self.service.policy().tier(agent.tier).longest_grant;
                let refusal = Refusal::BadDuration { typed: clean(&form.by, 40), longest };
                say(views::refusal(&refusal))
            }
            Ok((grant, agent)) => {
                open(slash.trigger_id.clone(), forms::extend(&grant, &agent, &form))
            }
            Err(refusal) => say(views::asked(&Asked::Refused(refusal))),
        })
    }
}

/// Opens a form after an empty acknowledgement.
pub(super) fn open(trigger_id: String, view: SlackView) -> Answer {
    Answer::then(FollowUp::OpenView { trigger_id, view: json(&view) })
}

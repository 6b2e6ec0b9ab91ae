//! Registering an agent: the form judged field by field, the tier computed, the question put.

use super::credentials::outcome::{CredentialField, CredentialProblem};
use super::credentials::{broad, field_of, read_form, same};
use super::discoveries;
use super::input::{CredentialForm, OnceKey, RegistrationForm};
use super::opening::{Addressees, Put, Question, put};
use super::outcome::{Field, FieldProblem, FormChoices, Refusal, Registered, Route, TierPreview};
use super::{Result, Service};
use crate::domain::access::Access;
use crate::domain::agent::{Agent, AgentState, Description, Slug};
use crate::domain::credential::FirstCredential;
use crate::domain::ids::{AgentId, DiscoveryId, RequestId};
use crate::domain::person::PersonId;
use crate::domain::request::{Acceptance, Ask, Origin};
use crate::domain::review::Finding;
use crate::domain::role::TeamName;
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::tier::Answers;
use crate::policy::{Case, Policy};
use crate::store::work;

/// The longest that a line of the form may be, in characters.
const LONGEST_LINE: usize = 100;
/// As many systems as a form takes.
const MOST_SYSTEMS: usize = 20;

impl Service {
    /// What the registration form shows for these answers, before it is sent.
    pub async fn preview(&self, answers: Answers) -> Result<TierPreview> {
        let policy = self.policy();
        let tier = answers.tier();
        let rule = policy.without_people(&Case::Registration { tier });
        let route = self.route(&policy, tier, rule).await?;
        Ok(TierPreview { reasons: answers.reasons(), route })
    }

    /// What the forms offer to choose from.
    pub async fn choices(&self, by: &PersonId, channel: Option<&str>) -> Result<FormChoices> {
        let policy = self.policy();
        let teams: Vec<TeamName> = policy.teams().cloned().collect();
        let mut session = self.parts.store.read().await?;
        let mine = session.agents_of(by).await?;
        // The channel where the command was typed tells the team best, then what the person owns.
        let likely_team = teams
            .iter()
            .find(|t| policy.team(t).is_some_and(|team| Some(team.channel.as_str()) == channel))
            .cloned()
            .or_else(|| mine.last().map(|agent| agent.team.clone()))
            .filter(|team| teams.contains(team))
            .or_else(|| if let [only] = teams.as_slice() { Some(only.clone()) } else { None });
        let accesses = policy
            .resources()
            .flat_map(|resource| {
                resource.actions.iter().map(|(action, tier)| {
                    let access = Access::new(resource.name.clone(), action.clone());
                    (access, *tier, resource.opens(action).map(str::to_owned))
                })
            })
            .collect();
        let your_agents =
            mine.into_iter().filter(Agent::is_active).map(|agent| agent.slug).collect();
        Ok(FormChoices { teams, likely_team, your_agents, accesses })
    }

    /// A person registers an agent.
    pub async fn register(
        &self,
        by: &PersonId,
        form: RegistrationForm,
        once: Option<OnceKey>,
    ) -> Result<Registered> {
        self.register_found(by, form, None, once).await
    }

    /// A person registers as an agent what was found, when security asked them to.
    pub async fn register_found(
        &self,
        by: &PersonId,
        form: RegistrationForm,
        found: Option<DiscoveryId>,
        once: Option<OnceKey>,
    ) -> Result<Registered> {
        match self.register_anew(by, form, found, once.clone()).await? {
            // The name may be taken by this very form, whose answer was lost on its way.
            Registered::Invalid(_) | Registered::InvalidCredential(_) | Registered::Refused(_)
                if self.was_done(once.as_ref()).await? =>
            {
                Ok(Registered::Before)
            }
            registered => Ok(registered),
        }
    }

    async fn register_anew(
        &self,
        by: &PersonId,
        form: RegistrationForm,
        found: Option<DiscoveryId>,
        once: Option<OnceKey>,
    ) -> Result<Registered> {
        let standing = self.standing(by).await?;
        if !standing.is_member() {
            return Ok(Registered::Refused(Refusal::NotMember(standing)));
        }
        let policy = self.policy();
        let mut problems = Vec::new();
        let name = form.name.trim();
        let slug: Option<Slug> = match name.parse() {
            _ if name.is_empty() => {
                problems.push((Field::Name, FieldProblem::Empty));
                None
            }
            Ok(slug) => Some(slug),
            Err(why) => {
                problems.push((Field::Name, FieldProblem::BadName(why)));
                None
            }
        };
        let description = describe(&form, &mut problems);
        let team = TeamName::new(form.team.trim());
        if policy.team(&team).is_none() {
            let empty = form.team.trim().is_empty();
            let problem = if empty { FieldProblem::Empty } else { FieldProblem::UnknownTeam };
            problems.push((Field::Team, problem));
        }
        let owner = form.owner.unwrap_or_else(|| by.clone());
        if owner != *by {
            let standing = self.standing(&owner).await?;
            if !standing.is_member() {
                problems.push((Field::Owner, FieldProblem::OwnerNotMember(standing)));
            }
        }
        if let Some(slug) = &slug
            && let Some(other) = self.parts.store.read().await?.agent_by_slug(slug.as_str()).await?
        {
            problems.push((Field::Name, FieldProblem::NameTaken { owner: other.owner }));
        }
        let (Some(slug), true) = (slug, problems.is_empty()) else {
            problems.sort_by_key(|(field, _)| *field);
            return Ok(Registered::Invalid(problems));
        };

        let brings = match form.credential {
            None => None,
            Some(form) => match self.first_credential(&policy, form).await? {
                Ok(credential) => Some(credential),
                Err(problems) => return Ok(Registered::InvalidCredential(problems)),
            },
        };
        let mut findings = vec![Finding::OwnerActive];
        if let Some(FirstCredential { proof, .. }) = &brings {
            findings.push(Finding::FirstCredential);
            findings.extend(broad(&policy, proof));
        }

        let tier = description.answers.tier();
        let rule = policy.without_people(&Case::Registration { tier });
        let (now, entropy) = (self.now(), self.entropy());
        let request = RequestId::new(entropy.ulid(now));
        let agent = Agent {
            id: AgentId::new(entropy.ulid(now)),
            slug,
            description,
            owner: owner.clone(),
            team: team.clone(),
            tier,
            registered_at: now,
            state: AgentState::Pending { request },
            orphaned: None,
        };
        let to = match self.addressees(&policy, tier, &team, by, &owner).await? {
            _ if rule.is_some() => Addressees::nobody(),
            Ok(to) => to,
            Err(refusal) => {
                if let Refusal::NobodyCanDecide { roles } = &refusal {
                    self.tell_nobody_can_decide(&agent.slug, by, roles).await?;
                }
                return Ok(Registered::Refused(refusal));
            }
        };
        let Route { usual, .. } = self.route(&policy, tier, None).await?;
        let question = Question {
            agent,
            asked_by: by.clone(),
            origin: Origin::Person,
            ask: Ask::Registration,
            brings,
            tier,
            acceptance: if owner == *by { Acceptance::NotNeeded } else { Acceptance::Awaited },
            findings,
            rule,
        };
        let work = work(move |tx| {
            Box::pin(async move {
                // Looked at again under the lock: two people may wish for one name at once.
                if let Some(other) = tx.agent_by_slug(question.agent.slug.as_str()).await? {
                    let problem = FieldProblem::NameTaken { owner: other.owner };
                    return Ok(Registered::Invalid(vec![(Field::Name, problem)]));
                }
                if let Some(FirstCredential { proof, .. }) = &question.brings
                    && same(tx, proof, now).await?.is_some()
                {
                    let problem = CredentialProblem::InUse { holder: None };
                    return Ok(Registered::InvalidCredential(vec![(field_of(proof), problem)]));
                }
                tx.insert_agent(&question.agent).await?;
                if let Some(found) = found {
                    let (by, agent) = (&question.asked_by, question.agent.id);
                    discoveries::registering(tx, &entropy, found, by, agent, now).await?;
                }
                Ok(match put(tx, &entropy, &policy, question, to, now).await? {
                    Put::Open(agent, request) => Registered::Opened { agent, request, usual },
                    Put::Approved(agent, request, _) => Registered::Approved { agent, request },
                })
            })
        });
        self.once(once, work).await
    }

    /// The credential that a registration brings along, if it can be had.
    async fn first_credential(
        &self,
        policy: &Policy,
        form: CredentialForm,
    ) -> Result<std::result::Result<FirstCredential, Vec<(CredentialField, CredentialProblem)>>>
    {
        // The registration itself says what the agent is for.
        let form = CredentialForm { because: "registered with it".to_owned(), ..form };
        let (credential, _) = match read_form(policy, &form) {
            Ok(read) => read,
            Err(problems) => return Ok(Err(problems)),
        };
        let mut session = self.parts.store.read().await?;
        if same(&mut session, &credential.proof, self.now()).await?.is_some() {
            let problem = CredentialProblem::InUse { holder: None };
            return Ok(Err(vec![(field_of(&credential.proof), problem)]));
        }
        Ok(Ok(credential))
    }
}

/// What the form says that the agent is; what is wrong with it is noted.
pub(super) fn describe(
    form: &RegistrationForm,
    problems: &mut Vec<(Field, FieldProblem)>,
) -> Description {
    let mut line = |field, text: &str, longest| {
        let text = clean(text, longest);
        if text.is_empty() {
            problems.push((field, FieldProblem::Empty));
        }
        text
    };
    let purpose = line(Field::Purpose, &form.purpose, LONGEST_TEXT);
    let runs_on = line(Field::RunsOn, &form.runs_on, LONGEST_LINE);
    let model = line(Field::Model, &form.model, LONGEST_LINE);
    let systems: Vec<String> = form
        .systems
        .split([',', ';', '\n'])
        .map(|s| clean(s, LONGEST_LINE))
        .filter(|s| !s.is_empty())
        .take(MOST_SYSTEMS)
        .collect();
    if systems.is_empty() {
        problems.push((Field::Systems, FieldProblem::Empty));
    }
    Description { purpose, systems, runs_on, model, answers: form.answers }
}

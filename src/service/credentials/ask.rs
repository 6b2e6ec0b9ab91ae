//! An owner asks that an agent may prove itself in another way.

use super::choices;
use super::outcome::{CredentialAsked, CredentialField, CredentialProblem};
use crate::domain::agent::Agent;
use crate::domain::claims::{breadth, read_claims};
use crate::domain::credential::{Credential, FirstCredential, Proof, PublicKey};
use crate::domain::person::PersonId;
use crate::domain::request::{Ask, Origin};
use crate::domain::review::Finding;
use crate::domain::text::{LONGEST_TEXT, clean};
use crate::domain::time::Span;
use crate::policy::Policy;
use crate::service::input::{CredentialForm, OnceKey};
use crate::service::outcome::{Asked, Refusal};
use crate::service::{Result, Service};

/// The longest name of a credential, in characters.
pub const LONGEST_NAME: usize = 60;

type Problems = Vec<(CredentialField, CredentialProblem)>;

impl Service {
    /// The owner asks that the agent may prove itself so.
    pub async fn ask_credential(
        &self,
        by: &PersonId,
        form: &CredentialForm,
        once: Option<OnceKey>,
    ) -> Result<CredentialAsked> {
        match self.ask_credential_anew(by, form, once.clone()).await? {
            // What is refused may have been asked by this very form, whose answer was lost.
            CredentialAsked::Asked(Asked::Refused(_)) | CredentialAsked::Invalid(_)
                if self.was_done(once.as_ref()).await? =>
            {
                Ok(CredentialAsked::Asked(Asked::Before))
            }
            asked => Ok(asked),
        }
    }

    async fn ask_credential_anew(
        &self,
        by: &PersonId,
        form: &CredentialForm,
        once: Option<OnceKey>,
    ) -> Result<CredentialAsked> {
        let refuse = |refusal| Ok(CredentialAsked::Asked(Asked::Refused(refusal)));
        let agent = match self.own_agent(by, &form.agent).await? {
            Ok(agent) if agent.is_active() => agent,
            Ok(agent) => return refuse(Refusal::NotActive(agent)),
            Err(refusal) => return refuse(refusal),
        };
        let policy = self.policy();
        let (FirstCredential { name, proof, lasting }, because) = match read(&policy, form) {
            Ok(read) => read,
            Err(problems) => return Ok(CredentialAsked::Invalid(problems)),
        };
        let now = self.now();
        let mut session = self.parts.store.read().await?;
        let same = session.credentials_by_fingerprint(&proof.fingerprint()).await?;
        let same = same.into_iter().find(|other| other.is_live(now));
        let of = session.credentials_of(agent.id).await?;
        let holder = match &same {
            Some(other) if other.agent != agent.id => session.agent(other.agent).await?,
            _ => None,
        };
        drop(session);
        if let Some(other) = &same
            && let Some(problem) = self.in_use(by, &agent, other, holder.as_ref()).await?
        {
            return Ok(CredentialAsked::Invalid(vec![(field_of(&proof), problem)]));
        }
        let live = of.iter().filter(|credential| credential.is_live(now)).count();
        let mut findings = vec![
            // Only an active owner comes this far.
            Finding::OwnerActive,
            match agent.certified_at(now) {
                Some(false) => Finding::CertificationLapsed,
                Some(true) | None => Finding::Certified,
            },
            match live {
                _ if same.is_some() => Finding::Renewal,
                0 => Finding::FirstCredential,
                live => Finding::BesideLive { live: u32::try_from(live).unwrap_or(u32::MAX) },
            },
        ];
        findings.extend(broad(&policy, &proof));
        findings.sort_by_key(|finding| finding.is_warning());
        let tier = agent.tier;
        let ask = Ask::Credential { name, proof, lasting, because };
        let asked =
            self.put_question(by, agent, ask, tier, findings, None, Origin::Person, once).await?;
        Ok(CredentialAsked::Asked(asked))
    }

    /// Why this proof cannot be had, since a live credential has it. A workload's may be asked again
    /// by its own agent: that only makes it last longer.
    async fn in_use(
        &self,
        by: &PersonId,
        agent: &Agent,
        other: &Credential,
        holder: Option<&Agent>,
    ) -> Result<Option<CredentialProblem>> {
        if other.agent == agent.id {
            let key = matches!(other.proof, Proof::Key { .. });
            return Ok(key.then(|| CredentialProblem::HasAlready { name: other.name.clone() }));
        }
        let holder = match holder {
            Some(holder) if self.may_see_keys(by, holder).await? => Some(holder.slug.clone()),
            _ => None,
        };
        Ok(Some(CredentialProblem::InUse { holder }))
    }
}

/// The field in which a proof stands.
pub(in crate::service) const fn field_of(proof: &Proof) -> CredentialField {
    match proof {
        Proof::Key { .. } => CredentialField::Key,
        Proof::Workload { .. } => CredentialField::Claims,
    }
}

/// What was filled in, with the reason; or everything that is wrong with it.
pub(in crate::service) fn read(
    policy: &Policy,
    form: &CredentialForm,
) -> std::result::Result<(FirstCredential, String), Problems> {
    let mut problems = Vec::new();
    let name = clean(&form.name, LONGEST_NAME);
    if name.is_empty() {
        problems.push((CredentialField::Name, CredentialProblem::Empty));
    }
    let proof = if form.workload {
        workload(policy, form, &mut problems)
    } else {
        key(form, &mut problems)
    };
    let longest = policy.tokens().longest_credential;
    let lasting = match form.lasting.trim() {
        "" => longest,
        text => match text.parse::<Span>() {
            Ok(asked) if asked > longest => {
                problems.push((CredentialField::Lasting, CredentialProblem::TooLong { longest }));
                longest
            }
            Ok(asked) => asked,
            Err(_) => {
                let problem = CredentialProblem::BadDuration { longest };
                problems.push((CredentialField::Lasting, problem));
                longest
            }
        },
    };
    let because = clean(&form.because, LONGEST_TEXT);
    if because.is_empty() {
        problems.push((CredentialField::Because, CredentialProblem::Empty));
    }
    match proof {
        Some(proof) if problems.is_empty() => {
            Ok((FirstCredential { name, proof, lasting }, because))
        }
        _ => Err(problems),
    }
}

fn key(form: &CredentialForm, problems: &mut Problems) -> Option<Proof> {
    match PublicKey::parse(&form.key) {
        Ok(key) => Some(Proof::Key { thumbprint: key.thumbprint(), key }),
        Err(bad) => {
            problems.push((CredentialField::Key, CredentialProblem::BadKey(bad)));
            None
        }
    }
}

fn workload(policy: &Policy, form: &CredentialForm, problems: &mut Problems) -> Option<Proof> {
    let issuers = choices(policy).issuers;
    let issuer = form.issuer.trim();
    let known = issuers.iter().any(|(name, _)| name == issuer);
    if !known {
        let all = issuers.into_iter().map(|(name, _)| name).collect();
        problems.push((CredentialField::Issuer, CredentialProblem::UnknownIssuer { all }));
    }
    match read_claims(&form.claims) {
        Ok(claims) => known.then(|| Proof::Workload { issuer: issuer.to_owned(), claims }),
        Err(bad) => {
            problems.push((CredentialField::Claims, CredentialProblem::BadClaims(bad)));
            None
        }
    }
}

/// The warning that more than one workload may fit.
pub(in crate::service) fn broad(policy: &Policy, proof: &Proof) -> Option<Finding> {
    let Proof::Workload { issuer, claims } = proof else { return None };
    let address = &policy.issuers().get(issuer)?.issuer;
    breadth(address, issuer, claims).map(|breadth| Finding::BroadClaims { breadth })
}

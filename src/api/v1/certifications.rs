//! The reviews of all agents, for security.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::admit::Member;
use super::agents::no;
use super::take::{Query, page};
use super::{Answer, Api, answer, shapes};
use crate::contract::Page;
use crate::contract::certifications::Certification;
use crate::domain::certification::Standing;
use crate::domain::person::PersonId;
use crate::domain::role::TeamName;
use crate::domain::text::clean;
use crate::service::certifications::outcome::ReviewChoice;

/// Which of them, and which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ReviewQuery {
    /// Those that stand so: `suspended`, `late`, `due`, `certified`, `stopped`; all, if absent.
    #[serde(default)]
    #[param(
        value_type = Option<String>,
        pattern = "^(suspended|late|due|certified|stopped)$",
        example = "late"
    )]
    standing: Option<Standing>,
    /// Those of this team.
    #[serde(default)]
    #[param(example = "support")]
    team: Option<String>,
    /// What the page before gave as `next`.
    #[serde(default)]
    after: Option<String>,
    /// How many a page has.
    #[serde(default, deserialize_with = "super::take::limit")]
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Where each agent at work or suspended stands with its review, by name. Security alone sees it.
#[utoipa::path(
    get,
    path = "/api/v1/certifications",
    operation_id = "listCertifications",
    tag = "certifications",
    params(ReviewQuery),
    responses((status = 200, description = "A page of the reviews", body = Page<Certification>))
)]
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    member: Member,
    Query(query): Query<ReviewQuery>,
) -> Answer {
    let limit = page(query.limit)?;
    let after = query.after.as_deref().map(|text| clean(text, 80)).unwrap_or_default();
    let team = query.team.as_deref().map(|text| TeamName::new(clean(text, 80)));
    let choice = ReviewChoice { standing: query.standing, team };
    let part = match api.service.campaign_page(&member.person, &choice, &after, limit).await? {
        Ok(part) => part,
        Err(refusal) => return Err(no(&api, &refusal).await),
    };
    let mut people: Vec<&PersonId> = Vec::new();
    for line in &part.items {
        people.push(&line.agent.owner);
        people.extend(line.certified.as_ref().map(|(_, by)| by));
    }
    let named = api.names.of(people).await;
    let next = part.items.last().filter(|_| part.more).map(|line| line.agent.slug.to_string());
    let items = part.items.iter().map(|line| Certification {
        agent: line.agent.slug.clone(),
        team: line.agent.team.to_string(),
        tier: line.agent.tier.number(),
        owner: shapes::person(&line.agent.owner, &named),
        standing: line.standing.word().to_owned(),
        due: line.due,
        suspends_at: line.suspends_at,
        certified_at: line.certified.as_ref().map(|(at, _)| *at),
        certified_by: line.certified.as_ref().map(|(_, by)| shapes::person(by, &named)),
    });
    let page = Page { items: items.collect::<Vec<_>>(), total: part.total, next };
    Ok(answer(StatusCode::OK, &page))
}

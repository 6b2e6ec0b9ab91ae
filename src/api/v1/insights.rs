//! Numbers that show whether this works.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::admit::Member;
use super::take::NoQuery;
use super::{Answer, Api, answer};
use crate::contract::insights as told;
use crate::domain::insights::{DAYS, Insights, Outcomes, Took, Waiting};

/// The numbers of the last days: how long people take, what became of what was asked, what lies about
/// unused, unowned or uncertified. For every member; they are about no person.
#[utoipa::path(
    get,
    path = "/api/v1/insights",
    operation_id = "insights",
    tag = "insights",
    responses((status = 200, description = "The numbers", body = told::Insights))
)]
pub(super) async fn insights(State(api): State<Arc<Api>>, _: Member, _: NoQuery) -> Answer {
    Ok(answer(StatusCode::OK, &tell(&api.service.insights().await?)))
}

fn tell(insights: &Insights) -> told::Insights {
    let tiers = insights.tiers.iter().map(|of| told::TierNumbers {
        tier: of.tier.number(),
        promise: of.promise.into(),
        took: took(&of.took),
        took_before: took(&of.took_before),
        waiting: waiting(&of.waiting),
    });
    let roles = insights.roles.iter().map(|of| told::RoleNumbers {
        role: of.role.to_string(),
        took: took(&of.took),
        waiting: waiting(&of.waiting),
    });
    let weeks = insights.weeks.iter().map(|week| told::Week {
        from: week.window.from,
        to: week.window.to,
        ended: outcomes(&week.ended),
    });
    let (agents, grants) = (insights.agents, insights.grants);
    told::Insights {
        at: insights.now,
        days: DAYS,
        tiers: tiers.collect(),
        roles: roles.collect(),
        ended: outcomes(&insights.ended),
        ended_before: outcomes(&insights.ended_before),
        appeals: told::Appeals {
            ended: insights.appeals.ended,
            overturned: insights.appeals.overturned,
        },
        weeks: weeks.collect(),
        agents: told::Agents {
            active: agents.active,
            certified: agents.certified,
            ownerless: agents.ownerless,
        },
        grants: told::Grants {
            live: grants.live,
            ended: grants.unused.map(|unused| unused.among),
            unused: grants.unused.map(|unused| unused.of),
        },
    }
}

fn took(took: &Took) -> told::Took {
    told::Took {
        samples: took.samples,
        p50: took.half.map(Into::into),
        p95: took.most.map(Into::into),
    }
}

const fn waiting(waiting: &Waiting) -> told::Waiting {
    told::Waiting { count: waiting.count, since: waiting.since }
}

const fn outcomes(ended: &Outcomes) -> told::Outcomes {
    told::Outcomes {
        approved_by_people: ended.by_people,
        approved_by_rule: ended.by_rule,
        denied: ended.denied,
        expired: ended.expired,
        cancelled: ended.taken_back,
    }
}

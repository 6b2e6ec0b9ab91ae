//! `/agent roles`.

use chrono::TimeDelta;

use super::catalogue::Catalogue;
use super::sample::*;
use crate::domain::role::{RoleName, TeamName};
use crate::domain::time::Span;
use crate::service::identity_provider::roles::{
    ClaimedGroup, PushedGroup, RoleStand, Roles, Source,
};
use crate::slack::views::roles;

fn slack(id: &str, known: Option<(usize, i64)>) -> Source {
    let known = known.map(|(n, age)| (n, TimeDelta::seconds(age)));
    Source::UserGroup { id: id.to_owned(), known }
}

fn stand(role: &str, team: Option<&str>, sources: Vec<Source>, held: (usize, usize)) -> RoleStand {
    RoleStand {
        role: RoleName::new(role),
        team: team.map(TeamName::new),
        sources,
        members: held.0,
        more: held.1,
    }
}

/// Roles of every source and every age, with these words as the names of groups.
pub fn roles_held(said: &Said, all: &mut Catalogue) {
    let name = said.short.clone();
    let pushed = |people, unmatched: usize| PushedGroup {
        people,
        unmatched: vec!["someone@acme.example".to_owned(); unmatched],
        changed_at: now() - TimeDelta::days(2),
    };
    let claimed = |people, stale, newest: Option<i64>| ClaimedGroup {
        people,
        stale,
        newest: newest.map(|ago| now() - TimeDelta::minutes(ago)),
    };
    let idp = |pushed, claimed| Source::IdpGroup { name: name.clone(), pushed, claimed };
    let fine = vec![
        stand("security", None, vec![slack("S0SECURITY", Some((2, 10)))], (2, 0)),
        stand("vp", None, vec![Source::People(1)], (1, 0)),
        stand("pci-approvers", None, vec![idp(Some(pushed(3, 0)), None)], (3, 0)),
        stand("team-lead", Some("support"), vec![slack("S0LEADS", Some((40, 0)))], (25, 15)),
    ];
    let mixed = vec![
        slack("S0COMPLIANCE", Some((1, 3))),
        idp(Some(pushed(1, 2)), Some(claimed(1, 4, Some(90)))),
        Source::People(2),
    ];
    let wrong = vec![
        stand("compliance", None, mixed, (4, 0)),
        stand("security", None, vec![slack("S0SECURITY", None)], (0, 0)),
        stand("vp", None, vec![idp(None, None)], (0, 0)),
        stand("legal", None, vec![idp(Some(pushed(0, 1)), None)], (0, 0)),
        stand("board", None, vec![idp(None, Some(claimed(0, 1, Some(3_000))))], (0, 0)),
        stand("team-lead", Some("data"), vec![idp(None, Some(claimed(0, 0, None)))], (0, 0)),
    ];
    for (title, held) in [("all_well", fine), ("some_empty", wrong)] {
        let of = Roles { roles: held, stale_after: Span::hours(24), now: now() };
        all.push((format!("roles_{title}"), roles(&of).into()));
    }
}

//! The views around what was opened at once, and around incidents.

use ulid::Ulid;

use super::catalogue::{Catalogue, Shown, choices};
use super::sample::*;
use crate::domain::activity::{Accessed, Activity, Deed, Outcome};
use crate::domain::agent::{Agent, AgentState};
use crate::domain::delivery::Face;
use crate::domain::emergency::NotThen;
use crate::domain::evaluation::{Claims, Decision, Denial, Name, Record};
use crate::domain::event::{Actor, Body, TextHash, What};
use crate::domain::grant::Grant;
use crate::domain::ids::{ActivityId, EvaluationId, IncidentId};
use crate::domain::incident::{CutOff, Incident, IncidentState};
use crate::domain::request::{ApprovedBy, Ask, Request, RequestState};
use crate::domain::tier::Tier;
use crate::domain::time::Span;
use crate::service::emergency::{Broken, GlassChoices, NoEmergency};
use crate::service::incidents::{
    Deeds, Entry, Happened, IncidentOf, Incidental, Known, NoIncident, Seen, Timeline,
};
use crate::service::input::GrantForm;
use crate::service::messenger::Content;
use crate::service::outcome::{GrantOf, Refusal, RequestOf, VoteReply};
use crate::slack::views::{
    self, card, details, emergency, forms, incidents, lists, new_card, notice, page::Page, vote,
};

fn opened(said: &Said) -> Request {
    let ask = Ask::Emergency {
        access: said.access(),
        lasting: Span::minutes(15),
        because: said.because.clone(),
    };
    Request {
        reference: reference("E-1050"),
        id: request_id(1050),
        ask,
        needs: vec![],
        votes: vec![],
        findings: vec![],
        asked_by: person("U0MINA"),
        asked_at: at(540),
        decide_by: at(540 + 900),
        state: RequestState::Approved { at: at(540), by: ApprovedBy::Emergency },
        ..said.grant_request()
    }
}

fn grant(said: &Said) -> Grant {
    Grant {
        reference: reference("E-1050"),
        request: request_id(1050),
        expires_at: at(540 + 900),
        ..said.grant()
    }
}

fn review(said: &Said) -> Request {
    let ask = Ask::Review {
        of: request_id(1050),
        emergency: reference("E-1050"),
        grant: grant_id(1),
        access: said.access(),
        lasting: Span::minutes(15),
        because: said.because.clone(),
    };
    Request {
        reference: reference("V-1051"),
        id: request_id(1051),
        ask,
        needs: vec![role("security")],
        decide_by: at(540 + 86_400),
        state: RequestState::Open,
        ..opened(said)
    }
}

fn incident(said: &Said, state: IncidentState) -> Incident {
    Incident {
        id: IncidentId::new(Ulid::from_parts(1_800_000_000_000, 1)),
        reference: reference("I-1052"),
        agent: agent_id(1),
        opened_by: sam(),
        opened_at: at(300),
        reason: said.reason.clone(),
        owner: dana(),
        on_call: vec![person("U0VERA"); said.many],
        since: at(300 - 86_400),
        stopped: true,
        cut_off: CutOff::default(),
        state,
    }
}

fn closed(said: &Said) -> IncidentState {
    IncidentState::Closed { at: at(590), by: sam(), note: said.reason.clone() }
}

fn record(said: &Said, answer: Decision) -> Record {
    Record {
        id: EvaluationId::new(Ulid::from_parts(1_800_000_000_000, 1)),
        at: at(200),
        caller: Actor::Service("crm".to_owned()),
        token: None,
        for_whom: None,
        subject: Name { kind: "agent".to_owned(), id: "support-agent-v2".to_owned() },
        agent: Some(agent_id(1)),
        action: said.short.clone(),
        resource: Name { kind: said.short.clone(), id: said.short.clone() },
        context: None,
        tie: None,
        claims: Claims::default(),
        answer,
        policy: "9f2c".to_owned(),
    }
}

fn activity(said: &Said) -> Activity {
    let touched = Accessed { kind: said.short.clone(), id: said.short.clone(), fields: vec![] };
    Activity {
        id: ActivityId::new(Ulid::from_parts(1_800_000_000_000, 1)),
        at: at(210),
        told_by: Actor::Agent(agent_id(1)),
        agent: agent_id(1),
        evaluation: None,
        grant: None,
        occurred_at: at(210),
        deed: Deed {
            task: Some(said.short.clone()),
            decision_rationale: Some(said.because.clone()),
            data_accessed: vec![touched; said.many.max(1)],
            outcome: Some(Outcome::Success),
            ..Deed::default()
        },
    }
}

/// Every view around emergencies and incidents, with these words wherever people's words are.
pub fn emergencies(said: &Said, all: &mut Catalogue) {
    let mut add = |name: &str, shown: Shown| all.push((name.to_owned(), shown));
    let agent = said.agent();
    let (request, grant, review) = (opened(said), grant(said), review(said));
    let content = |request: &Request, grant: &Grant, review: Option<&Request>| Content::Emergency {
        request: request.clone(),
        agent: agent.clone(),
        grant: grant.clone(),
        review: review.cloned(),
    };
    let justified = Request {
        votes: vec![yes(sam(), &["security"], 580)],
        state: RequestState::Approved { at: at(580), by: ApprovedBy::People },
        ..review.clone()
    };
    let not = Request {
        state: RequestState::Denied { at: at(580), by: sam(), reason: said.reason.clone() },
        ..review.clone()
    };
    let overdue = Request { decide_by: at(550), ..review.clone() };
    let revoked = Grant { state: said.revoked().state, ..grant.clone() };
    for (name, grant, review) in [
        ("live", &grant, Some(&review)),
        ("overdue", &grant, Some(&overdue)),
        ("justified", &grant, Some(&justified)),
        ("ended", &revoked, Some(&not)),
    ] {
        let shown = notice(&content(&request, grant, review), now());
        add(&format!("emergency_{name}"), shown.into());
    }
    add("emergency_details", details(&request, &agent, Some("every row"), None, now()).into());
    for (name, review) in
        [("open", &review), ("overdue", &overdue), ("justified", &justified), ("not", &not)]
    {
        let shown = card(Face::Approval, review, &agent, Some("every row"), None, now());
        add(&format!("review_card_{name}"), shown.into());
    }
    add("review_card_new", new_card(Face::Approval, &review, &agent).into());
    add("review_reminder", card(Face::Reminder, &overdue, &agent, None, None, now()).into());
    for (name, review) in [("overdue", &overdue), ("done", &justified)] {
        let content = Content::ReviewOverdue { request: review.clone(), agent: agent.clone() };
        add(&format!("review_{name}"), notice(&content, now()).into());
    }
    for (name, review) in [("justified", &justified), ("not", &not)] {
        let outcome = Content::Outcome {
            request: review.clone(),
            agent: agent.clone(),
            grant: Some(revoked.clone()),
            appeal_until: None,
        };
        add(&format!("review_outcome_{name}"), notice(&outcome, now()).into());
    }
    let yes = VoteReply::Approved { request: justified, agent: agent.clone(), grant: None };
    add("review_reply_justified", vote(&yes, &sam()).into());
    let no = VoteReply::Denied { request: not, agent: agent.clone() };
    add("review_reply_not", vote(&no, &sam()).into());
    let of = RequestOf { request: overdue, agent: agent.clone() };
    let rows = Page::message()
        .entries(std::slice::from_ref(&of), 1, 1, |page, of| {
            lists::waiting_row(page, of, &sam(), now())
        })
        .into_message();
    add("review_row_waiting", rows.into());
    let rows = Page::message()
        .entries(&[of], 1, 1, |page, of| lists::request_row(page, of, None, now()))
        .into_message();
    add("review_row_own", rows.into());
    let row = GrantOf { grant: grant.clone(), agent: agent.clone() };
    let rows = Page::message()
        .entries(&[row], 1, 1, |page, of| lists::grant_row(page, of, Some(&dana()), now()))
        .into_message();
    add("emergency_row_grant", rows.into());
    let done = Broken::Opened { agent: agent.clone(), request, grant, review: review.clone() };
    add("emergency_reply", emergency::broken(&done).into());
    add("emergency_reply_before", emergency::broken(&Broken::Before).into());
    refusals(said, &agent, review, &mut add);
    glass_forms(said, &agent, &mut add);
    around_incidents(said, &agent, &mut add);
}

fn refusals(said: &Said, agent: &Agent, review: Request, add: &mut impl FnMut(&str, Shown)) {
    let then = |why| NoEmergency::NotThen { agent: agent.clone(), access: said.access(), why };
    let who = vec![role("on-call"), role("team-lead")];
    for (name, why) in [
        ("not_in_policy", NoEmergency::NotInPolicy),
        ("not_entitled", NoEmergency::NotEntitled { who }),
        ("orphaned", then(NotThen::Orphaned)),
        ("tier", then(NotThen::TierTooLow { needs: Tier::External, has: Tier::Internal })),
        ("too_long", then(NotThen::TooLong { asked: Span::hours(2), longest: Span::hours(1) })),
        ("thin", then(NotThen::ThinReason)),
        ("review_due", NoEmergency::ReviewDue(review)),
        ("nobody_reviews", NoEmergency::NobodyReviews { roles: vec![role("security")] }),
        ("owed", NoEmergency::Owed),
    ] {
        let shown = views::refusal(&Refusal::Emergency(why));
        add(&format!("emergency_refused_{name}"), shown.into());
    }
    let open = incident(said, IncidentState::Open);
    for (name, why) in [
        ("may_not_open", NoIncident::MayNotOpen { agent: agent.slug.clone(), owner: dana() }),
        ("may_not_close", NoIncident::MayNotClose { reference: open.reference }),
        ("already_open", NoIncident::AlreadyOpen(open)),
        ("closed", NoIncident::Closed(incident(said, closed(said)))),
        ("unknown", NoIncident::Unknown),
    ] {
        let shown = views::refusal(&Refusal::Incident(why));
        add(&format!("incident_refused_{name}"), shown.into());
    }
}

fn glass_forms(said: &Said, agent: &Agent, add: &mut impl FnMut(&str, Shown)) {
    let choices = GlassChoices {
        accesses: choices(said).accesses,
        usual: Span::minutes(15),
        longest: Span::hours(1),
        review_by: vec![role("security")],
        review_within: Span::days(1),
    };
    let draft = GrantForm {
        agent: said.short.clone(),
        access: "database:read".into(),
        lasting: "10m".into(),
        because: said.because.clone(),
    };
    add("form_break_glass", forms::break_glass(&draft, &choices).into());
    let empty = GrantForm::default();
    add("form_break_glass_empty", forms::break_glass(&empty, &choices).into());
    add("form_not_justified", forms::deny(&review(said), agent).into());
    add("form_incident", forms::incident(agent).into());
    add("form_incident_stopped", forms::incident(&said.suspended()).into());
    let open = incident(said, IncidentState::Open);
    add("form_close_incident", forms::close_incident(&open, agent).into());
}

fn around_incidents(said: &Said, agent: &Agent, add: &mut impl FnMut(&str, Shown)) {
    let stopped = said.suspended();
    let open = incident(said, IncidentState::Open);
    let nobody = Incident { on_call: vec![], ..open.clone() };
    let over = incident(said, closed(said));
    for (name, incident) in [("open", &open), ("nobody_on_call", &nobody), ("closed", &over)] {
        let content = Content::Incident { incident: incident.clone(), agent: stopped.clone() };
        add(&format!("incident_{name}"), notice(&content, now()).into());
    }
    let denied = record(said, Decision::Deny { denial: Denial::NoGrant });
    let deeds = Deeds {
        allowed: 12,
        denied: 3,
        refusals: vec![denied.clone(); said.many.min(6)],
        activities: 7,
        last: vec![activity(said); said.many.min(6)],
        complete: said.many < 2,
    };
    let allowed = said.approved(said.grant_request());
    let at_once = (grant(said), Some(opened(said)));
    let seen = Seen { model: said.short.clone(), last: at(200), times: 3 };
    for (name, known) in [
        ("deeds", Known::Deeds(deeds)),
        ("no_deeds", Known::Deeds(Deeds { complete: true, ..Deeds::default() })),
        (
            "grants",
            Known::Grants(
                std::iter::once(at_once)
                    .chain(vec![(said.grant(), Some(allowed)); said.many])
                    .chain([(said.grant(), None)])
                    .collect(),
            ),
        ),
        ("no_grants", Known::Grants(vec![])),
        ("models", Known::Models { registered: said.short.clone(), seen: vec![seen; said.many] }),
        (
            "cut_off",
            Known::CutOff {
                credentials: vec![said.credential(); said.many],
                tokens: 2,
                requests: vec![said.grant_request(); said.many],
            },
        ),
    ] {
        let (incident, agent) = (open.clone(), stopped.clone());
        let content = Content::IncidentFacts { incident, agent, known };
        add(&format!("incident_facts_{name}"), notice(&content, now()).into());
    }
    let (incident, known) = (over.clone(), Known::Closing);
    let content = Content::IncidentFacts { incident, agent: stopped.clone(), known };
    add("incident_facts_closing", notice(&content, now()).into());
    let of =
        |incident: &Incident| IncidentOf { incident: incident.clone(), agent: stopped.clone() };
    let several = vec![of(&open); said.many.clamp(1, 20)];
    let several: Vec<IncidentOf> = several
        .into_iter()
        .zip(0_u128..)
        .map(|(of, n)| IncidentOf {
            incident: Incident {
                id: IncidentId::new(Ulid::from_parts(1_800_000_000_000, 1 + n)),
                ..of.incident
            },
            ..of
        })
        .collect();
    add("incidents", incidents::list(&several, now()).into());
    add("incidents_none", incidents::list(&[], now()).into());
    add("incident_reply_opened", incidents::done(&Incidental::Opened(of(&open))).into());
    add("incident_reply_closed", incidents::done(&Incidental::Closed(of(&over))).into());
    let log = |what| Happened::Log { line: 7, body: Body { actor: Actor::Person(sam()), what } };
    let stop = What::AgentSuspended { agent: agent.id, reason: TextHash::of("x") };
    let entry = |what| Entry { at: at(300), what };
    let entries = [
        entry(Happened::Evaluation { evaluation: denied }),
        entry(Happened::Activity { activity: activity(said) }),
        entry(log(stop)),
    ];
    let told = Timeline {
        incident: open,
        agent: agent.clone(),
        grants: vec![],
        entries: entries.into_iter().cycle().take(3 * said.many).collect(),
        complete: said.many < 2,
    };
    add("incident_timeline", incidents::timeline(&told, now()).into());
    // An agent that is at work again, while people still look into it.
    let at_work = Agent { state: said.agent().state, ..stopped };
    assert!(matches!(at_work.state, AgentState::Active { .. }));
    let content = Content::Incident { incident: nobody, agent: at_work };
    add("incident_at_work_again", notice(&content, now()).into());
}

//! Random people do random things, permitted and forbidden, while the clock moves by leaps: every
//! answer, every grant at every moment and the whole log agree with a small model of the promises.

mod model;

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use countersign::domain::event::{Actor, Body, What};
use countersign::domain::ids::{GrantId, RequestId};
use countersign::domain::person::PersonId;
use countersign::domain::request::NotCounted;
use countersign::domain::role::TeamName;
use countersign::domain::tier::Answers;
use countersign::domain::vote::Choice;
use countersign::service::Service;
use countersign::service::input::{
    DelegationForm, ExtensionForm, GrantForm, OnceKey, RegistrationForm,
};
use countersign::service::outcome::{
    Asked, Cancelled, Delegated, Ended, Registered, Stopped, VoteReply,
};
use countersign::store::Engine;

use crate::support::Office;
use model::{ACCESSES, Asks, Lets, Model, Stands, Worker, longest};

/// Everybody, of every sort.
const PEOPLE: [&str; 13] = [
    "U0DANA", "U0THEO", "U0TINA", "U0SAM", "U0SARA", "U0CLEO", "U0VERA", "U0OMAR", "U0GUS",
    "U0GINA", "U0DORA", "U0OSCAR", "U0ROBO",
];
const MEMBERS: usize = 8;
const AGENTS: [&str; 3] = ["agent-one", "agent-two", "agent-three"];
const STEPS: usize = 110;

fn person(user: &str) -> PersonId {
    PersonId::new(if user == "U0OSCAR" { "T0OTHER" } else { "T0ACME" }, user)
}

/// A die that falls the same way every time (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % n as u64) as usize
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// One of those, mostly; now and then anybody.
    fn who(&mut self, likely: &[String]) -> String {
        if likely.is_empty() || self.below(4) == 0 {
            self.of(&PEOPLE).to_owned()
        } else {
            self.of(likely)
        }
    }
}

struct Case<'a> {
    office: &'a Office,
    service: Service,
    dice: Dice,
    model: Model,
    names: BTreeMap<RequestId, BTreeSet<String>>,
    clicks: u64,
}

impl Case<'_> {
    fn once(&mut self) -> Option<OnceKey> {
        self.clicks += 1;
        Some(OnceKey(format!("step-{}", self.clicks)))
    }

    fn a_request(&mut self) -> Option<RequestId> {
        let open = |only: bool| {
            let all = self.model.questions.iter();
            all.filter(|(_, q)| !only || q.state == "open").map(|(id, _)| *id).collect::<Vec<_>>()
        };
        let (open, all) = (open(true), open(false));
        match (open.is_empty(), all.is_empty()) {
            (_, true) => None,
            (false, _) if self.dice.below(5) > 0 => Some(self.dice.of(&open)),
            _ => Some(self.dice.of(&all)),
        }
    }

    fn a_grant(&mut self) -> Option<GrantId> {
        let all: Vec<GrantId> = self.model.grants.keys().copied().collect();
        (!all.is_empty()).then(|| self.dice.of(&all))
    }

    fn owner_of(&self, agent: &str) -> Vec<String> {
        self.model.agents.get(agent).map(|agent| agent.owner.clone()).into_iter().collect()
    }

    async fn step(&mut self) {
        let now = self.office.now();
        self.model.at(now);
        match self.dice.below(22) {
            0 | 1 => self.register().await,
            2..=8 => self.vote().await,
            9 => self.accept().await,
            10 => self.cancel().await,
            11..=13 => self.ask().await,
            14 => self.extend().await,
            15 => self.revoke_or_release().await,
            16 => self.stop_or_reinstate().await,
            17 | 18 => self.delegate().await,
            _ => self.time_passes().await,
        }
    }

    async fn time_passes(&mut self) {
        let minutes = self.dice.of(&[1, 7, 20, 60, 150, 300]);
        self.office.clock.advance(TimeDelta::minutes(minutes));
        // Every second time the workers are behind.
        if self.dice.below(2) == 0 {
            self.office.settled().await;
        }
    }

    async fn register(&mut self) {
        // Whether an expired registration has freed its name depends on the workers.
        self.office.settled().await;
        let now = self.office.now();
        let (by, agent) = (self.dice.of(&PEOPLE[..MEMBERS + 1]), self.dice.of(&AGENTS));
        let owner = if self.dice.below(3) == 0 { self.dice.of(&PEOPLE) } else { by };
        let tier = 1 + self.dice.below(3) as u8;
        let answers = Answers { writes: tier == 2, money: tier == 3, ..Answers::default() };
        let form = RegistrationForm {
            credential: None,
            name: agent.to_owned(),
            purpose: "answers".to_owned(),
            systems: "tickets".to_owned(),
            runs_on: "kubernetes".to_owned(),
            model: "a model".to_owned(),
            answers,
            team: TeamName::new("support").to_string(),
            owner: Some(person(owner)),
        };
        let once = self.once();
        let said = self.service.register(&person(by), form, once).await.expect("an answer");
        let is_member = |who: &str| self.model.members.contains(who);
        let free = self.model.agents.get(agent).is_none_or(|a| a.stands == Stands::Rejected);
        let expected = if !is_member(by) {
            "refused"
        } else if !free || !is_member(owner) {
            "invalid"
        } else if !self.model.can_be_decided(tier, [by, owner]) {
            "refused"
        } else {
            "opened"
        };
        let got = match &said {
            Registered::Opened { .. } => "opened",
            Registered::Refused(_) => "refused",
            Registered::Invalid(_) | Registered::InvalidCredential(_) => "invalid",
            Registered::Approved { .. } | Registered::Before => "something else",
        };
        assert_eq!(got, expected, "{by} registers {agent} of {owner}, tier {tier}: {said:?}");
        if let Registered::Opened { request, .. } = said {
            let worker = Worker {
                owner: owner.to_owned(),
                tier,
                stands: Stands::Pending,
                denied: BTreeSet::new(),
            };
            // A name that was free again names another agent: what was the first one's is past.
            self.model.agents.insert(agent.to_owned(), worker);
            self.model.put(request.id, by, agent, Asks::Registration, tier, now);
        }
    }

    async fn vote(&mut self) {
        let Some(id) = self.a_request() else { return };
        let likely: Vec<String> = PEOPLE[1..MEMBERS].iter().map(|w| (*w).to_owned()).collect();
        let (who, now) = (self.dice.who(&likely), self.office.now());
        let yes = self.dice.below(8) > 0;
        let choice =
            if yes { Choice::Approve } else { Choice::Deny { reason: "not so".to_owned() } };
        let once = self.once();
        let by = person(&who);
        let said = self.service.vote(&by, id, choice.clone(), once.clone()).await;
        let said = said.expect("an answer");
        let voters = self.names.get(&id).cloned().unwrap_or_default();
        let stale = self.stale_registration(id);
        let expected = if stale { "ended" } else { self.model.vote(&who, id, yes, &voters, now) };
        let got = word(&said);
        assert_eq!(got, expected, "{who} says {yes} to {:?}: {said:?}", self.model.questions[&id]);
        if matches!(got, "counted" | "approved" | "denied") {
            self.names.entry(id).or_default().insert(who);
            // Promise 8: the same click again changes nothing.
            let again = self.service.vote(&by, id, choice, once).await.expect("an answer");
            assert!(matches!(again, VoteReply::Before) || word(&again) == "ended", "{again:?}");
        }
        if let VoteReply::Approved { grant: Some(grant), .. } = said {
            self.model.granted(id, grant.id, now);
        }
    }

    /// Somebody lets another answer, for all roles or for one; another to the same person is in the
    /// place of the one before.
    async fn delegate(&mut self) {
        let (from, to) = (self.dice.of(&PEOPLE), self.dice.of(&PEOPLE));
        let role = self.dice.of(&[None, None, Some("security"), Some("team-lead")]);
        let hours = self.dice.of(&[2, 12, 48]);
        let form = DelegationForm {
            to: Some(person(to)),
            until: format!("{hours}h"),
            roles: role.into_iter().map(str::to_owned).collect(),
        };
        let once = self.once();
        let said = self.service.delegate(&person(from), &form, once).await.expect("an answer");
        let is_member = |who: &str| self.model.members.contains(who);
        let may = is_member(from) && is_member(to) && from != to;
        let done = matches!(said, Delegated::Done { .. });
        assert_eq!(done, may, "{from} lets {to} answer: {said:?}");
        if done {
            self.model.lets.retain(|lets| lets.from != from || lets.to != to);
            let until = self.office.now() + TimeDelta::hours(hours);
            let (from, to) = (from.to_owned(), to.to_owned());
            self.model.lets.push(Lets { from, to, role, until });
        }
    }

    /// A registration that ended and whose name was given to another agent since: the model keeps
    /// agents by name, so nothing more can be said of it than that it has ended.
    fn stale_registration(&self, id: RequestId) -> bool {
        self.model.questions[&id].state != "open"
    }

    async fn accept(&mut self) {
        let Some(id) = self.a_request() else { return };
        let agent = self.model.questions[&id].agent.clone();
        let likely = self.owner_of(&agent);
        let who = self.dice.who(&likely);
        let once = self.once();
        let said = self.service.accept_ownership(&person(&who), id, once).await;
        let said = said.expect("an answer");
        let expected = self.model.accept(&who, id);
        assert_eq!(word(&said), expected, "{who} accepts {:?}", self.model.questions[&id]);
    }

    async fn cancel(&mut self) {
        let Some(id) = self.a_request() else { return };
        if self.stale_registration(id) {
            return;
        }
        let likely = vec![self.model.questions[&id].asked_by.clone()];
        let who = self.dice.who(&likely);
        let once = self.once();
        let said = self.service.cancel(&person(&who), id, once).await.expect("an answer");
        let done = self.model.cancel(&who, id);
        assert_eq!(matches!(said, Cancelled::Done { .. }), done, "{who} cancels {id}: {said:?}");
    }

    async fn ask(&mut self) {
        let (agent, now) = (self.dice.of(&AGENTS), self.office.now());
        let likely = self.owner_of(agent);
        let who = self.dice.who(&likely);
        let (access, needed, by_itself) = self.dice.of(&ACCESSES);
        let minutes = self.dice.of(&[10, 60, 61, 240, 480, 481]);
        let lasting = minutes * 60;
        let form = GrantForm {
            agent: agent.to_owned(),
            access: access.to_owned(),
            lasting: format!("{minutes}m"),
            because: "customer support".to_owned(),
        };
        let once = self.once();
        let said = self.service.ask_grant(&person(&who), &form, once).await.expect("an answer");
        let mut tier = needed;
        let expected = match self.model.agents.get(agent) {
            Some(a) if a.owner == who && a.stands == Stands::Active => {
                tier = needed.max(a.tier);
                let has = self.model.grants.values().any(|h| {
                    h.agent == agent
                        && h.access == access
                        && h.is_live(now)
                        && (h.until - now).num_seconds() >= lasting * 19 / 20
                });
                let ordinary = !a.denied.contains(access) && needed <= a.tier;
                let rule = ordinary
                    && by_itself.is_some_and(|(up_to, most)| lasting <= up_to && tier <= most);
                let open = self.model.questions.values().any(|q| {
                    q.agent == agent
                        && q.state == "open"
                        && matches!(&q.asks, Asks::Grant { access: a, .. } if a == access)
                });
                let nobody = !rule && !self.model.can_be_decided(tier, [&who, &a.owner]);
                if lasting > longest(tier) || has || nobody || open {
                    "refused"
                } else if rule {
                    "approved"
                } else {
                    "opened"
                }
            }
            _ => "refused",
        };
        let got = asked(&said);
        assert_eq!(got, expected, "{who} asks {access} for {agent} for {minutes}m: {said:?}");
        let asks = Asks::Grant { access: access.to_owned(), lasting };
        match said {
            Asked::Opened { request, .. } => {
                self.model.put(request.id, &who, agent, asks, tier, now);
            }
            Asked::Approved { request, grant, .. } => {
                self.model.put(request.id, &who, agent, asks, tier, now);
                let question = self.model.questions.get_mut(&request.id).expect("put");
                question.state = "approved";
                self.model.granted(request.id, grant.expect("a grant").id, now);
            }
            Asked::Refused(_) | Asked::Before => {}
        }
    }

    async fn extend(&mut self) {
        let (Some(grant), now) = (self.a_grant(), self.office.now()) else { return };
        let held = self.model.grants[&grant].clone();
        let likely = self.owner_of(&held.agent);
        let who = self.dice.who(&likely);
        let minutes = self.dice.of(&[30, 240, 480]);
        let form = ExtensionForm {
            grant: self.reference(grant).await,
            by: format!("{minutes}m"),
            because: "still at it".to_owned(),
        };
        let once = self.once();
        let said = self.service.ask_extension(&person(&who), &form, once).await;
        let said = said.expect("an answer");
        let agent = &self.model.agents[&held.agent];
        let needed = ACCESSES.iter().find(|(a, ..)| *a == held.access).expect("known").1;
        let tier = agent.tier.max(needed);
        let total = (held.until - held.from).num_seconds() + minutes * 60;
        let open = self.model.questions.values().any(|q| {
            q.state == "open" && matches!(&q.asks, Asks::Extension { grant: g, .. } if *g == grant)
        });
        let opens = agent.owner == who
            && agent.stands == Stands::Active
            && held.is_live(now)
            && minutes * 60 <= longest(tier)
            && total <= 3 * longest(tier)
            && self.model.can_be_decided(tier, [&who, &agent.owner])
            && !open;
        let expected = if opens { "opened" } else { "refused" };
        assert_eq!(asked(&said), expected, "{who} extends {held:?} by {minutes}m: {said:?}");
        if let Asked::Opened { request, .. } = said {
            let asks = Asks::Extension { grant, access: held.access, by: minutes * 60 };
            self.model.put(request.id, &who, &held.agent, asks, tier, now);
        }
    }

    async fn reference(&self, grant: GrantId) -> String {
        let found = self.service.grant_and_agent(grant).await.expect("a read");
        found.expect("the grant").0.reference.to_string()
    }

    async fn revoke_or_release(&mut self) {
        let (Some(grant), now) = (self.a_grant(), self.office.now()) else { return };
        let held = self.model.grants[&grant].clone();
        let reference = self.reference(grant).await;
        let (likely, once) = (self.owner_of(&held.agent), self.once());
        let who = self.dice.who(&likely);
        let release = self.dice.below(2) == 0;
        let said = if release {
            self.service.release(&person(&who), &reference, once).await
        } else {
            self.service.revoke(&person(&who), &reference, "enough", once).await
        };
        let said = said.expect("an answer");
        let may = if release { likely.contains(&who) } else { self.model.may_revoke(&who, grant) };
        let done = may && held.is_live(now);
        assert_eq!(matches!(said, Ended::Done { .. }), done, "{who} ends {held:?}: {said:?}");
        if done && let Some(held) = self.model.grants.get_mut(&grant) {
            held.state = if release { "released" } else { "revoked" };
        }
    }

    async fn stop_or_reinstate(&mut self) {
        let (agent, now) = (self.dice.of(&AGENTS), self.office.now());
        let likely = self.owner_of(agent);
        let who = self.dice.who(&likely);
        let Some(known) = self.model.agents.get(agent).cloned() else { return };
        let once = self.once();
        if known.stands == Stands::Suspended {
            let said = self.service.ask_reinstatement(&person(&who), agent, "mended", once).await;
            let said = said.expect("an answer");
            let open = self.model.questions.values().any(|q| {
                q.agent == agent && q.state == "open" && matches!(q.asks, Asks::Reinstatement)
            });
            let opens = known.owner == who
                && self.model.can_be_decided(known.tier, [&who, &known.owner])
                && !open;
            let expected = if opens { "opened" } else { "refused" };
            assert_eq!(asked(&said), expected, "{who} reinstates {agent}: {said:?}");
            if let Asked::Opened { request, .. } = said {
                let asks = Asks::Reinstatement;
                self.model.put(request.id, &who, agent, asks, known.tier, now);
            }
            return;
        }
        let said = self.service.stop(&person(&who), agent, "it loops", once).await;
        let said = said.expect("an answer");
        let security = self.model.roles["security"].contains(&who);
        let may = self.model.members.contains(&who) && (known.owner == who || security);
        let done = may && known.stands == Stands::Active;
        assert_eq!(matches!(said, Stopped::Done { .. }), done, "{who} stops {agent}: {said:?}");
        if done {
            self.model.stop(agent, now);
        }
    }

    /// Promises 1, 6 and 7, at this very moment, whether or not the workers have noticed it.
    async fn grants_agree(&self) {
        let (store, now) = (self.office.store().await, self.office.now());
        let mut session = store.read().await.expect("a session");
        for name in self.model.agents.keys() {
            let Some(agent) = session.agent_by_slug(name).await.expect("a read") else { continue };
            for (access, ..) in ACCESSES {
                let asked = access.parse().expect("an access");
                let live = session.live_grant_for(agent.id, &asked, now).await.expect("a read");
                let expected = self.model.may(name, access, now);
                assert_eq!(live.is_some(), expected, "{name} {access} at {now}");
            }
        }
    }

    /// The record tells the same story: promises 2, 3, 5, 8 and 10.
    async fn log_agrees(&mut self) {
        self.model.at(self.office.now());
        let log = self.office.log().await;
        let count = |kind: &dyn Fn(&What) -> bool| log.iter().filter(|b| kind(&b.what)).count();
        let ended = |word: &str| self.model.questions.values().filter(|q| q.state == word).count();
        let held = |word: &str| self.model.grants.values().filter(|h| h.state == word).count();
        assert_eq!(count(&|w| matches!(w, What::RequestOpened { .. })), self.model.questions.len());
        assert_eq!(count(&|w| matches!(w, What::VoteCast { .. })), self.model.votes);
        assert_eq!(count(&|w| matches!(w, What::RequestApproved { .. })), ended("approved"));
        assert_eq!(count(&|w| matches!(w, What::RequestDenied { .. })), ended("denied"));
        assert_eq!(count(&|w| matches!(w, What::RequestCancelled { .. })), ended("cancelled"));
        assert_eq!(count(&|w| matches!(w, What::RequestExpired { .. })), ended("expired"));
        assert_eq!(count(&|w| matches!(w, What::GrantStarted { .. })), self.model.grants.len());
        assert_eq!(count(&|w| matches!(w, What::GrantExpired { .. })), held("expired"));
        assert_eq!(count(&|w| matches!(w, What::GrantRevoked { .. })), held("revoked"));
        assert_eq!(count(&|w| matches!(w, What::GrantReleased { .. })), held("released"));
        for Body { actor, what } in &log {
            match what {
                What::RequestApproved { request, rule: None, people } => {
                    let question = &self.model.questions[request];
                    let distinct: BTreeSet<&PersonId> = people.iter().collect();
                    assert_eq!(distinct.len(), question.needs.len(), "{question:?}");
                    assert!(!distinct.contains(&person(&question.asked_by)), "{question:?}");
                    for who in distinct {
                        assert!(self.model.members.contains(&who.user), "{who} of {question:?}");
                    }
                }
                What::VoteCast { request, .. } => {
                    let Actor::Person(by) = actor else { panic!("nobody voted: {what:?}") };
                    assert!(self.names[request].contains(&by.user), "{by} did not click");
                }
                _ => {}
            }
        }
        let store = self.office.store().await;
        let mut session = store.read().await.expect("a session");
        for (id, question) in &self.model.questions {
            let kept = session.request(*id).await.expect("a read").expect("the request");
            assert_eq!(kept.state.word(), question.state, "{}: {question:?}", kept.reference);
        }
        for (id, held) in &self.model.grants {
            let kept = session.grant(*id).await.expect("a read").expect("the grant");
            assert_eq!(kept.state.word(), held.state, "{}: {held:?}", kept.reference);
            assert_eq!(kept.expires_at, held.until);
        }
    }
}

fn word(reply: &VoteReply) -> &'static str {
    match reply {
        VoteReply::Counted { .. } => "counted",
        VoteReply::Approved { .. } => "approved",
        VoteReply::Denied { .. } => "denied",
        VoteReply::CameToNothing { .. } => "came to nothing",
        VoteReply::Unknown => "unknown",
        VoteReply::Before => "before",
        VoteReply::NotCounted { why, .. } => match why {
            NotCounted::Ended(_) => "ended",
            NotCounted::OwnRequest => "own request",
            NotCounted::OwnAgent => "own agent",
            NotCounted::Ownerless => "ownerless",
            NotCounted::Standing(_) => "standing",
            NotCounted::NotEligible => "not eligible",
            NotCounted::AlreadyVoted { .. } => "already voted",
            NotCounted::AlreadyCovered => "already covered",
            NotCounted::NoReason => "no reason",
            NotCounted::Represented { .. } => "represented",
            NotCounted::StandsInInVain { .. } => "stands in in vain",
            NotCounted::DeniedIt => "denied it",
            NotCounted::GoesToBackup => "goes to backup",
        },
    }
}

fn asked(said: &Asked) -> &'static str {
    match said {
        Asked::Opened { .. } => "opened",
        Asked::Approved { .. } => "approved",
        Asked::Refused(_) => "refused",
        Asked::Before => "before",
    }
}

async fn case(seed: u64) {
    let office = Office::open(Engine::Sqlite).await;
    let mut dice = Dice(seed);
    let members = PEOPLE[..MEMBERS].iter().map(|who| (*who).to_owned()).collect();
    let mut model = Model { members, ..Model::default() };
    model.roles.insert("vp", ["U0VERA".to_owned()].into());
    for (role, group) in [
        ("security", "S0SECURITY"),
        ("compliance", "S0COMPLIANCE"),
        ("team-lead", "S0SUPPORTLEADS"),
    ] {
        // Anybody may be in a group, those who decide nothing too.
        let mut people: BTreeSet<&str> = (0..2 + dice.below(4)).map(|_| dice.of(&PEOPLE)).collect();
        people.insert(dice.of(&PEOPLE[1..MEMBERS]));
        let members: Vec<&str> = people.iter().copied().collect();
        office.workspace().set_group_members(group, &members).expect("a group");
        model.roles.insert(role, people.into_iter().map(str::to_owned).collect());
    }
    let service = office.service().await;
    let names = BTreeMap::new();
    let mut case = Case { office: &office, service, dice, model, names, clicks: 0 };
    for _ in 0..STEPS {
        case.step().await;
        case.grants_agree().await;
    }
    office.settled().await;
    case.log_agrees().await;
    // In the end everything has ended, and all that is shown says so.
    office.advance("10d").await;
    case.log_agrees().await;
    assert!(case.model.grants.values().all(|held| held.state != "active"));
    drop(case);
    office.close().await;
}

macro_rules! cases {
    ($($name:ident: $seeds:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            for seed in $seeds {
                println!("the case of seed {seed}");
                case(seed).await;
            }
        }
    )*};
}

cases! {
    whatever_people_do_the_promises_hold_1: 1..=5;
    whatever_people_do_the_promises_hold_2: 6..=10;
    whatever_people_do_the_promises_hold_3: 11..=15;
    whatever_people_do_the_promises_hold_4: 16..=20;
}

//! What must be true at the end of a [`story`](crate::story), whoever died on the way.

use std::collections::{BTreeMap, BTreeSet};

use countersign::domain::request::{Request, RequestState};
use countersign::sandbox::model::Message;
use countersign::store::{Session, Store};
use serde_json::Value;

use crate::server::PATIENCE;
use crate::site::{Site, answerable, session};
use crate::story::{AGENT, Bot, REASON, Story};

/// What became of one thing that was asked.
struct Asked {
    /// What sort of question.
    what: &'static str,
    /// Who voted; nobody, where the policy decides.
    votes: &'static [&'static str],
    /// What every copy of its card says at the end; without words there are no copies.
    shows: Option<&'static str>,
    /// How the grant that it opened has ended.
    grant: Option<&'static str>,
}

const fn asked(
    what: &'static str,
    votes: &'static [&'static str],
    shows: Option<&'static str>,
    grant: Option<&'static str>,
) -> Asked {
    Asked { what, votes, shows, grant }
}

/// Only the first shape of a card says this.
const OF_A_NEW_CARD: &str = "Where it stands: ";
const LEAD: &[&str] = &["U0THEO"];
const BOTH: &[&str] = &["U0SAM", "U0THEO"];
const APPROVED: Option<&str> = Some("Approved by");

const ASKING: &[Asked] = &[
    asked("registration", BOTH, APPROVED, None),
    asked("grant", BOTH, APPROVED, Some("released")),
    asked("grant", LEAD, Some("Denied by"), None),
    asked("grant", &[], None, Some("expired")),
    asked("grant", &[], None, Some("revoked")),
];
const LIVING: &[Asked] = &[
    asked("registration", LEAD, APPROVED, None),
    asked("tier_change", BOTH, APPROVED, None),
    asked("grant", BOTH, APPROVED, Some("expired")),
    asked("extension", BOTH, APPROVED, None),
    asked("grant", &[], Some("Expired unanswered"), None),
    asked("grant", &[], None, Some("revoked")),
    asked("grant", &[], Some("was stopped"), None),
];

impl Story {
    /// What was asked, in order, and what became of it.
    const fn asked(self) -> &'static [Asked] {
        match self {
            Self::Asking => ASKING,
            Self::Living => LIVING,
        }
    }

    /// What is in the log, and how often.
    const fn log(self) -> &'static [(&'static str, usize)] {
        match self {
            Self::Asking => &[
                ("request_opened", 5),
                ("vote_cast", 5),
                ("request_approved", 4),
                ("request_denied", 1),
                ("agent_activated", 1),
                ("grant_started", 3),
                ("grant_released", 1),
                ("grant_expired", 1),
                ("grant_revoked", 1),
            ],
            Self::Living => &[
                ("request_opened", 7),
                ("vote_cast", 7),
                ("request_approved", 5),
                ("request_expired", 1),
                ("request_cancelled", 1),
                ("agent_activated", 1),
                ("tier_raised", 1),
                ("grant_started", 2),
                ("grant_extended", 1),
                ("grant_expired", 1),
                ("grant_revoked", 1),
                ("agent_suspended", 1),
            ],
        }
    }
}

impl Bot {
    /// Everything is as people were told, once; and stays so on record. How many copies nobody knew
    /// of.
    pub async fn ends_true(&self, story: Story) -> usize {
        let site = &self.site;
        let store = site.store().await;
        let forgotten = self.shown_at_most_twice(&store).await;
        site.everything_is_out(&store).await;
        let mut session = session(&store).await;
        let agent = session.agent_by_slug(AGENT).await.expect("a read").expect("the agent");
        let mut requests = session.requests_of_agent(agent.id, 50).await.expect("a read");
        requests.reverse();
        let seen: Vec<_> = requests.iter().map(|r| (r.ask.word(), &r.state)).collect();
        assert_eq!(seen.len(), story.asked().len(), "{seen:?}\n{}", site.transcript());
        for (request, asked) in requests.iter().zip(story.asked()) {
            is_as_it_was_told(site, &mut session, request, asked).await;
        }
        assert_eq!(site.live_buttons(), [], "{}", site.transcript());
        let lines = session.lines(0, 500).await.expect("the log");
        for (event, times) in story.log() {
            let event = format!("\"{event}\"");
            let found = lines.iter().filter(|line| line.body.contains(&event)).count();
            assert_eq!(found, *times, "{event} in {lines:#?}");
        }
        drop(session);
        store.close().await;
        forgotten
    }

    /// Waits until all is sent. What Slack took while the server died, and what nobody therefore knows
    /// of, is sent once more; without a death nothing is. The copies that nobody knows of let nobody
    /// decide anything. They are deleted, as whoever reads something twice may do, and counted.
    async fn shown_at_most_twice(&self, store: &Store) -> usize {
        let site = &self.site;
        all_is_sent(site, store).await;
        let mut forgotten = unknown_cards(site, store).await;
        forgotten.extend(doubled_notices(site));
        assert!(self.died() || forgotten.is_empty(), "{forgotten:#?}\n{}", site.transcript());
        for (channel, message) in &forgotten {
            assert_eq!(answerable(message).next(), None, "{message:#?}\n{}", site.transcript());
            site.workspace().delete_message(channel, &message.ts).expect("a message");
        }
        forgotten.len()
    }
}

/// Copies of cards that nobody knows of, with their channels: never changed since they were posted.
/// Of each card there is one at most.
async fn unknown_cards(site: &Site, store: &Store) -> Vec<(String, Message)> {
    let mut session = session(store).await;
    let agent = session.agent_by_slug(AGENT).await.expect("a read").expect("the agent");
    let mut known = BTreeMap::new();
    for request in session.requests_of_agent(agent.id, 50).await.expect("a read") {
        for card in session.cards_of(request.id).await.expect("a read") {
            let at = card.message.expect("posted");
            known.entry(at.channel).or_insert_with(BTreeSet::new).insert(at.ts);
        }
    }
    let mut unknown = Vec::new();
    for (channel, known) in known {
        let mut messages = site.workspace().messages(&channel);
        messages.retain(|m| m.is_by_app() && !m.is_ephemeral());
        messages.retain(|m| m.text.contains(OF_A_NEW_CARD) && !known.contains(&m.ts));
        assert!(messages.len() <= known.len(), "{messages:#?}\n{}", site.transcript());
        unknown.extend(messages.into_iter().map(|message| (channel.clone(), message)));
    }
    unknown
}

/// Of what was posted twice word for word, cards apart, the copies that were posted first.
fn doubled_notices(site: &Site) -> Vec<(String, Message)> {
    let mut doubled = Vec::new();
    for ((channel, text, _), times) in posted(site) {
        assert!(times <= 2, "{times} times in {channel}: {text}\n{}", site.transcript());
        if times == 2 && !text.contains(OF_A_NEW_CARD) {
            let channel = match channel.starts_with('U') {
                true => site.workspace().dm_with_bot(&channel),
                false => channel,
            };
            // Whoever knows of a copy may have changed it; of what was known, and sent once more all the
            // same, there is none that nobody knows.
            let mut messages = site.workspace().messages(&channel).into_iter();
            let first = messages.find(|m| m.is_by_app() && m.text == text && m.revision == 0);
            doubled.extend(first.map(|first| (channel, first)));
        }
    }
    doubled
}

/// Waits until nothing is on its way.
async fn all_is_sent(site: &Site, store: &Store) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while session(store).await.waiting_deliveries().await.expect("a count") > 0 {
        let now = tokio::time::Instant::now();
        assert!(now < deadline, "deliveries wait:\n{}", site.transcript());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// What was posted and taken: where, the text, all of it; and how often. Not the answers to what Slack
/// delivered once more, which say so each time.
fn posted(site: &Site) -> BTreeMap<(String, String, String), usize> {
    let mut posted = BTreeMap::new();
    for call in site.workspace().calls() {
        let taken = call.status == 200 && call.error.is_none();
        if call.method == "chat.postMessage" && taken {
            let part = |name: &str| call.args.get(name).and_then(Value::as_str).unwrap_or_default();
            let (channel, text) = (part("channel").to_owned(), part("text").to_owned());
            let whole = Value::Object(call.args.clone()).to_string();
            if !text.contains("received before") {
                *posted.entry((channel, text, whole)).or_default() += 1;
            }
        }
    }
    posted
}

async fn is_as_it_was_told(site: &Site, session: &mut Session, request: &Request, asked: &Asked) {
    let grant = session.grant_of_request(request.id).await.expect("a read");
    let grant = grant.as_ref().map(|grant| grant.state.word());
    let mut votes: Vec<_> = request.votes.iter().map(|vote| vote.by.user.as_str()).collect();
    votes.sort_unstable();
    let found = (request.ask.word(), votes.as_slice(), grant);
    let told = (asked.what, asked.votes, asked.grant);
    assert_eq!(found, told, "{request:?}\n{}", site.transcript());
    assert_ne!(request.state, RequestState::Open, "{}", site.transcript());
    if let RequestState::Denied { reason, .. } = &request.state {
        assert_eq!(reason, REASON);
    }
    let cards = session.cards_of(request.id).await.expect("a read");
    assert_eq!(cards.is_empty(), asked.shows.is_none(), "{request:?}");
    for card in cards {
        let at = card.message.expect("posted");
        let shown = site.workspace().messages(&at.channel);
        let shown = shown.iter().find(|m| m.ts == at.ts).expect("the copy").words();
        let said = asked.shows.is_some_and(|words| shown.contains(words));
        assert!(said, "{shown}\n{}", site.transcript());
    }
}

//! Looking at the record and at all copies of a card.

use countersign::clock::Clock;
use countersign::domain::access::Access;
use countersign::domain::agent::Agent;
use countersign::domain::event::{Body, What};
use countersign::domain::grant::Grant;
use countersign::domain::person::PersonId;
use countersign::domain::request::{Reference, Request};
use countersign::domain::time::Timestamp;
use countersign::sandbox::model::Message;
use countersign::service::Service;
use countersign::service::outcome::VoteReply;

use super::office::{Office, PATIENCE};

impl Office {
    /// The time of the product and the workspace.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The use cases of the running product.
    pub async fn service(&self) -> Service {
        self.running.lock().await.as_ref().expect("running").service().clone()
    }

    /// The request that people call so.
    pub async fn request(&self, reference: &str) -> Request {
        let number = reference.parse::<Reference>().expect("a reference").number;
        let store = self.store().await;
        let mut session = store.read().await.expect("a session");
        session.request_by_number(number).await.expect("a read").expect("the request")
    }

    /// The grant that people call so.
    pub async fn grant(&self, reference: &str) -> Grant {
        let number = reference.parse::<Reference>().expect("a reference").number;
        let store = self.store().await;
        let mut session = store.read().await.expect("a session");
        session.grant_by_number(number).await.expect("a read").expect("the grant")
    }

    /// The agent by this name.
    pub async fn agent(&self, name: &str) -> Agent {
        let store = self.store().await;
        let mut session = store.read().await.expect("a session");
        session.agent_by_slug(name).await.expect("a read").expect("the agent")
    }

    /// Whether the agent may do this at this very moment.
    pub async fn may(&self, agent: &str, access: &str) -> bool {
        let agent = self.agent(agent).await;
        let access: Access = access.parse().expect("an access");
        let store = self.store().await;
        let mut session = store.read().await.expect("a session");
        let now = self.now();
        session.live_grant_for(agent.id, &access, now).await.expect("a read").is_some()
    }

    /// The whole log, the oldest line first.
    pub async fn log(&self) -> Vec<Body> {
        let store = self.store().await;
        let mut session = store.read().await.expect("a session");
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let lines = session.lines(after, 500).await.expect("lines");
            let Some(last) = lines.last() else { return all };
            after = last.seq;
            all.extend(lines.iter().map(|line| {
                serde_json::from_str::<Body>(&line.body).expect("a line that can be read")
            }));
        }
    }

    /// How many lines of the log are of this kind.
    pub async fn logged(&self, of_this_kind: impl Fn(&What) -> bool) -> usize {
        self.log().await.iter().filter(|body| of_this_kind(&body.what)).count()
    }

    /// Every copy of a request's card, as it is shown now.
    pub async fn copies(&self, reference: &str) -> Vec<Message> {
        self.settled().await;
        let request = self.request(reference).await;
        let store = self.store().await;
        let mut session = store.read().await.expect("a session");
        let cards = session.cards_of(request.id).await.expect("the cards");
        let posted = cards.iter().filter_map(|card| card.message.as_ref());
        let shown = posted.filter_map(|at| {
            self.workspace().messages(&at.channel).into_iter().find(|m| m.ts == at.ts)
        });
        shown.collect()
    }

    /// Every copy of a request's card holds these words, and has these buttons or none.
    pub async fn all_copies_say(&self, reference: &str, words: &str, with_buttons: bool) {
        let copies = self.copies(reference).await;
        assert!(!copies.is_empty(), "no copy of {reference}");
        for copy in copies {
            let shown = copy.words();
            assert!(shown.contains(words), "no “{words}” in:\n{shown}");
            let buttons = copy.action_ids();
            assert_eq!(!buttons.is_empty(), with_buttons, "{buttons:?} on:\n{shown}");
        }
    }

    /// Waits until the use cases say so: for what the workspace tells the product by the way, such
    /// as who is in a group.
    pub async fn until_so<F: Future<Output = bool>>(
        &self,
        what: &str,
        mut look: impl FnMut() -> F,
    ) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !look().await {
            assert!(tokio::time::Instant::now() < deadline, "never {what}");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Waits until a person's word on a request would count, or would not: the workspace tells the
    /// product by the way who has come into a group or left it.
    pub async fn until_may_decide(&self, user: &str, reference: &str, may: bool) {
        let service = self.service().await;
        let request = self.request(reference).await;
        let person = PersonId::new(request.asked_by.workspace.clone(), user);
        self.until_so(&format!("{user} may decide {reference}: {may}"), || async {
            let reply = service.may_deny(&person, request.id).await.expect("an answer");
            matches!(reply, VoteReply::Counted { .. }) == may
        })
        .await;
    }
}

//! What must be true at the end of the [`story`](crate::story), whoever died on the way.

use countersign::domain::request::{Ask, RequestState};

use crate::site::session;
use crate::story::{AGENT, Bot, REASON};

impl Bot {
    /// Everything is as people were told, once; and stays so on record.
    pub async fn ends_true(&self) {
        let site = &self.site;
        let store = site.store().await;
        site.everything_is_out(&store).await;
        let mut session = session(&store).await;
        let agent = session.agent_by_slug(AGENT).await.expect("a read").expect("the agent");
        let requests = session.requests_of_agent(agent.id, 50).await.expect("a read");
        let seen: Vec<_> = requests.iter().rev().map(|r| (r.ask.access(), &r.state)).collect();
        assert_eq!(seen.len(), 5, "five were asked for: {seen:?}\n{}", site.transcript());
        let mut grants = Vec::new();
        for request in &requests {
            let grant = session.grant_of_request(request.id).await.expect("a read");
            let mut voters: Vec<_> = request.votes.iter().map(|v| v.by.user.clone()).collect();
            voters.sort();
            grants.extend(grant.as_ref().map(|grant| grant.state.word()));
            let by_rule = request.needs.is_empty();
            let words = match (&request.ask, &request.state) {
                (Ask::Registration, RequestState::Approved { .. }) => {
                    assert_eq!(voters, ["U0SAM", "U0THEO"]);
                    "Approved by"
                }
                (Ask::Grant { .. }, RequestState::Approved { .. }) if by_rule => {
                    let none: [&str; 0] = [];
                    assert_eq!(voters, none);
                    "Approved"
                }
                (Ask::Grant { .. }, RequestState::Approved { .. }) => {
                    assert_eq!(voters, ["U0SAM", "U0THEO"]);
                    "Approved by"
                }
                (Ask::Grant { .. }, RequestState::Denied { reason, .. }) => {
                    assert_eq!(reason, REASON);
                    assert_eq!(voters, ["U0THEO"]);
                    "Denied by"
                }
                other => panic!("{other:?}\n{}", site.transcript()),
            };
            let cards = session.cards_of(request.id).await.expect("a read");
            assert_eq!(cards.is_empty(), by_rule, "{request:?}");
            for card in cards {
                let at = card.message.expect("posted");
                let shown = site.workspace().messages(&at.channel);
                let shown = shown.iter().find(|m| m.ts == at.ts).expect("the copy").words();
                assert!(shown.contains(words), "{shown}\n{}", site.transcript());
            }
        }
        assert_eq!(grants, ["revoked", "expired", "released"], "each granted and ended once");
        assert_eq!(site.live_buttons(), [], "{}", site.transcript());
        let lines = session.lines(0, 500).await.expect("the log");
        for (event, times) in [
            ("request_opened", 5),
            ("vote_cast", 5),
            ("request_approved", 4),
            ("request_denied", 1),
            ("agent_activated", 1),
            ("grant_started", 3),
            ("grant_released", 1),
            ("grant_expired", 1),
            ("grant_revoked", 1),
        ] {
            let event = format!("\"{event}\"");
            let found = lines.iter().filter(|line| line.body.contains(&event)).count();
            assert_eq!(found, times, "{event} in {lines:#?}");
        }
        drop(session);
        store.close().await;
    }
}

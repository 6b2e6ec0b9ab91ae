//! What messages offer about a grant, Extend and Hand back, is true as long as they are there: it is
//! gone when the grant is, whoever or whatever ended it, without anybody clicking.

use std::time::Duration;

use countersign::sandbox::model::Message;
use countersign::sandbox::{Fault, Lasting};
use serde_json::json;

use crate::stories;
use crate::support::Office;

impl Office {
    /// The messages for more than one moment that offer something about this grant.
    async fn offering(&self, reference: &str) -> Vec<Message> {
        self.settled().await;
        let grant = self.grant(reference).await.id.to_string();
        let offers = self.offers().into_iter().filter(|(_, offered)| *offered == grant);
        offers.map(|(message, _)| message).collect()
    }

    /// How often Slack was asked to change a message.
    fn changes(&self) -> usize {
        self.workspace().calls().iter().filter(|call| call.method == "chat.update").count()
    }
}

stories! {
    /// It ends by itself, it is handed back, it is taken away, its agent is stopped: the approval and
    /// the reminders show that, and what can be done now.
    async fn whatever_ends_a_grant_ends_what_messages_offer(office) {
        let dana = office.dana();
        for (agent, ending, shown) in [
            ("agent-1", "", "ended when its time came"),
            ("agent-2", "/agent release GRANT", "handed back by <@U0DANA>"),
            ("agent-3", "/agent revoke GRANT because wrong table", "revoked by <@U0DANA>"),
            ("agent-4", "/agent stop agent-4 because it loops", "revoked by"),
        ] {
            dana.has_agent(agent, &[]).await;
            let reference = dana.gets(agent, "database:read", "2h").await;
            assert_eq!(office.offering(&reference).await.len(), 1, "the approval");
            office.advance("1h").await;
            office.advance("50m").await;
            // To the owner and to her team, an hour and ten minutes before the end.
            let offering = office.offering(&reference).await;
            assert_eq!(offering.len(), 5, "{offering:#?}");
            if ending.is_empty() {
                office.advance("10m").await;
            } else {
                dana.types(&ending.replace("GRANT", &reference)).await;
            }
            assert!(office.offering(&reference).await.is_empty(), "{}", office.workspace().transcript());
            let own = dana.inbox();
            let there = office.workspace().messages("C0SUPPORT");
            for seen in offering {
                let now = own.iter().chain(&there).find(|m| m.ts == seen.ts).expect("the message");
                let words = now.words();
                assert!(words.contains("no longer has database : read"), "{words}");
                assert!(words.contains(shown), "no “{shown}” in {words}");
            }
            let is_approval =
                |m: &&Message| m.words().contains(&reference) && m.words().contains("Approved by");
            let approval = own.iter().find(is_approval).expect("the approval");
            assert_eq!(approval.action_ids(), ["show"]);
        }
    }

    /// What goes on is shown as going on, and can still be handed back from the same message.
    async fn what_is_extended_is_shown_as_extended(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        let reference = dana.gets("support-agent-v2", "database:read", "2h").await;
        office.advance("1h50m").await;
        let reminder = dana.reads("⏰ In 10 minutes: ").await;
        dana.types(&format!("/agent extend {reference} by 1h because the queue is long")).await;
        let asked = dana.last_reference("support-agent-v2").await;
        office.everybody_approves(&asked).await;
        let shown = dana.reads("✅ Extended: support-agent-v2 keeps database : read").await;
        assert_eq!(shown.ts, reminder.ts);
        // Two approvals, and two reminders to the owner and to her team.
        assert_eq!(office.offering(&reference).await.len(), 6);
        dana.clicks(&dana.dm(), &shown.ts, "release").await;
        assert!(office.offering(&reference).await.is_empty());
        dana.reads("handed back by").await;
    }

    /// The answer to a form stays among the messages: it is kept true like the others.
    async fn what_a_form_answers_ends_true_as_well(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        dana.types("/agent request support-agent-v2").await;
        for (field, filled) in [("access", "docs:read"), ("lasting", "30m"), ("because", "to know")] {
            dana.fills(field, field, json!(filled)).await;
        }
        dana.sends().await;
        let answer = dana.reads("now has docs : read").await;
        assert_eq!(answer.action_ids(), ["extend", "release"]);
        let reference = dana.last_reference("support-agent-v2").await;
        assert_eq!(office.offering(&reference).await.len(), 1);
        office.advance("30m").await;
        assert!(office.offering(&reference).await.is_empty());
    }

    /// A grant that ends while Slack still takes the message about it: the message is set right as
    /// soon as it is known.
    async fn what_ends_while_it_is_being_told_is_set_right(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        let reference = dana.puts("support-agent-v2", "database:read", "2h").await;
        let card = office.theo().card(&reference).await;
        let slow = Fault::SlowAfter(Duration::from_secs(2));
        office.sandbox.faults().inject("chat.postMessage", slow, Lasting::Calls(1));
        let theo = office.theo();
        theo.clicks(&theo.dm(), &card.ts, "approve").await;
        // Shown to her, and not yet known to be.
        office.until("approval", || {
            dana.inbox().into_iter().find(|m| m.words().contains("now has database : read"))
        }).await;
        dana.types(&format!("/agent release {reference}")).await;
        assert_ne!(office.waiting().await, 0, "the approval is still under way");
        assert!(office.offering(&reference).await.is_empty());
        let set_right = dana.reads("Approved by").await.words();
        assert!(set_right.contains("no longer has database : read"), "{set_right}");
    }

    /// Where nobody was shown anything that can be clicked, nothing is changed at the end.
    async fn what_nobody_was_shown_is_not_shown_anew(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        for access in ["docs:read", "database:read", "tickets:read"] {
            let said = dana.asks("support-agent-v2", access, "10m").await;
            assert!(said.contains("now has"), "{said}");
        }
        let before = office.changes();
        office.advance("10m").await;
        assert_eq!(dana.inbox().iter().filter(|m| m.words().contains("no longer has")).count(), 3);
        assert_eq!(office.changes(), before);
    }
}

//! The second story: what becomes of an agent later. Told by the same people as the
//! [first](crate::story).

use crate::story::{AGENT, Bot, reference_in};

impl Bot {
    /// Another tier, by the people of the higher one; a grant that is reminded of, extended and ends
    /// by itself; a question of which people are reminded and which nobody answers; an agent that is
    /// stopped while it holds something and waits for more.
    pub(super) async fn lives(&self) {
        self.registers(AGENT, &[]).await;
        let (registration, _) = self.approves("U0THEO", "team lead", &[]).await;
        self.dana_reads("is registered").await;
        let mut done = vec![registration];

        let tier = format!("/agent tier {AGENT} 2 because it writes");
        self.is_taken("U0DANA", &tier, &["asks for tier 2", "being decided already"]).await;
        done.push(self.both_approve(&done).await.0);
        self.dana_reads("is tier 2").await;

        self.asks("database:write", "database : write").await;
        let (request, words) = self.both_approve(&done).await;
        let reference = reference_in(&words);
        self.dana_reads(&reference).await;
        done.push(request);
        self.site.moves_the_clock(21);
        self.both_read("⏰ In ", &reference).await;
        let extend = format!("/agent extend {reference} by 30m because the queue is long");
        self.is_taken("U0DANA", &extend, &["asks to keep", "being decided already"]).await;
        done.push(self.both_approve(&done).await.0);
        self.dana_reads("keeps database : write until").await;

        self.asks("deploys:trigger", "deploys : trigger").await;
        done.push(self.card("U0SAM", &done).await.1);
        // Half of the eight hours, in which what was extended ends, too.
        self.site.moves_the_clock(4 * 60 + 1);
        self.both_read("no longer has ", &reference).await;
        for awaited in ["U0SAM", "U0THEO"] {
            let reminded = || {
                let inbox = self.site.inbox(awaited);
                inbox.iter().any(|m| m.words().contains("Still waiting")).then_some(())
            };
            self.site.until(&format!("reminder of {awaited}"), reminded).await;
        }
        self.site.moves_the_clock(4 * 60);
        self.dana_reads("Nobody answered in time").await;

        self.gets_without_people().await;
        self.asks("tickets:comment", "tickets : comment").await;
        self.card("U0SAM", &done).await;
        let stop = format!("/agent stop {AGENT} because it loops");
        self.is_taken("U0SAM", &stop, &["is stopped", "was stopped"]).await;
        self.dana_reads("stopped by").await;
    }
}

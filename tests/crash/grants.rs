//! What becomes of a grant after it was given, while servers die: its reminder and its end fall due,
//! or somebody revokes it. Told by the same people as the [`story`](crate::story).

use std::sync::Arc;

use countersign::domain::grant::GrantState;
use countersign::store::Engine;

use crate::site::{Door, Site, session};
use crate::story::{AGENT, Bot, reference_in};

/// What the policy gives without people.
const ACCESS: &str = "docs:read";
/// The same, as people read it.
const SHOWN: &str = "docs : read";

impl Bot {
    /// Asks for what the policy gives at once, until the agent holds it. Its name.
    pub(super) async fn gets_without_people(&self) -> String {
        loop {
            let text = format!("/agent request {AGENT} {ACCESS} for 30m because it must know them");
            self.try_typing("U0DANA", &text).await;
            let held = self.types("U0DANA", &format!("/agent grants {AGENT}")).await;
            if held.contains(SHOWN) {
                return reference_in(&held);
            }
        }
    }

    /// Waits until the owner and the team's channel read words of this beginning about a grant.
    pub(super) async fn both_read(&self, beginning: &str, reference: &str) {
        let about = |words: &str| words.contains(beginning) && words.contains(reference);
        let channel = || {
            let told = self.site.workspace().messages("C0SUPPORT");
            told.iter().any(|m| m.is_by_app() && !m.is_ephemeral() && about(&m.words()))
        };
        let owner = || self.site.inbox("U0DANA").iter().any(|m| about(&m.words()));
        let what = format!("“{beginning}” about {reference}, for the owner and her team");
        self.site.until(&what, || (owner() && channel()).then_some(())).await;
    }

    /// A grant of which people are reminded, and which ends by itself.
    pub(super) async fn holds_until_the_end(&self) {
        let reference = self.gets_without_people().await;
        self.site.moves_the_clock(21);
        self.both_read("⏰ In ", &reference).await;
        self.site.moves_the_clock(10);
        self.both_read("no longer has ", &reference).await;
    }

    /// A grant that security takes away.
    pub(super) async fn holds_until_it_is_revoked(&self) {
        let reference = self.gets_without_people().await;
        let revoke = format!("/agent revoke {reference} because nobody needs it");
        self.is_taken("U0SAM", &revoke, &["no longer has", "revoked by"]).await;
        self.both_read("no longer has ", &reference).await;
    }
}

/// Nobody is there when the reminder falls due, and nobody when the end does: whoever is started
/// next says both, once, and whoever asks meanwhile finds no grant that has outlived its time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_falls_due_while_nobody_lives_is_done_at_the_next_start() {
    for (engine, door) in [(Engine::Sqlite, Door::Http), (Engine::Postgres, Door::Socket)] {
        let site = Arc::new(Site::open(engine, door).await);
        let bot = Bot::start(&site, None).await;
        bot.registers(AGENT, &["writes"]).await;
        bot.approves("U0THEO", "team lead", &[]).await;
        bot.approves("U0SAM", "security", &[]).await;
        bot.dana_reads("is registered").await;
        let reference = bot.gets_without_people().await;
        let store = site.store().await;
        site.everything_is_out(&store).await;

        let mut bot = dies(bot, &site, 21).await;
        bot.both_read("⏰ In ", &reference).await;
        site.everything_is_out(&store).await;
        bot = dies(bot, &site, 10).await;
        let held = bot.types("U0DANA", &format!("/agent grants {AGENT}")).await;
        assert!(!held.contains(SHOWN), "{held}\n{}", site.transcript());
        bot.both_read("no longer has ", &reference).await;
        site.everything_is_out(&store).await;

        let mut session = session(&store).await;
        let number = reference.trim_start_matches("G-").parse().expect("a number");
        let request = session.request_by_number(number).await.expect("a read").expect("a request");
        let grant = session.grant_of_request(request.id).await.expect("a read").expect("a grant");
        assert!(matches!(grant.state, GrantState::Expired { .. }), "{grant:?}");
        let lines = session.lines(0, 500).await.expect("the log");
        let expired = lines.iter().filter(|line| line.body.contains("\"grant_expired\"")).count();
        assert_eq!(expired, 1, "{lines:#?}");
        drop(session);
        // The reminder shows the end as well.
        for (beginning, times) in [("⏰ In ", 0), ("no longer has ", 2)] {
            let told = site.workspace().messages("C0SUPPORT");
            let told = told.iter().filter(|m| m.is_by_app() && m.words().contains(beginning));
            assert_eq!(told.filter(|m| !m.is_ephemeral()).count(), times, "{}", site.transcript());
        }
        store.close().await;
        site.audit_verifies().await;
    }
}

/// Kills the server with `kill -9`, lets time pass while there is none, and starts another.
async fn dies(bot: Arc<Bot>, site: &Arc<Site>, minutes: i64) -> Arc<Bot> {
    let server = bot.server();
    bot.retire();
    server.signal("KILL");
    server.end(crate::server::PATIENCE).await;
    site.moves_the_clock(minutes);
    Bot::start(site, None).await
}

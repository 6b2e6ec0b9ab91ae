//! The time to decide is over: the backup is asked, and only what people decide is approved.

use countersign::domain::event::What;
use countersign::sandbox::{Fault, Lasting};

use crate::stories_of;
use crate::support::Setup;

fn with_backup(setup: &mut Setup) {
    let one = "decide_within = \"4h\"  # a request that nobody answers expires after this time\n";
    let two = "requires      = [\"security\", \"team-lead\"]\n";
    setup.policy = Some(crate::support::starter_with(&[
        (one, "decide_within = \"4h\"\nbackup = \"vp\"\nbackup_within = \"2h\"\n"),
        (
            two,
            "requires = [\"security\", \"team-lead\"]\nbackup = \"compliance\"\nbackup_within = \"2h\"\n",
        ),
    ]));
}

stories_of! {
    super::with_backup;
    /// Nobody answers: the backup has a card, the requester knows, and the backup's yes decides.
    async fn what_nobody_answers_goes_to_the_backup(office) {
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        assert!(!office.vera().is_asked(&reference).await);
        office.advance("4h").await;
        assert_eq!(office.request(&reference).await.state.word(), "open");
        assert!(!office.agent("support-agent-v2").await.is_active(), "time alone grants nothing");
        office.vera().reads("Nobody answered in time, so you are asked").await;
        let told = office.dana().reads("passed on").await.words();
        assert!(told.contains("VP, since") && told.contains("team lead did not answer"), "{told}");
        office.all_copies_say(&reference, "Backup", true).await;
        office.all_copies_say(&reference, "awaited since", true).await;
        let help = office.dana().types("/agent").await;
        assert!(help.contains("awaited since") && help.contains("Backup"), "{help}");
        let escalated = |what: &What| matches!(what, What::RequestEscalated { .. });
        assert_eq!(office.logged(escalated).await, 1);
        let said = office.vera().approves(&reference).await;
        assert!(said.contains("the last yes"), "{said}");
        office.all_copies_say(&reference, "team lead: <@U0VERA> as backup", false).await;
        assert!(office.agent("support-agent-v2").await.is_active());
    }

    /// Those who were asked first can answer still; the backup is reminded, and then it is over.
    async fn the_backup_has_its_time_and_then_it_is_over(office) {
        office.dana().registers("first-agent", &[]).await;
        let first = office.dana().last_reference("first-agent").await;
        office.dana().registers("second-agent", &[]).await;
        let second = office.dana().last_reference("second-agent").await;
        office.advance("4h").await;
        let said = office.theo().approves_in_channel(&first).await;
        assert!(said.contains("the last yes"), "{said}");
        office.advance("1h").await;
        office.vera().reads("Still waiting").await;
        office.advance("1h").await;
        assert_eq!(office.request(&second).await.state.word(), "expired");
        office.all_copies_say(&second, "Expired unanswered", false).await;
        office.dana().reads("Nobody answered in time: the registration of second-agent").await;
        let escalated = |what: &What| matches!(what, What::RequestEscalated { .. });
        assert_eq!(office.logged(escalated).await, 2);
        assert_eq!(office.logged(|what| matches!(what, What::RequestExpired { .. })).await, 1);
    }

    /// Nobody but the requester is the backup: it expires as without one.
    async fn without_anybody_as_backup_it_expires(office) {
        office.vera().registers("veras-agent", &[]).await;
        let reference = office.vera().last_reference("veras-agent").await;
        office.advance("4h").await;
        assert_eq!(office.request(&reference).await.state.word(), "expired");
        assert!(!office.vera().is_asked(&reference).await);
    }

    /// The backup is one more person: never who voted, and each covers one requirement.
    async fn one_backup_covers_one_of_two(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        let reference = office.dana().puts("support-agent-v2", "database:write", "2h").await;
        office.advance("8h").await;
        office.cleo().reads("Nobody answered in time").await;
        let said = office.cleo().approves(&reference).await;
        assert!(said.contains("Your yes counts"), "{said}");
        assert!(!office.may("support-agent-v2", "database:write").await);
        let said = office.cleo().approves_in_channel(&reference).await;
        assert!(said.contains("answered already"), "{said}");
        office.sam().approves_in_channel(&reference).await;
        assert!(office.may("support-agent-v2", "database:write").await);
    }

    /// While the workspace cannot say who is the backup, nothing expires and nothing is granted.
    async fn who_the_backup_is_can_be_learnt_later(office) {
        office.dana().has_agent("support-agent-v2", &["writes"]).await;
        let reference = office.dana().puts("support-agent-v2", "database:write", "2h").await;
        let away = || office.sandbox.faults().inject(
            "usergroups.users.list",
            Fault::Html { status: 503 },
            Lasting::UntilCleared,
        );
        office.advance("7h59m").await;
        away();
        office.advance("1m").await;
        assert_eq!(office.request(&reference).await.state.word(), "open");
        office.sandbox.faults().clear();
        office.advance("5m").await;
        office.cleo().reads("Nobody answered in time").await;
        assert!(!office.may("support-agent-v2", "database:write").await);
    }
}

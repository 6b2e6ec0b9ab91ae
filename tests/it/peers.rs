//! What went wrong elsewhere in the world of approvals, and must not here: a story each.

use chrono::TimeDelta;
use countersign::domain::event::What;
use countersign::domain::request::RequestState;
use countersign::sandbox::ClickOutcome;
use serde_json::json;

use crate::stories;

stories! {
    /// Two approvers click at once: one grant, one end, one message.
    async fn two_approvers_at_once_make_one_grant(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        let reference = office.dana().puts("support-agent-v2", "database:read", "2h").await;
        let (theo, tina) = (office.theo(), office.tina());
        let (one, two) = (theo.card(&reference).await, tina.card(&reference).await);
        let (first, second) = futures::future::join(
            theo.clicks(&theo.dm(), &one.ts, "approve"),
            tina.clicks(&tina.dm(), &two.ts, "approve"),
        ).await;
        let counted = [&first, &second].into_iter().filter(|a| a.contains("the last yes")).count();
        assert_eq!(counted, 1, "{first}\n{second}");
        office.settled().await;
        assert_eq!(office.logged(|what| matches!(what, What::GrantStarted { .. })).await, 1);
        office.advance("2h").await;
        assert_eq!(office.posted("C0SUPPORT", "ended when its time came").len(), 1);
    }

    /// Two roles approve at the same moment: neither yes is lost.
    async fn two_roles_at_once_lose_no_yes(office) {
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        let (sam, theo) = (office.sam(), office.theo());
        let (one, two) = (sam.card(&reference).await, theo.card(&reference).await);
        futures::future::join(
            sam.clicks(&sam.dm(), &one.ts, "approve"),
            theo.clicks(&theo.dm(), &two.ts, "approve"),
        ).await;
        assert_eq!(office.request(&reference).await.state.word(), "approved");
    }

    /// Approve and Deny at the same moment: the request ends once, and all cards agree.
    async fn a_yes_and_a_no_at_once_end_it_once(office) {
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        let (theo, tina) = (office.theo(), office.tina());
        let (one, two) = (theo.card(&reference).await, tina.card(&reference).await);
        tina.opens(&tina.dm(), &two.ts, "deny").await;
        tina.fills("because", "because", json!("not like this")).await;
        futures::future::join(theo.clicks(&theo.dm(), &one.ts, "approve"), tina.sends()).await;
        office.until_so("ended", || async {
            office.request(&reference).await.state != RequestState::Open
        }).await;
        let ends = office.logged(|what| {
            matches!(what, What::RequestApproved { .. } | What::RequestDenied { .. })
        });
        assert_eq!(ends.await, 1);
        let word = office.request(&reference).await.state.word();
        let shown = if word == "approved" { "Approved by" } else { "Denied by" };
        office.all_copies_say(&reference, shown, false).await;
    }

    /// A click on a card that was approved already prolongs nothing.
    async fn approving_what_is_approved_prolongs_nothing(office) {
        office.dana().has_agent("support-agent-v2", &[]).await;
        let reference = office.dana().puts("support-agent-v2", "database:read", "2h").await;
        let seen = office.tina().card(&reference).await;
        office.theo().approves(&reference).await;
        let until = office.grant(&reference).await.expires_at;
        office.advance("1h").await;
        office.tina().clicks_as_seen(&office.tina().dm(), &seen, "approve").await;
        assert_eq!(office.grant(&reference).await.expires_at, until);
        office.advance("1h").await;
        office.tina().clicks_as_seen(&office.tina().dm(), &seen, "approve").await;
        assert!(!office.may("support-agent-v2", "database:read").await);
    }

    /// A button decides on its own request, not on another that waits at the same time.
    async fn a_button_decides_on_its_own_request(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        let one = dana.puts("support-agent-v2", "database:read", "2h").await;
        let two = dana.puts("support-agent-v2", "tickets:read", "2h").await;
        office.theo().approves(&one).await;
        office.settled().await;
        assert_eq!(office.request(&two).await.state, RequestState::Open);
        assert!(!office.may("support-agent-v2", "tickets:read").await);
        office.all_copies_say(&two, "○ team lead", true).await;
    }

    /// Colons, quotes and line ends in a reason are kept as they are.
    async fn a_reason_is_kept_whole(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        let why = "fix db: prod; it's for \"tier: 2\" because of because";
        dana.types(&format!("/agent request support-agent-v2 database:read for 2h because {why}")).await;
        office.settled().await;
        let reference = dana.last_reference("support-agent-v2").await;
        assert_eq!(office.request(&reference).await.ask.because(), Some(why));
    }

    /// What waits survives a restart: the click from before counts after.
    async fn what_waits_survives_a_restart(office) {
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        office.sam().approves(&reference).await;
        office.stop().await;
        office.start().await;
        office.workspace().wait_for_sockets(crate::support::PATIENCE, 2).await.expect("sockets");
        office.theo().approves(&reference).await;
        office.all_copies_say(&reference, "Approved by <@U0SAM> and <@U0THEO>", false).await;
    }

    /// The end of a request that a click notices first is shown and told like any other.
    async fn an_end_that_a_click_notices_is_told_to_all(office) {
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        let theo = office.theo();
        let card = theo.card(&reference).await;
        office.clock.advance(TimeDelta::hours(5));
        let said = theo.clicks_as_seen(&theo.dm(), &card, "approve").await;
        assert!(said.contains("has ended"), "{said}");
        office.all_copies_say(&reference, "Expired unanswered", false).await;
        office.dana().reads("Nobody answered in time").await;
        assert_eq!(office.logged(|what| matches!(what, What::RequestExpired { .. })).await, 1);
    }

    /// Somebody in a group who has left spoils nothing for the others.
    async fn one_who_left_spoils_nothing(office) {
        office.workspace().set_group_members(
            "S0SUPPORTLEADS", &["U0DORA", "U0GUS", "U0ROBO", "U0NOBODY", "U0THEO"],
        ).expect("the group");
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        assert_eq!(office.copies(&reference).await.len(), 2, "the channel's and Theo's");
        office.theo().approves(&reference).await;
        assert!(office.agent("support-agent-v2").await.is_active());
    }

    /// A grant that begins in the second in which another ends is not touched by that end.
    async fn a_beginning_at_the_moment_of_an_end(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        let one = dana.gets("support-agent-v2", "database:read", "2h").await;
        let two = dana.puts("support-agent-v2", "database:read", "3h").await;
        office.clock.advance(TimeDelta::hours(2));
        office.theo().approves(&two).await;
        office.settled().await;
        assert_eq!(office.grant(&one).await.state.word(), "expired");
        assert_eq!(office.grant(&two).await.state.word(), "active");
        assert!(office.may("support-agent-v2", "database:read").await);
    }

    /// A hundred clicks of one impatient person count once.
    async fn an_impatient_person_counts_once(office) {
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        let card = office.sam().card(&reference).await;
        let (sam, dm) = (office.sam(), office.sam().dm());
        let clicks = (0..30).map(|_| office.workspace().click(sam.id, &dm, &card.ts, "approve"));
        for click in futures::future::join_all(clicks).await {
            assert_eq!(click.expect("a click"), ClickOutcome::Acknowledged);
        }
        office.settled().await;
        let request = office.request(&reference).await;
        assert_eq!((request.votes.len(), request.state), (1, RequestState::Open));
        assert_eq!(office.logged(|what| matches!(what, What::VoteCast { .. })).await, 1);
    }

    /// Two people register the same name at once: one has it, the other is told.
    async fn two_people_wish_for_one_name(office) {
        let form = |who: &'static str| async move {
            let person = office.person(who);
            person.types("/agent register same-name").await;
            for field in ["purpose", "systems", "runs_on", "model"] {
                person.fills(field, field, json!("something")).await;
            }
        };
        form("U0DANA").await;
        form("U0VERA").await;
        let (dana, vera) = (office.dana(), office.vera());
        let (one, two) = futures::future::join(dana.sends(), vera.sends()).await;
        let taken = [&one, &two].into_iter().filter(|sent| {
            matches!(sent, countersign::sandbox::SubmitOutcome::Errors(e) if e["name"].contains("already"))
        });
        assert_eq!(taken.count(), 1, "{one:?} {two:?}");
        let opened = office.logged(|what| matches!(what, What::RequestOpened { .. }));
        assert_eq!(opened.await, 1);
    }
}

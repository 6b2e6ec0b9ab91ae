//! One person answers in the place of another until a day; and who is away is passed over.

use countersign::domain::event::{Actor, What};
use countersign::domain::person::PersonId;
use countersign::domain::request::NotCounted;
use countersign::domain::vote::Choice;
use countersign::sandbox::model::Status;
use countersign::sandbox::{Fault, Lasting, SubmitOutcome};
use countersign::service::outcome::VoteReply;
use futures::future::join;
use serde_json::json;

use crate::support::{Office, Setup};
use crate::{stories, stories_of};

fn person(user: &str) -> PersonId {
    PersonId::new("T0ACME", user)
}

/// Theo lets Vera answer in his place.
async fn vera_for_theo(office: &Office, more: &str) {
    let said = office.theo().types(&format!("/agent delegate @vera until Friday{more}")).await;
    assert!(said.contains("<@U0VERA> answers for <@U0THEO>"), "{said}");
    office.settled().await;
}

fn status(emoji: &str, expiration: i64) -> Status {
    Status { emoji: emoji.to_owned(), expiration, ..Status::default() }
}

stories! {
    /// Whoever stands in is asked, and their yes counts in the other's place; everybody sees it.
    async fn a_delegate_answers_in_anothers_place(office) {
        vera_for_theo(office, "").await;
        for both in [office.theo(), office.vera()] {
            let told = both.reads("🤝").await;
            assert!(told.words().contains("<@U0VERA> answers for <@U0THEO>, for all roles"));
            assert_eq!(told.action_ids(), ["withdraw"], "{}", told.words());
        }
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        assert!(office.vera().is_asked(&reference).await);
        office.all_copies_say(&reference, "<@U0VERA> for <@U0THEO>", true).await;
        let said = office.vera().approves(&reference).await;
        assert!(said.contains("the last yes"), "{said}");
        office.all_copies_say(&reference, "✓ team lead: <@U0VERA> for <@U0THEO>", false).await;
        assert!(office.agent("support-agent-v2").await.is_active());
        let cast = |what: &What| matches!(
            what,
            What::VoteCast { roles, stands_in, .. }
                if roles.is_empty() && *stands_in == [person("U0THEO")]
        );
        assert_eq!(office.logged(cast).await, 1);
        let given = |what: &What| matches!(what, What::DelegationGiven { .. });
        assert_eq!(office.logged(given).await, 1);
    }

    /// What is open already is put to whoever stands in, too: what they can answer, and that once.
    async fn a_delegate_is_asked_what_is_open_already(office) {
        let (theo, vera) = (office.theo(), office.vera());
        office.dana().registers("support-agent-v2", &[]).await;
        office.dana().registers("open-agent", &["writes"]).await;
        office.dana().registers("answered-agent", &["writes"]).await;
        office.dana().registers("covered-agent", &["writes"]).await;
        theo.registers("leads-helper", &[]).await;
        vera.registers("veras-agent", &[]).await;
        let reference = |agent: &'static str| async move {
            let owner = match agent {
                "leads-helper" => office.theo(),
                "veras-agent" => office.vera(),
                _ => office.dana(),
            };
            owner.last_reference(agent).await
        };
        theo.approves(&reference("answered-agent").await).await;
        office.tina().approves(&reference("covered-agent").await).await;
        vera_for_theo(office, " for security").await;
        assert!(!vera.is_asked(&reference("support-agent-v2").await).await);
        vera_for_theo(office, "").await;
        for (agent, asked) in [
            ("support-agent-v2", true),
            ("open-agent", true),
            ("answered-agent", false),
            ("covered-agent", false),
            ("leads-helper", false),
            ("veras-agent", false),
        ] {
            assert_eq!(vera.is_asked(&reference(agent).await).await, asked, "{agent}");
        }
        let open = reference("open-agent").await;
        office.all_copies_say(&open, "<@U0VERA> for <@U0THEO>", true).await;
        // Given again, there is no second card.
        let cards = office.copies(&open).await.len();
        vera_for_theo(office, " for team lead").await;
        assert_eq!(office.copies(&open).await.len(), cards);
        let said = vera.approves(&reference("support-agent-v2").await).await;
        assert!(said.contains("the last yes"), "{said}");
        assert!(office.agent("support-agent-v2").await.is_active());
    }

    /// One yes is one person: who was answered for cannot answer as well, and the other way round.
    async fn the_two_are_one(office) {
        vera_for_theo(office, "").await;
        office.dana().registers("first-agent", &["writes"]).await;
        let first = office.dana().last_reference("first-agent").await;
        office.vera().approves(&first).await;
        let said = office.theo().approves_in_channel(&first).await;
        assert!(said.contains("<@U0VERA> has answered in your place"), "{said}");
        let said = office.tina().approves_in_channel(&first).await;
        assert!(said.contains("has its yes already"), "{said}");
        office.dana().registers("second-agent", &["writes"]).await;
        let second = office.dana().last_reference("second-agent").await;
        let before = office.vera().card(&second).await;
        office.theo().approves(&second).await;
        let said = office.vera().clicks_as_seen(&office.vera().dm(), &before, "approve").await;
        assert!(said.contains("only for <@U0THEO>, who has answered already"), "{said}");
        assert_eq!(office.request(&second).await.votes.len(), 1);
    }

    /// Both click at the same moment: one of the two counts.
    async fn two_clicks_at_once_are_one(office) {
        vera_for_theo(office, "").await;
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        let (service, id) = (office.service().await, office.request(&reference).await.id);
        let (theo, vera) = (person("U0THEO"), person("U0VERA"));
        let (one, two) = join(
            service.vote(&theo, id, Choice::Approve, None),
            service.vote(&vera, id, Choice::Approve, None),
        ).await;
        let counted = [one, two]
            .into_iter()
            .filter(|reply| matches!(reply, Ok(VoteReply::Counted { .. })))
            .count();
        assert_eq!(counted, 1);
        assert_eq!(office.request(&reference).await.awaited().len(), 1);
    }

    /// Never for who asked or owns; never for what others lend to the one who lends.
    async fn nobody_approves_their_own_by_delegation_and_there_are_no_chains(office) {
        vera_for_theo(office, "").await;
        let said = office.vera().types("/agent delegate @omar until Friday").await;
        assert!(said.contains("answers for"), "{said}");
        office.theo().registers("leads-helper", &[]).await;
        let own = office.theo().last_reference("leads-helper").await;
        assert!(!office.vera().is_asked(&own).await);
        let said = office.vera().approves_in_channel(&own).await;
        assert!(said.contains("only for <@U0THEO>, who asked it"), "{said}");
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        assert!(!office.omar().is_asked(&reference).await);
        let said = office.omar().approves_in_channel(&reference).await;
        assert!(said.contains("you are not among them"), "{said}");
        // A delegate's own request is not answered by whom they stand in for them either.
        office.vera().registers("veras-agent", &[]).await;
        let veras = office.vera().last_reference("veras-agent").await;
        let said = office.vera().approves_in_channel(&veras).await;
        assert!(said.contains("own request"), "{said}");
    }

    /// A delegation for some roles lends these alone.
    async fn only_what_is_lent_is_lent(office) {
        vera_for_theo(office, " for security").await;
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        assert!(!office.vera().is_asked(&reference).await);
        let said = office.vera().approves_in_channel(&reference).await;
        assert!(said.contains("lends you only some of the roles"), "{said}");
        vera_for_theo(office, " for team lead").await;
        let said = office.vera().approves_in_channel(&reference).await;
        assert!(said.contains("the last yes"), "{said}");
    }

    /// Withdrawn or over, it lends nothing more; both see that, and the buttons are gone.
    async fn what_is_over_lends_nothing(office) {
        vera_for_theo(office, "").await;
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        let card = office.vera().card(&reference).await;
        let told = office.theo().reads("🤝").await;
        let said = office.sam().types("/agent delegate").await;
        assert!(!said.contains("U0VERA"), "{said}");
        let said = office.theo().clicks(&office.theo().dm(), &told.ts, "withdraw").await;
        assert!(said.contains("no longer answers for"), "{said}");
        for both in [office.theo(), office.vera()] {
            let told = both.reads("ended by <@U0THEO>").await;
            assert_eq!(told.action_ids(), [""; 0], "{}", told.words());
        }
        let said = office.vera().clicks_as_seen(&office.vera().dm(), &card, "approve").await;
        assert!(said.contains("you are not among them"), "{said}");
        vera_for_theo(office, "").await;
        office.advance("5d").await;
        office.vera().reads("ended when its time came").await;
        let ended = |what: &What| matches!(what, What::DelegationEnded { .. });
        assert_eq!(office.logged(ended).await, 1);
        let by = office.log().await.into_iter().find(|body| ended(&body.what)).expect("the end").actor;
        assert_eq!(by, Actor::System);
    }

    /// What cannot be is said, on its field; a colleague chosen in the form is in force.
    async fn a_form_asks_the_rest_and_says_what_cannot_be(office) {
        let theo = office.theo();
        for (typed, words) in [
            ("/agent delegate @theo until Friday", "You answer for yourself already"),
            ("/agent delegate @gus until Friday", "is a guest"),
            ("/agent delegate @vera until whenever", "is no day"),
            ("/agent delegate @vera until 2026-01-01", "has passed"),
            ("/agent delegate @vera for 90d", "at most 30 days"),
            ("/agent delegate @vera until Friday for wizardry", "no role “wizardry”"),
            ("/agent delegate until whenever", "is no day"),
        ] {
            let said = theo.types(typed).await;
            assert!(said.contains(words), "{typed}: {said}");
        }
        assert!(office.workspace().modal("U0THEO").is_none());
        theo.types("/agent delegate until Friday for team lead").await;
        theo.fills("person", "person", json!("U0GUS")).await;
        let SubmitOutcome::Errors(errors) = theo.sends().await else { panic!("a guest answers") };
        assert!(errors["person"].contains("is a guest"), "{errors:?}");
        theo.fills("person", "person", json!("U0VERA")).await;
        assert!(matches!(theo.sends().await, SubmitOutcome::Closed));
        theo.hears("<@U0VERA> answers for <@U0THEO>, for team lead").await;
        // Typed alone, the command shows what is in force, as App Home does.
        let said = theo.types("/agent delegate").await;
        assert!(said.contains("<@U0VERA> answers for <@U0THEO>"), "{said}");
        let home = json!(office.vera().home().await.blocks).to_string();
        assert!(home.contains("For whom you answer"), "{home}");
        office.vera().presses("withdraw").await;
        office.vera().reads("ended by <@U0VERA>").await;
    }

    /// Who is away is not called while others can answer; their click counts like any other.
    async fn who_is_away_is_passed_over_and_keeps_their_rights(office) {
        let workspace = office.workspace();
        workspace.set_status("U0SARA", status(":palm_tree:", 0)).expect("a status");
        office.until_so("heard of the status", || async {
            office.dana().registers("first-agent", &["writes"]).await;
            let reference = office.dana().last_reference("first-agent").await;
            let asked = office.sara().is_asked(&reference).await;
            office.dana().types(&format!("/agent cancel {reference}")).await;
            office.settled().await;
            !asked
        }).await;
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        assert!(!office.sara().is_asked(&reference).await);
        office.all_copies_say(&reference, "○ security: <@U0SAM> (sara is away)", true).await;
        // Nor is she reminded.
        office.advance("4h").await;
        office.sam().reads("Still waiting").await;
        assert!(!office.sara().is_asked(&reference).await);
        let said = office.sara().approves_in_channel(&reference).await;
        assert!(said.contains("Your yes counts"), "{said}");
    }

    /// Where nobody else holds a role, whoever does is asked, away or not.
    async fn who_is_needed_is_asked_wherever_they_are(office) {
        for away in ["U0SAM", "U0SARA"] {
            office.workspace().set_status(away, status(":palm_tree:", 0)).expect("a status");
        }
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        for asked in ["U0SAM", "U0SARA", "U0THEO", "U0TINA"] {
            assert!(office.person(asked).is_asked(&reference).await, "{asked}");
        }
    }
}

fn with_dnd(setup: &mut Setup) {
    setup.policy = Some(crate::support::starter_with(&[(
        "statuses = [\":palm_tree:\", \":face_with_thermometer:\"]",
        "dnd = true",
    )]));
}

fn without_delegation(setup: &mut Setup) {
    setup.policy = Some(crate::support::starter_with(&[(
        "[delegation]\n",
        "[delegation]\nallowed = false\n",
    )]));
}

stories_of! {
    super::with_dnd;
    /// Paused notifications tell it too; that Slack does not say it holds nothing up.
    async fn who_has_paused_notifications_is_passed_over(office) {
        let now = office.now().timestamp();
        let pause = Some((now - 60, now + 3_600));
        office.workspace().set_paused("U0SARA", pause).expect("a pause");
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        assert!(office.sam().is_asked(&reference).await);
        assert!(!office.sara().is_asked(&reference).await);
        office.advance("2h").await;
        office.sandbox.faults().inject(
            "dnd.teamInfo",
            Fault::Html { status: 503 },
            Lasting::UntilCleared,
        );
        office.workspace().set_paused("U0SARA", Some((now, now + 90_000))).expect("a pause");
        office.dana().registers("another-agent", &["writes"]).await;
        let reference = office.dana().last_reference("another-agent").await;
        assert!(office.sara().is_asked(&reference).await);
    }
}

stories_of! {
    super::without_delegation;
    /// The policy can switch it off.
    async fn the_policy_can_switch_it_off(office) {
        let said = office.theo().types("/agent delegate @vera until Friday").await;
        assert!(said.contains("The policy does not let anybody"), "{said}");
        office.dana().registers("support-agent-v2", &[]).await;
        let reference = office.dana().last_reference("support-agent-v2").await;
        let id = office.request(&reference).await.id;
        let reply = office.service().await.vote(&person("U0VERA"), id, Choice::Approve, None).await;
        let Ok(VoteReply::NotCounted { why, .. }) = reply else { panic!("{reply:?}") };
        assert_eq!(why, NotCounted::NotEligible);
    }
}

//! What was found and may be an agent: told to security, and decided.

use countersign::domain::discovery::{Finding, Sent};
use countersign::domain::event::{Actor, What};
use countersign::domain::person::By;
use countersign::sandbox::model::{Message, PersonKind};
use countersign::sandbox::{Fault, Lasting, SubmitOutcome, seed};
use countersign::service::discoveries::record::{Recorded, Seen};
use countersign::store::Engine;
use serde_json::json;

use crate::support::{Office, Person, Setup};
use crate::{stories, stories_of};

const SECURITY: &str = "C0SECURITY";

/// What was sent from elsewhere.
fn sent(name: &str, external_id: &str) -> Finding {
    let sent = Sent {
        source: "aws-iam".into(),
        external_id: external_id.into(),
        name: name.into(),
        kind: "service-account".into(),
        owner: "dana@acme.example".into(),
        details: vec![("created".into(), "2024-03-01".into())],
    };
    Finding::read(&sent).expect("a finding")
}

impl Office {
    /// Takes what was found elsewhere.
    async fn takes(&self, findings: &[Finding]) -> Vec<Seen> {
        let by = Actor::Service("inventory".into());
        let taken = self.service().await.take_findings(&by, findings).await.expect("taken");
        self.settled().await;
        taken.into_iter().map(|Recorded { seen, .. }| seen).collect()
    }

    /// Waits until the sweep that was due is done.
    async fn looked_outside(&self) {
        self.until_so("looked through", || async {
            let store = self.store().await;
            let due = store.read().await.expect("a session").deadlines_about("sweep").await;
            due.expect("the deadlines").first().is_some_and(|due| due.at > self.now())
        })
        .await;
    }

    /// The messages in security's channel with these words, without what only one person sees.
    fn notices(&self, words: &str) -> Vec<Message> {
        let mut posted = self.posted(SECURITY, words);
        posted.retain(|message| !message.is_ephemeral());
        posted
    }

    /// Security's message about this, once it is there.
    async fn hears_of(&self, words: &str) -> Message {
        let what = format!("message to security with “{words}”");
        self.until(&what, || self.notices(words).pop()).await
    }

    /// The messages to security about this show it so.
    async fn all_told(&self, name: &str, words: &str, buttons: bool) {
        self.settled().await;
        let told = self.notices(name);
        assert!(!told.is_empty(), "nothing about {name}");
        for message in told {
            let shown = message.words();
            assert!(shown.contains(words), "no “{words}” in {shown}");
            assert_eq!(!message.action_ids().is_empty(), buttons, "{shown}");
        }
    }
}

impl Person<'_> {
    /// Clicks a step of security's message that opens a form, fills it in and sends it.
    async fn decides(&self, seen: &Message, step: &str, field: (&str, &str)) -> SubmitOutcome {
        self.opens(SECURITY, &seen.ts, &format!("discovery_{step}")).await;
        self.fills(field.0, field.0, json!(field.1)).await;
        let sent = self.sends().await;
        self.office.settled().await;
        sent
    }
}

stories! {
    /// A finding without an owner: security says that it is no agent, and that stays so.
    async fn security_says_that_it_is_no_agent(office) {
        let deploy = sent("Deploy helper", "arn:aws:iam::1:user/deploy");
        assert_eq!(office.takes(std::slice::from_ref(&deploy)).await, [Seen::New]);
        let told = office.hears_of("Deploy helper").await;
        let shown = told.words();
        for words in ["No agent claims", "a service account in aws-iam", "dana@acme.example",
                      "created 2024-03-01", "nobody has said whose it is"] {
            assert!(shown.contains(words), "no “{words}” in {shown}");
        }
        let done = office.sam().decides(&told, "dismiss", ("because", "a toy of the build")).await;
        assert_eq!(done, SubmitOutcome::Closed);
        office.all_told("Deploy helper", "no agent, said by <@U0SAM>", false).await;
        office.all_told("Deploy helper", "a toy of the build", false).await;
        // Two clicks at once: the second says who was first.
        let said = office.sara().clicks_as_seen(SECURITY, &told, "discovery_put_off").await;
        assert!(said.contains("changed nothing") && said.contains("<@U0SAM>"), "{said}");
        // Seen again it stays dismissed, and nobody is told anew.
        assert_eq!(office.takes(&[deploy]).await, [Seen::Dismissed]);
        assert_eq!(office.notices("Deploy helper").len(), 1);
        assert_eq!(office.logged(|w| matches!(w, What::DiscoveryFound { .. })).await, 1);
        let log = serde_json::to_string(&office.log().await).expect("a log");
        assert!(!log.contains("a toy") && !log.contains("Deploy helper"), "free text in the log");
    }

    /// Whoever is not security's is told so kindly, and nothing changes.
    async fn only_security_decides(office) {
        office.takes(&[sent("Deploy helper", "arn:1")]).await;
        let told = office.hears_of("Deploy helper").await;
        for step in ["ask", "claim", "dismiss", "put_off"] {
            let clicked = office.dana().clicks(SECURITY, &told.ts, &format!("discovery_{step}")).await;
            assert!(clicked.contains("for security to say"), "{step}: {clicked}");
        }
        office.all_told("Deploy helper", "nobody has said whose it is", true).await;
        let said = office.dana().types("/agent discoveries").await;
        assert!(said.contains("1 unclaimed") && said.contains("Nothing of it is asked of you"), "{said}");
        assert!(!said.contains("Deploy helper"), "{said}");
        let said = office.person("U0GUS").types("/agent discoveries").await;
        assert!(!said.contains("unclaimed"), "{said}");
    }

    /// From the message to an agent with an owner: asked, registered, approved, claimed.
    async fn who_is_asked_registers_it(office) {
        office.takes(&[sent("Deploy helper", "arn:1")]).await;
        let told = office.hears_of("Deploy helper").await;
        // Whom its source names is offered.
        let form = office.sam().opens(SECURITY, &told.ts, "discovery_ask").await;
        assert!(json!(form.blocks).to_string().contains("U0DANA"), "{:?}", form.blocks);
        office.sam().fills("owner", "owner", json!("U0DANA")).await;
        assert_eq!(office.sam().sends().await, SubmitOutcome::Closed);
        office.all_told("Deploy helper", "<@U0SAM> asked <@U0DANA> to register it", true).await;
        let asked = office.dana().reads("asks you to register").await;
        let said = office.dana().types("/agent discoveries").await;
        assert!(said.contains("Security asks you") && said.contains("Deploy helper"), "{said}");
        let form = office.dana().opens(&office.dana().dm(), &asked.ts, "discovery_register").await;
        assert!(json!(form.blocks).to_string().contains("deploy-helper"), "{:?}", form.blocks);
        // The tier follows what is ticked, and the form stays the same form.
        let ticked = json!(["writes"]);
        office.workspace()
            .click_in_view("U0DANA", &form.id, "answers", "tier_answers", ticked).await.expect("ticks");
        for (field, text) in [("purpose", "deploys"), ("systems", "deploys"), ("model", "none")] {
            office.dana().fills(field, field, json!(text)).await;
        }
        office.workspace()
            .click_in_view("U0DANA", &form.id, "team", "team_choice", json!("support")).await.expect("a team");
        assert_eq!(office.dana().sends().await, SubmitOutcome::Closed);
        office.settled().await;
        office.all_told("Deploy helper", "registered it, and people decide: deploy-helper", false).await;
        let reference = office.dana().last_reference("deploy-helper").await;
        office.everybody_approves(&reference).await;
        office.all_told("Deploy helper", "it belongs to deploy-helper", false).await;
        let shown = office.dana().reads("You were asked to register").await;
        assert!(shown.action_ids().is_empty(), "{}", shown.words());
        assert!(matches!(
            &office.takes(&[sent("Deploy helper", "arn:1")]).await[..],
            [Seen::Claimed { agent, matched: None }] if agent.as_str() == "deploy-helper"
        ));
    }

    /// A registration that comes to nothing leaves it nobody's: security is told again.
    async fn a_registration_that_comes_to_nothing(office) {
        office.takes(&[sent("Deploy helper", "arn:1")]).await;
        let told = office.hears_of("Deploy helper").await;
        office.sam().decides(&told, "ask", ("owner", "U0DANA")).await;
        let asked = office.dana().reads("asks you to register").await;
        let form = office.dana().opens(&office.dana().dm(), &asked.ts, "discovery_register").await;
        for (field, text) in [("purpose", "deploys"), ("systems", "deploys"), ("model", "none")] {
            office.dana().fills(field, field, json!(text)).await;
        }
        office.workspace()
            .click_in_view("U0DANA", &form.id, "team", "team_choice", json!("support")).await.expect("a team");
        assert_eq!(office.dana().sends().await, SubmitOutcome::Closed);
        office.settled().await;
        let reference = office.dana().last_reference("deploy-helper").await;
        office.theo().denies(&reference, "not so").await;
        office.all_told("Deploy helper", "that was not approved", true).await;
        assert_eq!(office.notices("Deploy helper").len(), 2, "told again");
        assert_eq!(office.logged(|w| matches!(w, What::DiscoveryReopened { .. })).await, 1);
    }

    /// Who is asked hands it back; another is asked instead; each sees what is true for them.
    async fn it_is_not_mine(office) {
        office.takes(&[sent("Deploy helper", "arn:1")]).await;
        let told = office.hears_of("Deploy helper").await;
        let refused = office.sam().decides(&told, "ask", ("owner", "U0GUS")).await;
        assert!(matches!(&refused, SubmitOutcome::Errors(_)), "{refused:?}");
        office.sam().fills("owner", "owner", json!("U0DANA")).await;
        assert_eq!(office.sam().sends().await, SubmitOutcome::Closed);
        let asked = office.dana().reads("asks you to register").await;
        let dm = office.dana().dm();
        let said = office.dana().clicks(&dm, &asked.ts, "discovery_hand_back").await;
        assert!(said.contains("security is told"), "{said}");
        office.all_told("Deploy helper", "<@U0DANA> says that it is not theirs", true).await;
        let told = office.hears_of("Deploy helper").await;
        office.sara().decides(&told, "ask", ("owner", "U0OMAR")).await;
        office.omar().reads("asks you to register").await;
        let said = office.dana().clicks_as_seen(&dm, &asked, "discovery_register").await;
        assert!(said.contains("asked of <@U0OMAR>"), "{said}");
        office.all_told("Deploy helper", "<@U0SARA> asked <@U0OMAR>", true).await;
    }

    /// Security knows whose it is.
    async fn it_belongs_to_an_agent(office) {
        office.dana().has_agent("support-agent", &[]).await;
        office.takes(&[sent("Deploy helper", "arn:1"), sent("Night job", "arn:2")]).await;
        let told = office.hears_of("Deploy helper").await;
        assert_eq!(office.sam().decides(&told, "claim", ("agent", "support-agent")).await, SubmitOutcome::Closed);
        office.all_told("Deploy helper", "it belongs to support-agent, said by <@U0SAM>", false).await;
        let said = office.sam().types("/agent discoveries").await;
        for words in ["1 registered agent", "1 claimed", "1 unclaimed", "Night job"] {
            assert!(said.contains(words), "no “{words}” in {said}");
        }
        // The same id elsewhere is the same agent's.
        let elsewhere = Finding { source: "aws-keys".into(), ..sent("Another", "arn:1") };
        assert!(matches!(&office.takes(&[elsewhere]).await[..], [Seen::Claimed { .. }]));
        office.all_told("Another", "something with the same id in aws-iam", true).await;
        assert!(office.sam().types("/agent show support-agent").await.contains("found belongs to it"));
    }

    /// What has an agent's name is the agent's by itself; that can be wrong, and is not done again.
    async fn the_same_name_is_the_same_agent(office) {
        office.dana().has_agent("deploy-helper", &[]).await;
        let deploy = sent("Deploy Helper", "arn:1");
        assert!(matches!(
            &office.takes(std::slice::from_ref(&deploy)).await[..], [Seen::Claimed { matched: Some(_), .. }]
        ));
        office.all_told("Deploy Helper", "because it has the same name", true).await;
        let told = office.hears_of("Deploy Helper").await;
        let said = office.dana().clicks(SECURITY, &told.ts, "discovery_correct").await;
        assert!(said.contains("for security to say"), "{said}");
        office.sam().clicks(SECURITY, &told.ts, "discovery_correct").await;
        office.all_told("Deploy Helper", "not the agent's whose it was taken for", true).await;
        assert_eq!(office.takes(&[deploy]).await, [Seen::Known]);
        // The other way round: registering an agent of that name.
        office.takes(&[sent("Night job", "arn:2")]).await;
        office.dana().has_agent("night-job", &[]).await;
        office.all_told("Night job", "it belongs to night-job, because it has the same name", true).await;
    }

    /// "Remind me": told again when the time has come, and not if it is decided by then.
    async fn told_again_later(office) {
        office.takes(&[sent("Deploy helper", "arn:1"), sent("Night job", "arn:2")]).await;
        for name in ["Deploy helper", "Night job"] {
            let told = office.hears_of(name).await;
            let said = office.sam().clicks(SECURITY, &told.ts, "discovery_put_off").await;
            assert!(said.contains("nothing to do until then"), "{said}");
        }
        office.settled().await;
        let told = office.hears_of("Night job").await;
        assert!(!told.action_ids().contains(&"discovery_put_off".to_owned()));
        office.sam().decides(&told, "dismiss", ("because", "no model in it")).await;
        office.advance("6d").await;
        assert_eq!(office.notices("Deploy helper").len(), 1);
        office.advance("2d").await;
        assert_eq!(office.notices("Deploy helper").len(), 2);
        assert_eq!(office.notices("Night job").len(), 1);
        office.all_told("Deploy helper", "nobody has said whose it is", true).await;
        // Who is asked and does not answer: security hears of it.
        let told = office.hears_of("Deploy helper").await;
        office.sam().decides(&told, "ask", ("owner", "U0DANA")).await;
        office.advance("8d").await;
        assert_eq!(office.notices("Deploy helper").len(), 3);
        office.all_told("Deploy helper", "asked <@U0DANA> to register it", true).await;
    }

    /// Many at once are one message, which is kept true; each can be decided from the list.
    async fn many_at_once_are_one_message(office) {
        // A sweep tells what it finds untold, and would tell half of them by itself.
        office.looked_outside().await;
        let many: Vec<Finding> =
            (0..120).map(|n| sent(&format!("Job {n:03}"), &format!("arn:{n}"))).collect();
        let seen = office.takes(&many).await;
        assert!(seen.iter().all(|seen| *seen == Seen::New));
        let told = office.notices("found at once");
        assert_eq!(told.len(), 1);
        let shown = told[0].words();
        assert!(shown.contains("120 new things") && shown.contains("… and 115 more"), "{shown}");
        assert!(office.notices("Id").is_empty(), "no message each");
        let list = office.sam().clicks(SECURITY, &told[0].ts, "discoveries").await;
        assert!(list.contains("120 unclaimed") && list.contains("Job "), "{list}");
        let seen = office.workspace().visible_to("U0SAM", SECURITY);
        let list = seen.iter().rev().find(|m| m.ephemeral_to.is_some()).expect("the list").clone();
        let said = office.sam().clicks(SECURITY, &list.ts, "discovery_put_off").await;
        assert!(said.contains("Told again"), "{said}");
        office.sam().opens(SECURITY, &list.ts, "discovery_dismiss").await;
        office.sam().fills("because", "because", json!("no model")).await;
        assert_eq!(office.sam().sends().await, SubmitOutcome::Closed);
        office.settled().await;
        let shown = office.notices("found at once")[0].words();
        assert!(shown.contains("no agent claims 119 of them"), "{shown}");
    }

    /// The agent it belonged to is no more, and it is still seen: nobody's again.
    async fn its_agent_is_no_more(office) {
        office.dana().has_agent("support-agent", &[]).await;
        let deploy = sent("Deploy helper", "arn:1");
        office.takes(std::slice::from_ref(&deploy)).await;
        let told = office.hears_of("Deploy helper").await;
        office.sam().decides(&told, "claim", ("agent", "support-agent")).await;
        let (agent, now) = (office.agent("support-agent").await, office.now());
        let retired = agent.retire(By::System, "done".into(), now).expect("retired");
        office.store().await
            .write(move |tx| Box::pin(async move { tx.update_agent(&retired).await })).await.expect("kept");
        assert_eq!(office.takes(&[deploy]).await, [Seen::Known]);
        office.all_told("Deploy helper", "is no more, and it is still there", true).await;
        assert_eq!(office.notices("Deploy helper").len(), 2, "told again");
    }

    /// Two of security decide at the same moment: whatever comes first, the end is the end.
    async fn one_security_decides_at_once(office) {
        office.takes(&[sent("Deploy helper", "arn:1")]).await;
        let told = office.hears_of("Deploy helper").await;
        let (sam, sara) = (office.sam(), office.sara());
        sam.opens(SECURITY, &told.ts, "discovery_dismiss").await;
        sara.opens(SECURITY, &told.ts, "discovery_ask").await;
        sam.fills("because", "because", json!("a toy")).await;
        sara.fills("owner", "owner", json!("U0DANA")).await;
        let (one, two) = tokio::join!(sam.sends(), sara.sends());
        assert_eq!((one, two), (SubmitOutcome::Closed, SubmitOutcome::Closed));
        office.settled().await;
        let decided = office.logged(|w| matches!(w, What::DiscoveryDismissed { .. })).await;
        let asked = office.logged(|w| matches!(w, What::DiscoveryAsked { .. })).await;
        // Dismissed is the end; asked is not, so both may count, in this order alone.
        assert_eq!(decided, 1);
        assert!(asked <= 1);
        office.all_told("Deploy helper", "no agent, said by <@U0SAM>", false).await;
    }
}

stories_of! {
    |setup| setup.discovers = true;

    /// The workspace is looked through at the start: its bot is found, once, and not ourselves.
    async fn the_workspace_is_looked_through(office) {
        let told = office.hears_of("Robo").await;
        let shown = told.words();
        for words in ["a bot in this workspace", "U0ROBO", "app A0ROBO"] {
            assert!(shown.contains(words), "no “{words}” in {shown}");
        }
        office.sam().decides(&told, "dismiss", ("because", "it only posts the menu")).await;
        office.advance("2d").await;
        office.stop().await;
        office.start().await;
        office.settled().await;
        assert_eq!(office.logged(|w| matches!(w, What::DiscoveryFound { .. })).await, 1);
        assert_eq!(office.notices("in this workspace").len(), 1);
        assert!(office.notices("Slackbot").is_empty());
    }

    /// A bot that comes is told of at once; one that is deleted is gone, and back again it is told anew.
    async fn bots_come_and_go(office) {
        office.hears_of("Robo").await;
        let helper = seed::bot("U0HELP", "helper", "Helper bot", "B0HELP", "A0HELP");
        office.workspace().arrive(helper);
        let told = office.hears_of("Helper bot").await;
        office.workspace().arrive(seed::member("U0NEW", "new", "New Person", "Developer"));
        let steps = seed::bot("U0STEPS", "steps", "Onboarding steps", "B0STEPS", "A0STEPS");
        let steps = countersign::sandbox::model::Person { kind: PersonKind::WorkflowBot, ..steps };
        office.workspace().arrive(steps);
        assert!(office.hears_of("Onboarding steps").await.words().contains("a workflow"));
        office.workspace().set_person_kind("U0HELP", PersonKind::Deactivated).expect("deleted");
        office.until("its end", || {
            office.notices("Helper bot").iter().any(|m| m.words().contains("gone")).then_some(())
        }).await;
        let said = office.sam().clicks_as_seen(SECURITY, &told, "discovery_put_off").await;
        assert!(said.contains("gone"), "{said}");
        office.workspace().set_person_kind("U0HELP", PersonKind::Bot).expect("back");
        office.until("its return", || {
            (office.notices("it was gone, and is back").len() == 2).then_some(())
        }).await;
        office.settled().await;
        assert!(office.notices("New Person").is_empty(), "people are no bots");
        assert_eq!(office.logged(|w| matches!(w, What::DiscoveryGone { .. })).await, 1);
    }

    /// Slack takes its time with everybody: what is due meanwhile is done all the same. Whatever dies
    /// over it, it is looked again.
    async fn a_slow_look_holds_nothing_up(office) {
        office.hears_of("Robo").await;
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        dana.gets("support-agent-v2", "database:read", "2h").await;
        let faults = office.sandbox.faults();
        faults.inject("users.list", Fault::Hang, Lasting::UntilCleared);
        office.workspace().change_model(|model| model.people.retain(|p| p.id != "U0ROBO"));
        office.clock.advance(chrono::TimeDelta::days(1));
        office.wake().await;
        let ended = || office.posted("C0SUPPORT", "no longer has database : read").pop();
        office.until("the grant's end", ended).await;
        let store = office.store().await;
        let due = store.read().await.expect("a session").deadlines_about("sweep").await;
        assert!(due.expect("the deadlines").iter().any(|due| due.at <= office.now()), "not done");
        assert!(office.notices("Found, and gone").is_empty());
        office.stop().await;
        faults.clear();
        office.start().await;
        office.until("its end", || office.notices("Found, and gone").pop()).await;
    }

    /// What left the workspace without a word is missed by the daily look.
    async fn what_is_missing_is_gone(office) {
        office.hears_of("Robo").await;
        office.workspace().change_model(|model| model.people.retain(|p| p.id != "U0ROBO"));
        office.clock.advance(chrono::TimeDelta::days(1));
        office.settled().await;
        office.until("its end", || office.notices("Found, and gone").pop()).await;
    }
}

/// What the policy passes over is neither told nor kept, wherever it is found.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_policy_passes_over_is_passed_over() {
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/policy");
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["policy.toml", "rules.cedar", "schema.cedarschema"] {
        let text = std::fs::read_to_string(from.join(name)).expect("a file");
        let text = text.replace("ignore       = []", "ignore       = [\"u0robo\", \"build-*\"]");
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let policy = Some(folder.path().to_owned());
    let office = Office::set_up(Setup { policy, ..Setup::on(Engine::Sqlite) }).await;
    let seen = office.takes(&[sent("build-nightly", "arn:1"), sent("Night job", "arn:2")]).await;
    assert_eq!(seen, [Seen::Ignored, Seen::New]);
    office.hears_of("Night job").await;
    office.looked_outside().await;
    office.settled().await;
    assert!(office.notices("Robo").is_empty());
    assert_eq!(office.logged(|w| matches!(w, What::DiscoveryFound { .. })).await, 1);
    office.close().await;
}

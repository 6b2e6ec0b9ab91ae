//! Registering an agent.

use countersign::domain::event::What;
use countersign::sandbox::SubmitOutcome;
use serde_json::json;

use crate::support::{Answers, starter_with};
use crate::{stories, stories_of_both};

stories! {
    /// A read-only agent: the team lead says yes, and it is at work.
    async fn a_read_only_agent_needs_its_team_lead(office) {
        let (dana, theo) = (office.dana(), office.theo());
        dana.registers("support-agent-v2", &[]).await;
        let reference = dana.last_reference("support-agent-v2").await;
        assert!(theo.is_asked(&reference).await);
        assert!(!office.sam().is_asked(&reference).await);
        let answer = theo.approves(&reference).await;
        assert!(answer.contains("last yes"), "{answer}");
        dana.reads("is registered").await;
        let shown = dana.types("/agent show support-agent-v2").await;
        assert!(shown.contains("at work"), "{shown}");
    }

    /// Tier 3 takes security, compliance and the VP: three people.
    async fn tier_three_takes_three_people(office) {
        let dana = office.dana();
        dana.registers("refund-bot", &["money"]).await;
        let reference = dana.last_reference("refund-bot").await;
        assert!(!office.theo().is_asked(&reference).await);
        for person in [office.sara(), office.vera()] {
            person.approves(&reference).await;
            let shown = dana.types("/agent show refund-bot").await;
            assert!(shown.contains("waiting for approval"), "{shown}");
        }
        office.cleo().approves(&reference).await;
        let shown = dana.types("/agent show refund-bot").await;
        assert!(shown.contains("at work"), "{shown}");
    }

    /// What is wrong is said on the field, and the form stays.
    async fn what_is_wrong_is_said_on_the_field(office) {
        let dana = office.dana();
        dana.has_agent("support-agent-v2", &[]).await;
        dana.types("/agent register support-agent-v2").await;
        dana.fills("purpose", "purpose", json!(" \u{202E} ")).await;
        for field in ["systems", "runs_on", "model"] {
            dana.fills(field, field, json!("x")).await;
        }
        let SubmitOutcome::Errors(errors) = dana.sends().await else { panic!("no errors") };
        assert!(errors["name"].contains("already"), "{errors:?}");
        assert!(errors.contains_key("purpose"), "{errors:?}");
        dana.fills("name", "name", json!("Not A Name!")).await;
        let SubmitOutcome::Errors(errors) = dana.sends().await else { panic!("no errors") };
        assert!(errors["name"].contains("not-a-name"), "{errors:?}");
    }

    /// Where nobody could decide, the form says so and stays, with everything that was filled in; once
    /// somebody can, it is sent as it is.
    async fn what_cannot_be_decided_leaves_the_form_open(office) {
        let dana = office.dana();
        office.workspace().set_group_members("S0SUPPORTLEADS", &[]).expect("the group");
        let sent = dana.registers_with("support-agent-v2", Answers::default()).await;
        let SubmitOutcome::Errors(errors) = sent else { panic!("{sent:?}") };
        assert!(errors["team"].contains("Nobody could decide this"), "{errors:?}");
        assert!(errors["team"].contains("team lead"), "{errors:?}");
        office.settled().await;
        assert_eq!(office.posted("C0SECURITY", "nobody can decide it").len(), 1);
        office.workspace().set_group_members("S0SUPPORTLEADS", &["U0THEO"]).expect("the group");
        let sent = dana.sends().await;
        assert_eq!(sent, SubmitOutcome::Closed);
        let reference = dana.last_reference("support-agent-v2").await;
        office.theo().approves(&reference).await;
        dana.reads("is registered").await;
    }

    /// Another person can be named as the owner, and must agree.
    async fn a_named_owner_must_agree(office) {
        let dana = office.dana();
        let answers = Answers { owner: Some("U0OMAR"), ..Answers::default() };
        dana.registers_with("support-agent-v2", answers).await;
        let reference = dana.last_reference("support-agent-v2").await;
        office.theo().approves(&reference).await;
        let shown = dana.types("/agent show support-agent-v2").await;
        assert!(shown.contains("waiting for approval"), "{shown}");
        office.omar().accepts(&reference).await;
        let shown = dana.types("/agent show support-agent-v2").await;
        assert!(shown.contains("at work"), "{shown}");
    }

    /// The tier follows from the answers and is shown, with who decides, before the form is sent.
    async fn the_tier_is_shown_before_sending(office) {
        let dana = office.dana();
        dana.types("/agent register support-agent-v2").await;
        let shown = |form: &countersign::sandbox::model::View| json!(form.blocks).to_string();
        let form = dana.form().await;
        assert!(shown(&form).contains("support-agent-v2"), "the typed name is not in the form");
        assert!(shown(&form).contains("team lead"), "{}", shown(&form));
        let workspace = office.workspace();
        for (ticked, tier, who) in [
            (json!(["writes"]), "Tier 2", "security and team lead"),
            (json!(["writes", "money"]), "Tier 3", "security, compliance and VP"),
            (json!([]), "Tier 1", "team lead"),
        ] {
            let before = dana.form().await.hash;
            workspace
                .click_in_view(dana.id, &form.id, "answers", "tier_answers", ticked)
                .await
                .expect("ticks");
            let changed = office.until("another form", || {
                workspace.modal(dana.id).filter(|form| form.hash != before)
            });
            let shown = shown(&changed.await);
            assert!(shown.to_lowercase().contains(&tier.to_lowercase()), "no {tier} in {shown}");
            assert!(shown.contains(who), "no {who} in {shown}");
        }
    }

    /// An owner is a full, active member: nobody else can be named.
    async fn an_owner_is_a_full_member(office) {
        for (owner, why) in
            [("U0GUS", "guest"), ("U0DORA", "deactivated"), ("U0ROBO", "bot")]
        {
            let answers = Answers { owner: Some(owner), ..Answers::default() };
            let sent = office.dana().registers_with("support-agent-v2", answers).await;
            let SubmitOutcome::Errors(errors) = sent else { panic!("{owner} may own: {sent:?}") };
            assert!(errors["owner"].contains(why), "{errors:?}");
            let form = office.dana().form().await;
            office.workspace().close("U0DANA", &form.id).expect("closes");
        }
    }

    /// The form that Slack delivers twice registers once.
    async fn a_form_delivered_twice_registers_once(office) {
        office.sandbox.faults().deliver_twice(8);
        office.dana().registers("support-agent-v2", &["writes"]).await;
        let opened = |what: &What| matches!(what, What::RequestOpened { .. });
        assert_eq!(office.logged(opened).await, 1);
        assert_eq!(office.posted("C0APPROVALS", "support-agent-v2").len(), 1);
    }
}

/// Agents that only read are registered without people, as the starter policy proposes it.
fn readers_by_rule() -> std::path::PathBuf {
    let rule = "# [[without_people]]\n# name = \"read-only agents\"\n# ask  = \"registration\"\n# tier = 1\n";
    starter_with(&[(rule, &rule.replace("# ", ""))])
}

stories_of_both! {
    |setup| setup.policy = Some(super::readers_by_rule());

    /// The policy says yes: the answer is there at once and names the rule, the approvals channel is
    /// told, nobody is asked, and the agent is at work.
    async fn the_policy_may_register_without_people(office) {
        let dana = office.dana();
        dana.types("/agent register support-agent-v2").await;
        let form = dana.form().await;
        assert!(json!(form.blocks).to_string().contains("the policy itself, at once"));
        office.workspace().close(dana.id, &form.id).expect("closes");
        dana.registers("support-agent-v2", &[]).await;
        let answer = dana.hears("is registered and at work").await.words();
        assert!(answer.contains("by the policy’s rule “read-only agents”"), "{answer}");
        assert_eq!(dana.inbox().len(), 1, "once is enough");
        assert!(office.agent("support-agent-v2").await.is_active());
        let reference = dana.last_reference("support-agent-v2").await;
        let told = office.posted("C0APPROVALS", &reference);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].words().contains("read-only agents"), "{}", told[0].words());
        for person in [office.theo(), office.tina(), office.sam()] {
            assert!(!person.is_asked(&reference).await);
        }
        let registered = office.logged(|what| {
            matches!(what, What::RequestApproved { rule: Some(rule), people, .. }
                if rule == "read-only agents" && people.is_empty())
        });
        assert_eq!(registered.await, 1);
        let activated = |what: &What| matches!(what, What::AgentActivated { .. });
        assert_eq!(office.logged(activated).await, 1);
        // It can ask for what it needs.
        let said = dana.asks("support-agent-v2", "database:read", "30m").await;
        assert!(said.contains("now has database : read"), "{said}");
    }

    /// Whoever is to answer for it must still want to, and an agent that writes goes to its people.
    async fn a_rule_replaces_the_approvers_only(office) {
        let dana = office.dana();
        let named = Answers { owner: Some("U0OMAR"), ..Answers::default() };
        dana.registers_with("support-agent-v2", named).await;
        office.settled().await;
        let reference = dana.last_reference("support-agent-v2").await;
        assert!(!office.agent("support-agent-v2").await.is_active());
        assert!(!office.theo().is_asked(&reference).await);
        office.omar().accepts(&reference).await;
        office.settled().await;
        assert!(office.agent("support-agent-v2").await.is_active());
        dana.registers("writing-agent", &["writes"]).await;
        let reference = dana.last_reference("writing-agent").await;
        assert!(office.theo().is_asked(&reference).await);
        assert!(!office.agent("writing-agent").await.is_active());
    }
}

//! Registering an agent.

use countersign::sandbox::SubmitOutcome;
use serde_json::json;

use crate::stories;
use crate::support::Answers;

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
}

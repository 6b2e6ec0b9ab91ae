//! What is wrong with an installation is named, with its cure.

use countersign::slack::wire::doctor::{Check, Named, SCOPES, checks};
use countersign::slack::wire::limits::Limits;

use super::desk::workspace;

fn named() -> Named {
    let list = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    Named {
        socket_mode: true,
        channels: list(&["C0APPROVALS", "C0SECURITY"]),
        digest: None,
        groups: list(&["S0SECURITY"]),
        people: list(&["U0VERA"]),
    }
}

fn find<'a>(all: &'a [Check], name: &str) -> &'a Check {
    all.iter().find(|check| check.name == name).unwrap_or_else(|| panic!("no {name} in {all:#?}"))
}

#[tokio::test]
async fn a_sound_installation_is_found_sound() {
    let (sandbox, client) = workspace(false, Limits::none(), |_| {}).await;
    sandbox.workspace().set_scopes(&SCOPES);
    let all = checks(&client, &named()).await;
    assert!(all.iter().all(|check| check.ok && check.cure.is_none()), "{all:#?}");
    assert_eq!(all.len(), 7, "{all:#?}");
    assert!(find(&all, "user group S0SECURITY").found.contains("3 people"));
}

#[tokio::test]
async fn every_fault_is_named_with_its_cure() {
    let (sandbox, client) = workspace(false, Limits::none(), |_| {}).await;
    let without: Vec<&str> = SCOPES.into_iter().filter(|scope| *scope != "chat:write").collect();
    let workspace = sandbox.workspace();
    workspace.set_scopes(&without);
    workspace.archive("C0DATA", true).unwrap();
    workspace.change_model(|model| {
        if let Some(group) = model.groups.get_mut("S0COMPLIANCE") {
            group.disabled = true;
        }
    });
    workspace.set_group_members("S0DATALEADS", &[]).unwrap();
    let list = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    let wrong = Named {
        socket_mode: true,
        channels: list(&["C0DATA", "C0LEADS", "C0NOSUCH", "C0PARTNERS"]),
        digest: Some("C0APPROVALS".to_owned()),
        groups: list(&["S0COMPLIANCE", "S0DATALEADS", "S0NOSUCH"]),
        people: list(&["U0GUS", "U0DORA", "U0OSCAR", "U0ROBO", "U0NOBODY"]),
    };
    let all = checks(&client, &wrong).await;
    for (name, found) in [
        ("scopes", "missing: chat:write"),
        ("weekly digest", "files:write is missing"),
        ("channel C0DATA", "archived"),
        ("channel C0LEADS", "cannot see"),
        ("channel C0NOSUCH", "cannot see"),
        ("user group S0COMPLIANCE", "disabled"),
        ("user group S0DATALEADS", "nobody"),
        ("user group S0NOSUCH", "not in this workspace"),
        ("person U0GUS", "guest"),
        ("person U0DORA", "deactivated"),
        ("person U0OSCAR", "another workspace"),
        ("person U0ROBO", "bot"),
        ("person U0NOBODY", "knows nobody"),
    ] {
        let check = find(&all, name);
        assert!(!check.ok && check.cure.is_some(), "{check:?}");
        assert!(check.found.contains(found), "{found} in {check:?}");
    }
    assert!(find(&all, "channel C0PARTNERS").ok, "shared with others, and fit to use");
}

/// Words go to every public channel, files only where the app is.
#[tokio::test]
async fn a_digest_without_its_picture_is_named() {
    let (sandbox, client) = workspace(false, Limits::none(), |_| {}).await;
    let digest = |channel: &str| Named { digest: Some(channel.to_owned()), ..Named::default() };
    let all = checks(&client, &digest("C0APPROVALS")).await;
    assert!(find(&all, "weekly digest").ok, "{all:#?}");
    sandbox.workspace().set_membership("C0PARTNERS", "U0COUNTERSIGN", false).unwrap();
    let all = checks(&client, &digest("C0PARTNERS")).await;
    let check = find(&all, "weekly digest");
    assert!(!check.ok && check.found.contains("not in C0PARTNERS"), "{check:?}");
    assert!(check.cure.as_deref().is_some_and(|cure| cure.contains("invite")), "{check:?}");
    drop(sandbox);
}

#[tokio::test]
async fn without_a_good_token_nothing_else_is_asked() {
    let (sandbox, client) =
        workspace(false, Limits::none(), |s| s.bot_token = "xoxb-wrong".into()).await;
    let all = checks(&client, &named()).await;
    let [only] = all.as_slice() else { panic!("more than one: {all:#?}") };
    assert!(!only.ok && only.found == "invalid_auth", "{only:?}");
    assert!(only.cure.as_deref().is_some_and(|cure| cure.contains("xoxb-")), "{only:?}");
    assert_eq!(sandbox.workspace().calls().len(), 1);

    let (sandbox, client) = workspace(false, Limits::none(), |s| s.app_token = None).await;
    sandbox.workspace().set_scopes(&SCOPES);
    let all = checks(&client, &named()).await;
    let check = find(&all, "slack.app_token");
    assert!(!check.ok && check.found.contains("not set"), "{check:?}");
}

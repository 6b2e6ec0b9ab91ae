//! The Web API: how it is called, what it answers, what it refuses.

use countersign::sandbox::seed::member;
use countersign::sandbox::{RateLimits, Sandbox, SandboxConfig, Seed};
use serde_json::{Value, json};

use crate::support::{call, card, config, error, http, ok, post_card, raw_call, sandbox};

#[tokio::test]
async fn get_form_and_json_are_the_same_call() {
    let sandbox = sandbox().await;
    let token = format!("Bearer {}", config().bot_token);
    let auth = ("authorization", token.as_str());
    let address = sandbox.address();
    let got = http(address, "GET", "/api/users.info?user=U0DANA", &[auth], vec![]).await.unwrap();
    assert_eq!(got.json()["user"]["name"], "dana");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let body = format!("user=U0DANA&token={}", config().bot_token).into_bytes();
    let got = http(address, "POST", "/api/users.info", &[form], body).await.unwrap();
    assert_eq!(got.json()["user"]["name"], "dana");
    let got = call(&sandbox, "users.info", json!({"user": "U0DANA"})).await;
    assert_eq!(got["user"]["name"], "dana");
    // JSON without a charset works, with a remark.
    let headers = [auth, ("content-type", "application/json")];
    let got = http(address, "POST", "/api/auth.test", &headers, b"{}".to_vec()).await.unwrap();
    assert_eq!(got.json()["warning"], "missing_charset");
    assert_eq!(got.json()["response_metadata"]["warnings"][0], "missing_charset");
}

#[tokio::test]
async fn tokens_and_scopes_are_looked_at() {
    let sandbox = sandbox().await;
    let address = sandbox.address();
    let no_token = http(address, "POST", "/api/auth.test", &[], vec![]).await.unwrap();
    let no_token = no_token.json();
    assert_eq!((&no_token["ok"], &no_token["error"]), (&json!(false), &json!("not_authed")));
    assert!(no_token["a_field_from_tomorrow"].is_object(), "a refusal has one, too");
    let wrong = [("authorization", "Bearer xoxb-nobody")];
    let wrong = http(address, "POST", "/api/auth.test", &wrong, vec![]).await.unwrap();
    assert_eq!(wrong.json()["error"], "invalid_auth");
    let app_token = format!("Bearer {}", config().app_token);
    let app_token = [("authorization", app_token.as_str())];
    let app_token = http(address, "POST", "/api/auth.test", &app_token, vec![]).await.unwrap();
    assert_eq!(app_token.json()["error"], "not_allowed_token_type");
    assert_eq!(error(&sandbox, "apps.connections.open", json!({})).await, "not_allowed_token_type");
    assert_eq!(error(&sandbox, "no.such", json!({})).await, "unknown_method");

    let got = raw_call(&sandbox, "users.info", &json!({"user": "U0DANA"})).await.unwrap();
    assert!(got.headers["x-oauth-scopes"].contains("chat:write"), "{got:?}");
    assert_eq!(got.json()["user"]["profile"]["email"], "dana@acme.example");
    sandbox.workspace().set_scopes(&["users:read", "chat:write"]);
    let got = call(&sandbox, "users.info", json!({"user": "U0DANA"})).await;
    assert_eq!(got["user"]["profile"].get("email"), None, "users:read.email is a scope of its own");
    let refused = call(&sandbox, "usergroups.list", json!({})).await;
    assert_eq!(refused["error"], "missing_scope");
    assert_eq!(refused["needed"], "usergroups:read");
    assert_eq!(refused["provided"], "users:read,chat:write");

    sandbox.workspace().revoke_token(&config().bot_token);
    assert_eq!(error(&sandbox, "auth.test", json!({})).await, "token_revoked");
}

#[tokio::test]
async fn people_are_told_apart_as_slack_tells_them_apart() {
    let sandbox = sandbox().await;
    let user =
        async |id: &str| ok(&sandbox, "users.info", json!({"user": id})).await["user"].clone();
    assert_eq!(user("U0DANA").await["is_restricted"], false);
    assert_eq!(user("U0GUS").await["is_restricted"], true);
    assert_eq!(user("U0GINA").await["is_ultra_restricted"], true);
    assert_eq!(user("U0DORA").await["deleted"], true);
    assert_eq!(user("U0ROBO").await["is_bot"], true);
    assert_eq!(user("USLACKBOT").await["is_bot"], false, "Slack says so of its own bot");
    let oscar = user("U0OSCAR").await;
    assert_eq!(oscar["team_id"], "T0OTHER");
    assert_eq!(oscar["is_stranger"], false, "he shares a channel with the app");
    assert_eq!(oscar["profile"].get("email"), None);
    assert_eq!(error(&sandbox, "users.info", json!({"user": "U0NOBODY"})).await, "user_not_found");
    let by_email = json!({"email": "DANA@acme.example"});
    assert_eq!(ok(&sandbox, "users.lookupByEmail", by_email).await["user"]["id"], "U0DANA");
    let gone = json!({"email": "dora@acme.example"});
    assert_eq!(error(&sandbox, "users.lookupByEmail", gone).await, "users_not_found");
    let all = ok(&sandbox, "users.list", json!({})).await;
    assert!(all["members"].as_array().unwrap().len() >= 14);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let mut seed = Seed::acme();
    for n in 0..120 {
        seed = seed.with_person(member(&format!("U1P{n}"), &format!("p{n}"), "P", ""));
    }
    let sandbox = Sandbox::start(SandboxConfig { seed, ..config() }).await.unwrap();
    let mut cursor = String::new();
    let mut seen = Vec::new();
    loop {
        let page = ok(&sandbox, "users.list", json!({"limit": 50, "cursor": cursor})).await;
        let members = page["members"].as_array().unwrap().clone();
        assert!(members.len() <= 50);
        seen.extend(members);
        cursor = page["response_metadata"]["next_cursor"].as_str().unwrap().to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(seen.len(), 135);
    assert_eq!(error(&sandbox, "users.list", json!({"cursor": "x"})).await, "invalid_cursor");
}

#[tokio::test]
async fn user_groups_have_members_who_may_have_left() {
    let sandbox = sandbox().await;
    let members = ok(&sandbox, "usergroups.users.list", json!({"usergroup": "S0SECURITY"})).await;
    assert_eq!(members["users"], json!(["U0SAM", "U0SARA", "U0DORA"]));
    let unknown = json!({"usergroup": "S0NONE"});
    assert_eq!(error(&sandbox, "usergroups.users.list", unknown).await, "no_such_subteam");
    sandbox.workspace().change_model(|model| {
        model.groups.get_mut("S0SECURITY").unwrap().disabled = true;
    });
    let disabled = json!({"usergroup": "S0SECURITY"});
    assert_eq!(error(&sandbox, "usergroups.users.list", disabled).await, "no_such_subteam");
    let with =
        ok(&sandbox, "usergroups.list", json!({"include_disabled": true, "include_count": true}));
    let with = with.await;
    let groups = with["usergroups"].as_array().unwrap();
    let security = groups.iter().find(|group| group["id"] == "S0SECURITY").unwrap();
    assert!(security["date_delete"].as_i64().unwrap() > 0);
    assert_eq!(security["user_count"], "3", "Slack sends this number as text");
}

#[tokio::test]
async fn messages_go_where_the_app_may_write() {
    let sandbox = sandbox().await;
    let workspace = sandbox.workspace();
    let posting = |channel: &str| json!({"channel": channel, "text": "x"});
    let post = async |channel: &str| error(&sandbox, "chat.postMessage", posting(channel)).await;
    assert_eq!(post("C0NONE").await, "channel_not_found");
    assert_eq!(post("C0LEADS").await, "channel_not_found", "a private channel it is not in");
    assert_eq!(post("U0DORA").await, "channel_not_found");
    assert_eq!(
        error(&sandbox, "chat.postMessage", json!({"channel": "C0GENERAL"})).await,
        "no_text"
    );
    ok(&sandbox, "chat.postMessage", posting("#general")).await;
    workspace.set_membership("C0DATA", "U0COUNTERSIGN", false).unwrap();
    ok(&sandbox, "chat.postMessage", posting("C0DATA")).await;
    workspace.set_scopes(&["chat:write"]);
    assert_eq!(post("C0DATA").await, "not_in_channel", "without chat:write.public");
    workspace.archive("C0GENERAL", true).unwrap();
    assert_eq!(post("C0GENERAL").await, "is_archived");
    // To a person: the answer names the channel that messages are changed in.
    let posted = ok(&sandbox, "chat.postMessage", posting("U0DANA")).await;
    assert_eq!(posted["channel"], workspace.dm_with_bot("U0DANA"));
    let ts = posted["ts"].clone();
    let by_user = json!({"channel": "U0DANA", "ts": ts, "text": "y"});
    assert_eq!(error(&sandbox, "chat.update", by_user).await, "channel_not_found");
    ok(&sandbox, "chat.update", json!({"channel": posted["channel"], "ts": ts, "text": "y"})).await;
}

#[tokio::test]
async fn conversations_are_opened_with_those_who_can_be_written_to() {
    let sandbox = sandbox().await;
    let open = |user: &str| json!({"users": user});
    let id = ok(&sandbox, "conversations.open", open("U0DANA")).await["channel"]["id"].clone();
    assert!(id.as_str().unwrap().starts_with('D'));
    let again = ok(&sandbox, "conversations.open", open("U0DANA")).await;
    assert_eq!((&again["channel"]["id"], &again["already_open"]), (&id, &json!(true)));
    for (user, code) in [
        ("U0DORA", "user_disabled"),
        ("U0ROBO", "cannot_dm_bot"),
        ("U0NOBODY", "user_not_found"),
        ("", "users_list_not_supplied"),
    ] {
        assert_eq!(error(&sandbox, "conversations.open", open(user)).await, code, "{user}");
    }
    let partners = ok(&sandbox, "conversations.info", json!({"channel": "C0PARTNERS"})).await;
    assert_eq!(partners["channel"]["is_ext_shared"], true);
    let dm = json!({"channel": id});
    assert_eq!(error(&sandbox, "conversations.info", dm).await, "missing_scope", "im:read");
}

#[tokio::test]
async fn messages_are_changed_only_by_their_author_and_only_while_they_are_there() {
    let sandbox = sandbox().await;
    let workspace = sandbox.workspace();
    let ts = post_card(&sandbox, "C0APPROVALS").await;
    let at = |ts: &str| json!({"channel": "C0APPROVALS", "ts": ts, "text": "done"});
    let updated = ok(&sandbox, "chat.update", at(&ts)).await;
    assert_eq!(updated["message"].get("blocks"), None, "a text without blocks takes them away");
    let message = &workspace.messages("C0APPROVALS")[0];
    assert_eq!((message.text.as_str(), &message.blocks), ("done", &None));
    let long = json!({"channel": "C0APPROVALS", "ts": ts, "text": "x".repeat(4001)});
    assert_eq!(error(&sandbox, "chat.update", long).await, "msg_too_long");
    let theirs = workspace.say("U0DANA", "C0APPROVALS", "mine").unwrap();
    assert_eq!(error(&sandbox, "chat.update", at(&theirs.ts)).await, "cant_update_message");
    assert_eq!(error(&sandbox, "chat.delete", at(&theirs.ts)).await, "cant_delete_message");
    workspace.delete_message("C0APPROVALS", &ts).unwrap();
    assert_eq!(error(&sandbox, "chat.update", at(&ts)).await, "message_not_found");
    let link = json!({"channel": "C0APPROVALS", "message_ts": theirs.ts});
    let link = ok(&sandbox, "chat.getPermalink", link).await["permalink"].clone();
    let digits = theirs.ts.replace('.', "");
    assert_eq!(link, format!("https://acme.slack.com/archives/C0APPROVALS/p{digits}"));
}

#[tokio::test]
async fn ephemeral_messages_are_for_one_pair_of_eyes() {
    let sandbox = sandbox().await;
    let workspace = sandbox.workspace();
    let to = |user: &str| json!({"channel": "C0APPROVALS", "user": user, "text": "psst"});
    let ts = ok(&sandbox, "chat.postEphemeral", to("U0DANA")).await["message_ts"].clone();
    assert_eq!(workspace.visible_to("U0DANA", "C0APPROVALS").len(), 1);
    assert_eq!(workspace.visible_to("U0THEO", "C0APPROVALS").len(), 0);
    for user in ["U0GUS", "U0DORA", "U0NOBODY"] {
        let refused = error(&sandbox, "chat.postEphemeral", to(user)).await;
        assert_eq!(refused, "user_not_in_channel", "{user}");
    }
    let change = json!({"channel": "C0APPROVALS", "ts": ts, "text": "y"});
    assert_eq!(error(&sandbox, "chat.update", change).await, "message_not_found");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_a_reason() {
    let sandbox = sandbox().await;
    let long = json!([{"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(3001)}}]);
    for blocks in [long.clone(), Value::String(long.to_string())] {
        let args = json!({"channel": "C0GENERAL", "text": "x", "blocks": blocks});
        let refused = call(&sandbox, "chat.postMessage", args).await;
        assert_eq!(refused["error"], "invalid_blocks");
        assert_eq!(
            refused["response_metadata"]["messages"][0],
            "[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
        );
    }
    let no_list = json!({"channel": "C0GENERAL", "text": "x", "blocks": "{"});
    assert_eq!(error(&sandbox, "chat.postMessage", no_list).await, "invalid_blocks_format");
    let metadata = json!({"channel": "C0GENERAL", "text": "x", "metadata": {"event_type": "x"}});
    assert_eq!(error(&sandbox, "chat.postMessage", metadata).await, "invalid_metadata_schema");
    let huge = json!({"channel": "C0GENERAL", "text": "ä".repeat(40_001)});
    let cut = ok(&sandbox, "chat.postMessage", huge).await;
    assert_eq!(cut["message"]["text"].as_str().unwrap().chars().count(), 40_000);
    assert_eq!(cut["warning"], "message_truncated");
    ok(&sandbox, "blocks.validate", json!({"blocks": card()})).await;
}

#[tokio::test]
async fn one_message_a_second_a_channel_after_a_short_burst() {
    let strict = SandboxConfig { rate_limits: RateLimits::Strict, ..config() };
    let sandbox = Sandbox::start(strict).await.unwrap();
    let post = async |channel: &str| {
        let args = json!({"channel": channel, "text": "x"});
        raw_call(&sandbox, "chat.postMessage", &args).await.unwrap()
    };
    let mut refused = None;
    for _ in 0..10 {
        let got = post("C0GENERAL").await;
        if got.status == 429 {
            refused = Some(got);
            break;
        }
    }
    let refused = refused.expect("ten messages at once are too many for one channel");
    assert_eq!(refused.headers["retry-after"], "1");
    assert_eq!(refused.json(), json!({"ok": false, "error": "ratelimited"}));
    assert_eq!(post("C0SUPPORT").await.status, 200, "another channel takes messages");
    let list = async || raw_call(&sandbox, "usergroups.list", &json!({})).await.unwrap().status;
    let mut answers = Vec::new();
    for _ in 0..25 {
        answers.push(list().await);
    }
    assert!(answers.contains(&429), "a method of tier 2 takes 20 a minute: {answers:?}");
    sandbox.workspace().set_rate_limits(RateLimits::Off);
    assert_eq!(post("C0GENERAL").await.status, 200);
}

#[tokio::test]
async fn an_installation_for_the_organisation_names_the_workspace_in_each_call() {
    let wide = SandboxConfig { org_wide_install: true, ..config() };
    let sandbox = Sandbox::start(wide).await.unwrap();
    let auth = ok(&sandbox, "auth.test", json!({})).await;
    assert_eq!(auth["is_enterprise_install"], true);
    assert_eq!(auth["enterprise_id"], "E0ACME");
    assert_eq!(error(&sandbox, "usergroups.list", json!({})).await, "missing_argument");
    ok(&sandbox, "usergroups.list", json!({"team_id": "T0ACME"})).await;
    let other = json!({"team_id": "T0OTHER"});
    assert_eq!(error(&sandbox, "users.list", other).await, "team_access_not_granted");
}

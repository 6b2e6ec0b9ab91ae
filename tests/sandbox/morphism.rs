//! A third reader: the Rust client decodes every answer into its own types.

use countersign::sandbox::Sandbox;
use serde_json::json;
use slack_morphism::errors::SlackClientError;
use slack_morphism::prelude::*;

use crate::support::{card, config, form, sandbox};

type Client = SlackClient<SlackClientHyperHttpsConnector>;

fn client(sandbox: &Sandbox) -> (Client, SlackApiToken) {
    // Another test of this process may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let https = hyper_rustls::HttpsConnectorBuilder::new()
        .with_native_roots()
        .unwrap()
        .https_or_http()
        .enable_http1()
        .build();
    let connector = SlackClientHyperHttpsConnector::with_connector(https)
        .with_slack_api_url(&sandbox.api_url());
    (SlackClient::new(connector), SlackApiToken::new(SlackApiTokenValue(config().bot_token)))
}

#[tokio::test]
async fn every_answer_is_understood() {
    let sandbox = sandbox().await;
    let (client, token) = client(&sandbox);
    let session = client.open_session(&token);
    let auth = session.auth_test().await.unwrap();
    assert_eq!(auth.user_id.0, "U0COUNTERSIGN");
    for id in ["U0DANA", "U0GUS", "U0DORA", "U0OSCAR", "U0ROBO", "USLACKBOT"] {
        let request = SlackApiUsersInfoRequest::new(id.into());
        assert_eq!(session.users_info(&request).await.unwrap().user.id.0, id);
    }
    let everybody = session.users_list(&SlackApiUsersListRequest::new()).await.unwrap();
    assert!(everybody.members.len() >= 14);
    let request = SlackApiUserGroupsUsersListRequest::new("S0COMPLIANCE".into());
    let members = session.usergroups_users_list(&request).await.unwrap();
    assert_eq!(members.users[0].0, "U0CLEO");
    let request = SlackApiConversationsOpenRequest::new().with_users(vec!["U0DANA".into()]);
    let dm = session.conversations_open(&request).await.unwrap().channel.id;
    let request = SlackApiConversationsInfoRequest::new("C0PARTNERS".into());
    let partners = session.conversations_info(&request).await.unwrap().channel;
    assert_eq!(partners.id.0, "C0PARTNERS");

    let blocks: Vec<SlackBlock> = serde_json::from_value(card()).unwrap();
    let content = SlackMessageContent::new().with_text("hello".into()).with_blocks(blocks);
    let request = SlackApiChatPostMessageRequest::new(dm, content.clone());
    let posted = session.chat_post_message(&request).await.unwrap();
    let request =
        SlackApiChatUpdateRequest::new(posted.channel.clone(), content, posted.ts.clone());
    assert_eq!(session.chat_update(&request).await.unwrap().ts, posted.ts);
    let request = SlackApiChatGetPermalinkRequest::new(posted.channel, posted.ts);
    session.chat_get_permalink(&request).await.unwrap();

    let fields = sandbox.workspace().command_fields("U0DANA", "C0GENERAL", "/agent", "").unwrap();
    let view: SlackView = serde_json::from_value(form()).unwrap();
    let request =
        SlackApiViewsOpenRequest::new(SlackTriggerId(fields["trigger_id"].clone()), view.clone());
    let opened = session.views_open(&request).await.unwrap().view;
    let request = SlackApiViewsUpdateRequest::new(view)
        .with_view_id(opened.state_params.id)
        .with_hash(opened.state_params.hash);
    session.views_update(&request).await.unwrap();
    let home: SlackView = serde_json::from_value(json!({"type": "home", "blocks": []})).unwrap();
    let request = SlackApiViewsPublishRequest::new("U0DANA".into(), home);
    session.views_publish(&request).await.unwrap();

    let refused = session.views_open(&request_again(&fields["trigger_id"])).await.unwrap_err();
    let SlackClientError::ApiError(refused) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.code, "exchanged_trigger_id");
}

fn request_again(trigger: &str) -> SlackApiViewsOpenRequest {
    let view = serde_json::from_value(form()).unwrap();
    SlackApiViewsOpenRequest::new(SlackTriggerId(trigger.to_owned()), view)
}

//! `/scim/v2/Users`.

use serde_json::{Map, Value};

use super::document::{self, user_facts};
use super::error::ScimError;
use super::patch::{Attributes, OF_USER};
use super::resource::Resource;
use crate::domain::identity_provider::{IdpUser, UserFacts};
use crate::domain::ids::IdpUserId;
use crate::service::identity_provider::Pushed;
use crate::service::{Result as Done, Service};

impl Resource for IdpUser {
    type Id = IdpUserId;
    type Facts = UserFacts;

    const CALLED: &'static str = "user";
    const NAMED_BY: &'static str = "userName";
    const ATTRIBUTES: Attributes = OF_USER;

    fn document(&self, base: &str) -> Value {
        document::user(self, base)
    }

    fn facts(document: &Map<String, Value>) -> Result<UserFacts, ScimError> {
        user_facts(document)
    }

    fn name(facts: &UserFacts) -> &str {
        &facts.user_name
    }

    async fn some(of: &Service, limit: u32, offset: u32) -> Done<(Vec<Self>, u32)> {
        of.idp_users(limit, offset).await
    }

    async fn one(of: &Service, id: IdpUserId) -> Done<Option<Self>> {
        of.idp_user(id).await
    }

    async fn named(of: &Service, name: &str) -> Done<Option<Self>> {
        of.idp_user_by_name(name).await
    }

    async fn called(of: &Service, id: &str) -> Done<Vec<Self>> {
        of.idp_users_by_external_id(id).await
    }

    async fn push(of: &Service, facts: UserFacts) -> Done<Pushed<Self>> {
        of.push_user(facts).await
    }

    async fn change(
        of: &Service,
        id: IdpUserId,
        how: impl FnOnce(&Self) -> Result<UserFacts, ScimError> + Send + 'static,
    ) -> Done<Result<Pushed<Self>, ScimError>> {
        of.change_user(id, how).await
    }

    async fn remove(of: &Service, id: IdpUserId) -> Done<Pushed<()>> {
        of.remove_user(id).await
    }
}

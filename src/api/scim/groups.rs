//! `/scim/v2/Groups`.

use serde_json::{Map, Value};

use super::document::{self, group_facts};
use super::error::ScimError;
use super::patch::{Attributes, OF_GROUP};
use super::resource::Resource;
use crate::domain::identity_provider::{GroupFacts, IdpGroup};
use crate::domain::ids::IdpGroupId;
use crate::service::identity_provider::Pushed;
use crate::service::{Result as Done, Service};

impl Resource for IdpGroup {
    type Id = IdpGroupId;
    type Facts = GroupFacts;

    const CALLED: &'static str = "group";
    const NAMED_BY: &'static str = "displayName";
    const ATTRIBUTES: Attributes = OF_GROUP;

    fn document(&self, base: &str) -> Value {
        document::group(self, base)
    }

    fn facts(document: &Map<String, Value>) -> Result<GroupFacts, ScimError> {
        group_facts(document)
    }

    fn name(facts: &GroupFacts) -> &str {
        &facts.display_name
    }

    async fn some(of: &Service, limit: u32, offset: u32) -> Done<(Vec<Self>, u32)> {
        of.idp_groups(limit, offset).await
    }

    async fn one(of: &Service, id: IdpGroupId) -> Done<Option<Self>> {
        of.idp_group(id).await
    }

    async fn named(of: &Service, name: &str) -> Done<Option<Self>> {
        of.idp_group_by_name(name).await
    }

    async fn called(of: &Service, id: &str) -> Done<Vec<Self>> {
        of.idp_groups_by_external_id(id).await
    }

    async fn push(of: &Service, facts: GroupFacts) -> Done<Pushed<Self>> {
        of.push_group(facts).await
    }

    async fn change(
        of: &Service,
        id: IdpGroupId,
        how: impl FnOnce(&Self) -> Result<GroupFacts, ScimError> + Send + 'static,
    ) -> Done<Result<Pushed<Self>, ScimError>> {
        of.change_group(id, how).await
    }

    async fn remove(of: &Service, id: IdpGroupId) -> Done<Pushed<()>> {
        of.remove_group(id).await
    }
}

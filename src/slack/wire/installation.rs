//! Where the app is installed, and how people seen on the wire are told apart.
//!
//! A user id alone names nobody: people of other workspaces click in shared channels too. So a
//! person is always named with the installation's id if they belong to it, and with their own
//! workspace's id if they do not: an outsider can never equal a member.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

use crate::domain::person::PersonId;

/// The workspace of somebody whose workspace the payload does not tell.
pub const UNTOLD: &str = "T-UNTOLD";

/// One installation of the app: in a workspace, or in a whole organisation (Enterprise Grid).
#[derive(Debug)]
pub struct Installation {
    id: String,
    enterprise: Option<String>,
    org_wide: bool,
    bot_user: String,
    name: String,
    /// The workspaces whose people belong: one, or those of the organisation that are known.
    teams: RwLock<BTreeSet<String>>,
}

impl Installation {
    /// Installed in one workspace (`T…`), which may be part of an organisation (`E…`).
    pub fn workspace(team: impl Into<String>, enterprise: Option<String>) -> Self {
        let id = team.into();
        Self {
            teams: RwLock::new(BTreeSet::from([id.clone()])),
            id,
            enterprise,
            org_wide: false,
            bot_user: String::new(),
            name: String::new(),
        }
    }

    /// Installed in an organisation (`E…`), of which these workspaces are known so far.
    pub fn organisation(
        enterprise: impl Into<String>,
        teams: impl IntoIterator<Item = String>,
    ) -> Self {
        let id = enterprise.into();
        Self {
            enterprise: Some(id.clone()),
            id,
            org_wide: true,
            bot_user: String::new(),
            name: String::new(),
            teams: RwLock::new(teams.into_iter().collect()),
        }
    }

    /// With the app's own bot user and the workspace's name, for those who show them.
    #[must_use]
    pub fn known_as(self, bot_user: impl Into<String>, name: impl Into<String>) -> Self {
        Self { bot_user: bot_user.into(), name: name.into(), ..self }
    }

    /// The id that members carry in [`PersonId::workspace`].
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The organisation, if there is one above the workspace.
    pub fn enterprise(&self) -> Option<&str> {
        self.enterprise.as_deref()
    }

    /// Whether the app is installed in the whole organisation.
    pub const fn is_org_wide(&self) -> bool {
        self.org_wide
    }

    /// The app's own bot user; empty if nobody asked Slack.
    pub fn bot_user(&self) -> &str {
        &self.bot_user
    }

    /// The workspace's or organisation's name; empty if nobody asked Slack.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The workspaces whose people belong, as far as they are known.
    pub fn teams(&self) -> Vec<String> {
        self.teams.read().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Whether people of this workspace belong, as far as is known.
    pub fn knows(&self, team: &str) -> bool {
        team == self.id || self.teams.read().unwrap_or_else(PoisonError::into_inner).contains(team)
    }

    /// Remembers a workspace of the organisation, which Slack itself has vouched for. Does nothing
    /// for an installation in one workspace.
    pub fn learn(&self, team: &str) {
        if self.org_wide && !self.knows(team) {
            self.teams.write().unwrap_or_else(PoisonError::into_inner).insert(team.to_owned());
        }
    }

    /// The person with this user id whose workspace (`T…`, `E…`) is `home`, as the payload told it.
    ///
    /// Somebody of a workspace that is not known to belong is named with that workspace; whether
    /// they belong after all is for the directory to find out.
    pub fn person(&self, user: &str, home: Option<&str>) -> PersonId {
        match home {
            Some(home) if self.knows(home) => PersonId::new(self.id.as_str(), user),
            Some(home) => PersonId::new(home, user),
            None => PersonId::new(UNTOLD, user),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outsider_never_equals_a_member() {
        let acme = Installation::workspace("T0ACME", None);
        assert_eq!(acme.person("U1", Some("T0ACME")), PersonId::new("T0ACME", "U1"));
        assert_eq!(acme.person("U1", Some("T0OTHER")), PersonId::new("T0OTHER", "U1"));
        assert_ne!(acme.person("U1", None).workspace, "T0ACME");
    }

    #[test]
    fn people_of_all_known_workspaces_of_an_organisation_are_of_the_organisation() {
        let org = Installation::organisation("E0ACME", ["T0ONE".to_owned()]);
        assert_eq!(org.person("W1", Some("T0ONE")), PersonId::new("E0ACME", "W1"));
        assert_eq!(org.person("W1", Some("E0ACME")), PersonId::new("E0ACME", "W1"));
        assert_eq!(org.person("W1", Some("T0TWO")), PersonId::new("T0TWO", "W1"));
        org.learn("T0TWO");
        assert_eq!(org.person("W1", Some("T0TWO")), PersonId::new("E0ACME", "W1"));
    }

    #[test]
    fn a_workspace_learns_no_other() {
        let acme = Installation::workspace("T0ACME", Some("E0ACME".to_owned()));
        acme.learn("T0OTHER");
        assert!(!acme.knows("T0OTHER"));
        assert!(!acme.knows("E0ACME"), "others of the organisation are not of this workspace");
    }
}

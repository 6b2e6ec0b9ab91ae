//! Who and what is in the workspace when it is first opened.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::model::{App, Channel, ChannelKind, Group, Person, PersonKind, Team};

/// The workspace as it is first opened: its people, user groups, channels and the one app.
///
/// Tests change what they need: `Seed::acme().with_person(…).with_group(…)`, or the fields.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Seed {
    /// The workspace.
    pub team: Team,
    /// The organisation above the workspace; only seen when the app is installed org-wide.
    pub enterprise: Team,
    /// The app that is installed: the bot under test.
    pub app: App,
    /// Everybody, the app's bot user included.
    pub people: Vec<Person>,
    /// User groups.
    pub groups: Vec<Group>,
    /// Channels. Direct messages come into being when somebody opens them.
    pub channels: Vec<Channel>,
}

impl Seed {
    /// "Acme": a small company with people of every sort that matters to an approval.
    pub fn acme() -> Self {
        let team =
            Team { id: "T0ACME".into(), name: "Acme".into(), domain: "acme".into(), icon: None };
        let enterprise = Team {
            id: "E0ACME".into(),
            name: "Acme Group".into(),
            domain: "acme-group".into(),
            icon: None,
        };
        let app = App {
            id: "A0COUNTERSIGN".into(),
            name: "Countersign".into(),
            bot_user_id: "U0COUNTERSIGN".into(),
            bot_id: "B0COUNTERSIGN".into(),
            commands: vec!["/agent".into()],
            events: [
                "app_home_opened",
                "app_uninstalled",
                "tokens_revoked",
                "user_change",
                "team_join",
                "subteam_members_changed",
                "subteam_updated",
            ]
            .map(str::to_owned)
            .to_vec(),
            should_escape: true,
        };
        let people = vec![
            member("U0DANA", "dana", "Dana Developer", "Developer, Support tools"),
            member("U0THEO", "theo", "Theo Lead", "Team lead, Support"),
            member("U0TINA", "tina", "Tina Lead", "Team lead, Support"),
            member("U0SAM", "sam", "Sam Secure", "Security engineer"),
            member("U0SARA", "sara", "Sara Shield", "Security engineer"),
            member("U0CLEO", "cleo", "Cleo Rule", "Compliance officer"),
            Person {
                admin: true,
                ..member("U0VERA", "vera", "Vera Vice", "Vice President, Engineering")
            },
            member("U0OMAR", "omar", "Omar Other", "Team lead, Data"),
            Person { kind: PersonKind::Guest, ..member("U0GUS", "gus", "Gus Guest", "Contractor") },
            Person {
                kind: PersonKind::SingleChannelGuest,
                ..member("U0GINA", "gina", "Gina Guest", "Contractor, one channel")
            },
            Person {
                kind: PersonKind::Deactivated,
                ..member("U0DORA", "dora", "Dora Departed", "Left last year")
            },
            Person {
                kind: PersonKind::Outsider,
                team_id: "T0OTHER".into(),
                email: None,
                tz: None,
                ..member("U0OSCAR", "oscar", "Oscar Outside", "Partner, Otherco")
            },
            bot("U0ROBO", "robo", "Robo", "B0ROBO", "A0ROBO"),
            bot("U0COUNTERSIGN", "countersign", "Countersign", "B0COUNTERSIGN", "A0COUNTERSIGN"),
            // Slack's own bot says of itself that it is none.
            Person {
                kind: PersonKind::Slackbot,
                email: None,
                ..member("USLACKBOT", "slackbot", "Slackbot", "")
            },
        ];
        let groups = vec![
            group("S0SECURITY", "security", "Security", &["U0SAM", "U0SARA", "U0DORA"]),
            group("S0COMPLIANCE", "compliance", "Compliance", &["U0CLEO"]),
            group("S0SUPPORTLEADS", "support-leads", "Support leads", &["U0THEO", "U0TINA"]),
            group("S0DATALEADS", "data-leads", "Data leads", &["U0OMAR"]),
        ];
        let staff = [
            "U0DANA",
            "U0THEO",
            "U0TINA",
            "U0SAM",
            "U0SARA",
            "U0CLEO",
            "U0VERA",
            "U0OMAR",
            "U0ROBO",
            "U0COUNTERSIGN",
        ];
        let with = |more: &[&str]| -> Vec<String> {
            staff.iter().chain(more).map(|id| (*id).to_owned()).collect()
        };
        let channels = vec![
            channel("C0GENERAL", "general", "What concerns everybody", with(&["U0GUS"])),
            channel("C0APPROVALS", "agent-approvals", "Agents ask, people answer", with(&[])),
            channel("C0SECURITY", "security", "Security", with(&[])),
            channel("C0SUPPORT", "support", "The support team", with(&["U0GUS"])),
            channel("C0DATA", "data", "The data team", with(&[])),
            channel("C0HELP", "agent-help", "Questions about agents", with(&["U0GUS", "U0GINA"])),
            Channel {
                shared_with: vec!["T0OTHER".into()],
                ..channel(
                    "C0PARTNERS",
                    "partners",
                    "Shared with Otherco",
                    with(&["U0GUS", "U0OSCAR"]),
                )
            },
            Channel {
                kind: ChannelKind::Private,
                ..channel(
                    "C0LEADS",
                    "leads",
                    "Team leads only",
                    ["U0THEO", "U0TINA", "U0VERA", "U0OMAR"].map(str::to_owned).to_vec(),
                )
            },
        ];
        Self { team, enterprise, app, people, groups, channels }
    }

    /// Adds a person, or replaces the one with the same id.
    #[must_use]
    pub fn with_person(mut self, person: Person) -> Self {
        self.people.retain(|known| known.id != person.id);
        self.people.push(person);
        self
    }

    /// Adds a user group, or replaces the one with the same id.
    #[must_use]
    pub fn with_group(mut self, group: Group) -> Self {
        self.groups.retain(|known| known.id != group.id);
        self.groups.push(group);
        self
    }

    /// Adds a channel, or replaces the one with the same id.
    #[must_use]
    pub fn with_channel(mut self, channel: Channel) -> Self {
        self.channels.retain(|known| known.id != channel.id);
        self.channels.push(channel);
        self
    }
}

/// An active full member of Acme.
pub fn member(id: &str, name: &str, real_name: &str, title: &str) -> Person {
    Person {
        id: id.into(),
        team_id: "T0ACME".into(),
        name: name.into(),
        real_name: real_name.into(),
        title: title.into(),
        email: Some(format!("{name}@acme.example")),
        tz: Some("Europe/Amsterdam".into()),
        kind: PersonKind::Member,
        admin: false,
        bot_id: None,
        app_id: None,
        status: Default::default(),
        paused: None,
    }
}

/// A bot user of some app.
pub fn bot(id: &str, name: &str, real_name: &str, bot_id: &str, app_id: &str) -> Person {
    Person {
        kind: PersonKind::Bot,
        email: None,
        bot_id: Some(bot_id.into()),
        app_id: Some(app_id.into()),
        ..member(id, name, real_name, "App")
    }
}

/// A user group of Acme.
pub fn group(id: &str, handle: &str, name: &str, members: &[&str]) -> Group {
    Group {
        id: id.into(),
        handle: handle.into(),
        name: name.into(),
        members: members.iter().map(|id| (*id).to_owned()).collect(),
        disabled: false,
        external: false,
    }
}

/// A public channel.
pub fn channel(id: &str, name: &str, topic: &str, members: Vec<String>) -> Channel {
    Channel {
        id: id.into(),
        name: name.into(),
        kind: ChannelKind::Public,
        topic: topic.into(),
        members: members.into_iter().collect::<BTreeSet<_>>(),
        archived: false,
        shared_with: Vec::new(),
        messages: Vec::new(),
        read: Default::default(),
    }
}

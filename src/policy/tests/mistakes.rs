//! Every mistake that there is, as its author reads it.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{SMALL, only, small, small_with};
use crate::policy::Policy;

/// Changes to the small policy, each with one mistake (or the few that belong together).
const MISTAKES: &[(&str, &str, &str)] = &[
    // Not TOML.
    ("a quote that is not closed", "\"C0SECURITY\"", "\"C0SECURITY"),
    ("a bracket that is not closed", "[tiers.2]", "[tiers.2"),
    ("a text without quotes", "\"8h\"\n\n[tiers.2]", "8h\n\n[tiers.2]"),
    ("a key twice", "vp = {", "security = {"),
    ("a section twice", "[tiers.2]", "[tiers.1]"),
    // Unknown keys.
    ("an unknown section", "[channels]", "[colours]\nred = 1\n\n[channels]"),
    ("a misspelt section", "[resources.crm]", "[resource.crm]"),
    ("a misspelt key", "security = \"C0", "securty = \"C0"),
    ("an unknown key in a tier", "longest_grant = \"4h\"", "longest_grant = \"4h\"\nquorum = 2"),
    ("an unknown key in a team", "channel = \"C0SUPPORT\"", "chanel = \"C0SUPPORT\""),
    ("an unknown key in a role", "{ people = [\"U0VERA\"] }", "{ person = [\"U0VERA\"] }"),
    ("an unknown key in a rule", "up_to = \"1h\"", "up_to = \"1h\"\nuntil = \"1h\""),
    // The digest.
    ("a digest without a channel", "[roles]\n", "[digest]\nweekday = \"monday\"\n\n[roles]\n"),
    ("a channel's name for the digest", "[roles]\n", "[digest]\nchannel = \"#week\"\n\n[roles]\n"),
    (
        "a misspelt day",
        "[roles]\n",
        "[digest]\nchannel = \"C0WEEK\"\nweekday = \"mondey\"\n\n[roles]\n",
    ),
    (
        "a time that is none",
        "[roles]\n",
        "[digest]\nchannel = \"C0WEEK\"\nat = \"24:00\"\n\n[roles]\n",
    ),
    ("a time in words", "[roles]\n", "[digest]\nchannel = \"C0WEEK\"\nat = \"9 am\"\n\n[roles]\n"),
    ("a number for a time", "[roles]\n", "[digest]\nchannel = \"C0WEEK\"\nat = 9\n\n[roles]\n"),
    // Wrong types.
    ("a number for a channel", "\"C0APPROVALS\"", "7"),
    ("a text for a section", "[roles]\n", "roles = \"none\"\n[other]\n"),
    ("a number for a length of time", "decide_within = \"4h\"", "decide_within = 4"),
    ("a date for a length of time", "decide_within = \"4h\"", "decide_within = 2026-01-01"),
    ("a tier in quotes", "write = 2", "write = \"2\""),
    ("a number among texts", "[\"security\", \"team-lead\"]", "[\"security\", 2]"),
    ("a text for a role", "{ usergroup = \"S0SECURITY\" }", "\"S0SECURITY\""),
    // Words that mean nothing.
    ("a length of time that is none", "decide_within = \"4h\"", "decide_within = \"4 hous\""),
    ("no time at all", "up_to = \"1h\"", "up_to = \"0m\""),
    ("a misspelt sensitivity", "\"confidential\"", "\"confidental\""),
    ("an unknown sensitivity", "\"confidential\"", "\"secret\""),
    // Ids.
    ("a channel's name for its id", "\"C0APPROVALS\"", "\"#agent-approvals\""),
    ("a group's name for its id", "\"S0SECURITY\"", "\"@security\""),
    ("a group's id for a person's", "[\"U0VERA\"]", "[\"S0VERA\"]"),
    ("a person's id in small letters", "[\"U0VERA\"]", "[\"u0vera\"]"),
    // Channels.
    ("no channels", "[channels]\napprovals = \"C0APPROVALS\"\nsecurity = \"C0SECURITY\"\n", ""),
    ("no approvals channel", "approvals = \"C0APPROVALS\"\n", ""),
    // Roles and teams.
    ("a role that nobody holds", "{ people = [\"U0VERA\"] }", "{}"),
    ("an empty list of people", "[\"U0VERA\"]", "[]"),
    ("a person twice", "[\"U0VERA\"]", "[\"U0VERA\", \"U0VERA\"]"),
    ("a role with a bad name", "vp = {", "\"Vice President\" = { people = [\"U0VERA\"] }\nvp = {"),
    (
        "a group that nobody tells of",
        "{ people = [\"U0VERA\"] }",
        "{ people = [\"U0VERA\"], idp_group = \"vps\" }",
    ),
    ("leads whom nobody tells of", "{ usergroup = \"S0LEADS\" }", "{ idp_group = [\"leads\"] }"),
    ("the role that is always there", "vp = {", "team-lead = { people = [\"U0THEO\"] }\nvp = {"),
    (
        "no teams",
        "[teams.support]\nleads = { usergroup = \"S0LEADS\" }\nchannel = \"C0SUPPORT\"\n",
        "",
    ),
    (
        "an empty section of teams",
        "[teams.support]\nleads = { usergroup = \"S0LEADS\" }\nchannel = \"C0SUPPORT\"\n",
        "[teams]\n",
    ),
    ("a team without leads", "leads = { usergroup = \"S0LEADS\" }\n", ""),
    ("a team without a channel", "channel = \"C0SUPPORT\"\n", ""),
    // Tiers.
    (
        "a tier is missing",
        "[tiers.3]\nrequires = [\"security\", \"team-lead\", \"vp\"]\ndecide_within = \"24h\"\nlongest_grant = \"4h\"\n",
        "",
    ),
    ("a tier too many", "[resources.database]", "[tiers.4]\n\n[resources.database]"),
    ("a tier without requires", "requires = [\"team-lead\"]\n", ""),
    ("a tier that asks nobody", "[\"team-lead\"]", "[]"),
    ("a misspelt role", "[\"security\", \"team-lead\"]", "[\"securty\", \"team-lead\"]"),
    ("an unknown role", "[\"security\", \"team-lead\"]", "[\"legal\", \"team-lead\"]"),
    ("two yeses of one person", "\"team-lead\", \"vp\"]", "\"vp\", \"vp\"]"),
    (
        "a total shorter than a grant",
        "longest_grant = \"4h\"",
        "longest_grant = \"4h\"\nlongest_total = \"2h\"",
    ),
    (
        "a reminder that comes too late",
        "decide_within = \"24h\"",
        "decide_within = \"24h\"\nremind_after = \"1d\"",
    ),
    (
        "a backup that is no role",
        "longest_grant = \"4h\"",
        "longest_grant = \"4h\"\nbackup = \"boss\"\nbackup_within = \"4h\"",
    ),
    (
        "a backup without a time",
        "longest_grant = \"4h\"",
        "longest_grant = \"4h\"\nbackup = \"vp\"",
    ),
    (
        "a time for no backup",
        "longest_grant = \"4h\"",
        "longest_grant = \"4h\"\nbackup_within = \"4h\"",
    ),
    (
        "two backups",
        "longest_grant = \"4h\"",
        "longest_grant = \"4h\"\nbackup = [\"vp\", \"security\"]\nbackup_within = \"4h\"",
    ),
    // Who answers for whom.
    ("an unknown key of delegations", "[channels]", "[delegation]\nchains = true\n[channels]"),
    (
        "a delegation of a role that is none",
        "[channels]",
        "[delegation]\nroles = [\"boss\"]\n[channels]",
    ),
    ("delegations to nobody", "[channels]", "[delegation]\nto = []\n[channels]"),
    ("delegations for no time", "[channels]", "[delegation]\nlongest = 30\n[channels]"),
    (
        "delegations switched off in words",
        "[channels]",
        "[delegation]\nallowed = \"no\"\n[channels]",
    ),
    ("a picture for a status", "[channels]", "[absence]\nstatuses = [\"🌴\"]\n[channels]"),
    ("a status that says nothing", "[channels]", "[absence]\nstatuses = [\" \"]\n[channels]"),
    ("an unknown key of absence", "[channels]", "[absence]\nstatus = \":palm_tree:\"\n[channels]"),
    ("appeals without a board", "[channels]", "[appeals]\nwithin = \"7d\"\n[channels]"),
    ("a board of nobody", "[channels]", "[appeals]\nboard = []\n[channels]"),
    ("a board with an unknown role", "[channels]", "[appeals]\nboard = [\"judge\"]\n[channels]"),
    (
        "a board of one person twice",
        "[channels]",
        "[appeals]\nboard = [\"vp\", \"vp\"]\n[channels]",
    ),
    (
        "an unknown key of appeals",
        "[channels]",
        "[appeals]\nboard = [\"vp\"]\nfinal = true\n[channels]",
    ),
    // Resources.
    ("a resource without actions", "actions = { read = 3 }\n", ""),
    ("a resource with no action", "{ read = 3 }", "{}"),
    ("an action out of range", "{ read = 3 }", "{ read = 4 }"),
    ("a negative tier", "{ read = 3 }", "{ read = -1 }"),
    ("a resource without sensitivity", "sensitivity = \"confidential\"\n", ""),
    ("a resource with a bad name", "[resources.crm]", "[resources.\"the CRM\"]"),
    (
        "words for an action that is not there",
        "opens = \"the customers\"",
        "opens = { raed = \"the customers\" }",
    ),
    ("no words", "opens = \"the customers\"", "opens = \" \""),
    ("words on two lines", "opens = \"the customers\"", "opens = \"the\\ncustomers\""),
    // What needs no people.
    ("one rule in single brackets", "[[without_people]]", "[without_people]"),
    ("a rule without a tier", "tier = 1\n", ""),
    ("a rule without a limit", "up_to = \"1h\"\n", ""),
    ("a rule about nothing that is asked", "tier = 1\n", "tier = 1\nask = \"grants\"\n"),
    ("a rule with a misspelt action", "actions = [\"read\"]", "actions = [\"raed\"]"),
    (
        "a rule with an unknown resource",
        "actions = [\"read\"]",
        "actions = [\"read\"]\nresources = [\"payroll\"]",
    ),
    ("a rule without actions", "actions = [\"read\"]", "actions = []"),
    ("a rule for longer than anybody gets", "up_to = \"1h\"", "up_to = \"9h\""),
    (
        "a rule on registrations with limits",
        "tier = 1\nsensitivity",
        "ask = \"registration\"\ntier = 1\nsensitivity",
    ),
    ("a rule for a tier that is none", "tier = 1\n", "tier = 0\n"),
    (
        "two rules of one name",
        "tier = 1\n",
        "tier = 1\nname = \"a\"\n[[without_people]]\nask = \"registration\"\nname = \"a\"\ntier = 1\n[[without_people]]\ntier = 1\n",
    ),
    // The rest.
    (
        "a reminder before any grant began",
        "[channels]",
        "[reminders]\nbefore_end = [\"1h\", \"24h\"]\n\n[channels]",
    ),
    ("a reminder twice", "[channels]", "[reminders]\nbefore_end = [\"60m\", \"1h\"]\n\n[channels]"),
    ("a reminder that is no list", "[channels]", "[reminders]\nbefore_end = \"1h\"\n\n[channels]"),
    (
        "an unknown role for handovers",
        "[channels]",
        "[owners]\nhandover = [\"boss\"]\n\n[channels]",
    ),
    ("a countdown of an hour", "[channels]", "[owners]\ncountdown = \"1h\"\n\n[channels]"),
    (
        "a notice before the countdown begins",
        "[channels]",
        "[owners]\ncountdown = \"7d\"\nnotices_before = [\"7d\", \"1d\"]\n\n[channels]",
    ),
    ("a notice twice", "[channels]", "[owners]\nnotices_before = [\"24h\", \"1d\"]\n\n[channels]"),
    ("an unknown key about owners", "[channels]", "[owners]\nretire = \"60d\"\n\n[channels]"),
    (
        "glass that nobody may break",
        "[channels]",
        "[break_glass]\nwho = []\nreview_by = [\"security\"]\n\n[channels]",
    ),
    (
        "glass that nobody looks at",
        "[channels]",
        "[break_glass]\nwho = [\"team-lead\"]\n\n[channels]",
    ),
    (
        "glass for roles that there are not",
        "[channels]",
        "[break_glass]\nwho = [\"on-call\"]\nreview_by = [\"securty\"]\n\n[channels]",
    ),
    (
        "an emergency of a day",
        "[channels]",
        "[break_glass]\nwho = [\"team-lead\"]\nreview_by = [\"security\"]\nlongest = \"1d\"\n\n[channels]",
    ),
    (
        "an emergency that is usually too long",
        "[channels]",
        "[break_glass]\nwho = [\"team-lead\"]\nreview_by = [\"security\"]\nusual = \"2h\"\n\n[channels]",
    ),
    (
        "nobody of this role is on call",
        "[channels]",
        "[incidents]\non_call = \"oncall\"\nlooks_back = \"long\"\n\n[channels]",
    ),
    ("a search that does not say for what", "[channels]", "[discovery]\n\n[channels]"),
    ("a search by words", "[channels]", "[discovery]\nslack = \"yes\"\n\n[channels]"),
    (
        "everything passed over, and something twice",
        "[channels]",
        "[discovery]\nslack = true\nignore = [\"*\", \"build-*\", \"BUILD-*\"]\n\n[channels]",
    ),
    (
        "a reminder each minute, and a slip",
        "[channels]",
        "[discovery]\nslack = true\nremind_after = \"1m\"\nignored = \"U1\"\n\n[channels]",
    ),
    ("a certification each minute", "[channels]", "[certification]\nevery = \"1m\"\n\n[channels]"),
    (
        "a certification that is always open",
        "[channels]",
        "[certification]\nevery = \"30d\"\nopen_before = \"30d\"\n\n[channels]",
    ),
    (
        "a certification with no time to answer",
        "[channels]",
        "[certification]\nevery = \"30d\"\nopen_before = \"1h\"\ngrace = \"1m\"\n\n[channels]",
    ),
    (
        "reminders of a certification that nobody gets",
        "[channels]",
        "[certification]\nevery = \"30d\"\nopen_before = \"7d\"\nremind_before = [\"7d\", \"1d\", \"24h\"]\n\n[channels]",
    ),
];

/// Changes that are allowed, and perhaps not meant.
const WARNINGS: &[(&str, &str, &str)] = &[
    ("a higher tier with fewer people", "[\"security\", \"team-lead\", \"vp\"]", "[\"vp\"]"),
    ("a higher tier with longer grants", "longest_grant = \"4h\"", "longest_grant = \"12h\""),
    ("a role that nothing requires", "vp = {", "legal = { people = [\"U0LENA\"] }\nvp = {"),
    ("a resource without words", "opens = \"the customers\"\n", ""),
    ("an action without words", "opens = \"the support database\"", "opens = { read = \"rows\" }"),
    (
        "confidential without people",
        "sensitivity = \"internal\"\nactions = [\"read\"]",
        "sensitivity = \"confidential\"\nactions = [\"read\"]",
    ),
    ("a rule that covers nothing", "actions = [\"read\"]", "actions = [\"write\"]"),
];

/// Test files, each with a mistake.
const TESTS: &[(&str, &str)] = &[
    ("an unknown key", "[[tests]]\n"),
    ("nothing in it", "[[test]]\n"),
    ("a single bracket", "[test]\n"),
    (
        "an unknown team and role",
        "[[test]]\nname = \"n\"\nagent = { tier = 1, team = \"suport\" }\nask = { kind = \"registration\" }\nexpect = { needs = [\"lead\"] }\n",
    ),
    (
        "nothing that is asked",
        "[[test]]\nname = \"n\"\nagent = { tier = 1 }\nask = { kind = \"grand\" }\nexpect = {}\n",
    ),
    (
        "an access and a time that are none",
        "[[test]]\nname = \"n\"\nagent = { tier = 1 }\nask = { kind = \"grant\", access = \"database\", for = \"soon\" }\nexpect = { without_people = 1 }\n",
    ),
    ("an evaluation with nothing in it", "[[evaluation]]\n"),
    (
        "an evaluation with mistakes all over",
        "[[evaluation]]\nname = \"n\"\nagent = { slug = \"A b\", tier = 1, team = \"suport\" }\naction = 7\nresource = \"database\"\ncontext = []\nnow = 2026-03-02\ngranted = \"yes\"\nexpect = { reason = \"no_grant\" }\n",
    ),
    (
        "an evaluation by two",
        "[[evaluation]]\nname = \"n\"\nagent = { tier = 1 }\nsubject = { type = \"user\" }\naction = { nam = \"read\" }\nresource = { type = \"database\", id = 7 }\nnow = \"noon\"\nexpect = {}\n",
    ),
    (
        "a refusal that is none, and more than that",
        "[[test]]\nname = \"n\"\nagent = { tier = 1 }\nask = { kind = \"extension\", access = \"crm:read\", for = \"1h\" }\nexpect = { refused = \"too_long\", needs = [] }\n",
    ),
];

#[test]
fn every_mistake_has_its_place_and_its_cure() {
    let mut all = String::new();
    for (title, from, to) in MISTAKES {
        let refused = only(&small_with(from, to)).expect_err(title);
        let _ = writeln!(all, "{title}");
        for mistake in refused.mistakes {
            let _ = writeln!(all, "  {mistake}");
        }
    }
    insta::assert_snapshot!("mistakes", all);
}

#[test]
fn what_is_perhaps_not_meant_is_said_and_allowed() {
    assert_eq!(small().warnings(), []);
    let mut all = String::new();
    for (title, from, to) in WARNINGS {
        let policy = only(&small_with(from, to)).expect(title);
        let _ = writeln!(all, "{title}");
        assert!(!policy.warnings().is_empty(), "{title}");
        for warning in policy.warnings() {
            let _ = writeln!(all, "  {warning}");
        }
    }
    insta::assert_snapshot!("warnings", all);
}

#[test]
fn a_role_that_any_section_names_is_of_use() {
    let auditors = "vp = {";
    let role = "auditors = { people = [\"U0ANNA\"] }\nvp = {";
    for (section, by) in [
        ("owners", "[owners]\nhandover = [\"auditors\"]\n\n[tiers.1]\n"),
        ("appeals", "[appeals]\nboard = [\"auditors\"]\n\n[tiers.1]\n"),
        ("delegation", "[delegation]\nto = [\"auditors\"]\n\n[tiers.1]\n"),
        ("incidents", "[incidents]\non_call = \"auditors\"\n\n[tiers.1]\n"),
        (
            "break_glass",
            "[break_glass]\nwho = [\"team-lead\"]\nreview_by = [\"auditors\"]\n\n[tiers.1]\n",
        ),
        ("backup", "[tiers.1]\nbackup = \"auditors\"\nbackup_within = \"4h\"\n"),
    ] {
        let text = small_with(auditors, role).replacen("[tiers.1]\n", by, 1);
        let policy = only(&text).expect(section);
        assert_eq!(policy.warnings(), [], "{section}");
    }
}

#[test]
fn a_policy_without_security_is_allowed_with_a_warning() {
    let policy =
        only(&SMALL.replace("security = {", "guards = {").replace("\"security\"", "\"guards\""));
    let warnings: Vec<String> =
        policy.unwrap().warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "policy.toml:5:1: there is no role security, so only its owner can stop an agent at once. \
          Add it: security = { usergroup = \"S…\" }."
        ]
    );
}

#[test]
fn test_files_have_mistakes_too() {
    let mut all = String::new();
    for (title, text) in TESTS {
        let files = [("policy.toml", SMALL), ("tests/one.toml", text)];
        let refused = Policy::from_files(&own(&files)).expect_err(title);
        let _ = writeln!(all, "{title}");
        for mistake in refused.mistakes {
            let _ = writeln!(all, "  {mistake}");
        }
    }
    insta::assert_snapshot!("test_files", all);
}

#[test]
fn files_that_would_have_no_effect_are_refused() {
    let files = [("rules/hours.cedar", "permit(principal, action, resource);"), ("teams.toml", "")];
    let refused = Policy::from_files(&own(&files)).unwrap_err();
    let said: Vec<String> = refused.mistakes.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("strangers", said.join("\n"));
}

#[test]
fn all_mistakes_are_said_at_once_in_the_order_of_the_lines() {
    let text = SMALL
        .replace("\"C0SECURITY\"", "\"#security\"")
        .replace("write = 2", "write = 5")
        .replace("[\"security\", \"team-lead\"]", "[\"securty\", \"team-lead\"]")
        .replace("up_to = \"1h\"", "up_to = \"an hour\"")
        .replace("leads = { usergroup", "leads = { group");
    let refused = only(&text).unwrap_err();
    let lines: Vec<u32> = refused.mistakes.iter().map(|m| m.line).collect();
    assert_eq!(lines, [3, 10, 10, 19, 30, 42], "{refused}");
}

fn own(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

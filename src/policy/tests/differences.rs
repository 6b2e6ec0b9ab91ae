//! What `policy plan` says of two policies.

use std::fmt::Write;

use proptest::prelude::*;

use super::routes::{rule, with_rules};
use super::{SMALL, only, small, small_with};
use crate::domain::access::Access;
use crate::domain::tier::Tier;
use crate::domain::time::Span;
use crate::policy::{Case, Effect, Policy, plan};

const CHANGES: &[(&str, &str, &str)] = &[
    ("another channel", "C0APPROVALS", "C0ASKHERE"),
    ("a digest", "[roles]", "[digest]\nchannel = \"C0WEEK\"\nweekday = \"friday\"\n[roles]"),
    ("a help channel", "[roles]", "help = \"C0HELP\"\n[roles]"),
    ("one more holder", "[\"U0VERA\"]", "[\"U0VERA\", \"U0VICTOR\"]"),
    ("another holder", "[\"U0VERA\"]", "[\"U0VICTOR\"]"),
    ("one holder fewer", "{ people = [\"U0VERA\"] }", "{ usergroup = \"S0VP\" }"),
    ("a new role", "vp = {", "legal = { people = [\"U0LENA\"] }\nvp = {"),
    ("another lead", "S0LEADS", "S0BOSSES"),
    ("another team's channel", "C0SUPPORT", "C0OTHER"),
    ("a team with a new name", "[teams.support]", "[teams.help]"),
    ("one person fewer", "[\"security\", \"team-lead\"]", "[\"security\"]"),
    ("another person", "[\"security\", \"team-lead\"]", "[\"vp\", \"team-lead\"]"),
    (
        "one person more",
        "[\"security\", \"team-lead\"]",
        "[\"security\", \"security\", \"team-lead\"]",
    ),
    ("another order", "[\"security\", \"team-lead\"]", "[\"team-lead\", \"security\"]"),
    ("more time to decide", "decide_within = \"4h\"", "decide_within = \"6h\""),
    ("longer grants", "longest_grant = \"4h\"", "longest_grant = \"5h\""),
    ("shorter grants", "longest_grant = \"4h\"", "longest_grant = \"3h\""),
    ("a longer total", "longest_grant = \"4h\"", "longest_grant = \"4h\"\nlongest_total = \"20h\""),
    ("a lower sensitivity", "\"confidential\"", "\"internal\""),
    (
        "a higher sensitivity",
        "sensitivity = \"internal\"\nactions = {",
        "sensitivity = \"restricted\"\nactions = {",
    ),
    ("a lower tier for an action", "{ read = 3 }", "{ read = 2 }"),
    ("a higher tier for an action", "write = 2", "write = 3"),
    ("a new action", "write = 2", "write = 2, drop = 3"),
    ("an action fewer", "read = 1, write = 2", "read = 1"),
    ("other words", "\"the customers\"", "\"all customers\""),
    (
        "a new resource",
        "[resources.crm]",
        "[resources.mail]\nsensitivity = \"restricted\"\nactions = { send = 3 }\nopens = \"mail\"\n[resources.crm]",
    ),
    ("a resource with a new name", "[resources.crm]", "[resources.customers]"),
    ("bots are looked for", "[channels]", "[discovery]\nslack = true\n[channels]"),
    (
        "something is passed over",
        "[channels]",
        "[discovery]\nslack = false\nignore = [\"build-*\"]\nremind_after = \"14d\"\n[channels]",
    ),
    ("longer without people", "up_to = \"1h\"", "up_to = \"2h\""),
    ("shorter without people", "up_to = \"1h\"", "up_to = \"30m\""),
    ("higher tiers without people", "tier = 1\n", "tier = 3\n"),
    (
        "registered without people",
        "[[without_people]]",
        "[[without_people]]\nask = \"registration\"\ntier = 2\n[[without_people]]",
    ),
    (
        "extended without people",
        "[[without_people]]",
        "[[without_people]]\nask = \"extension\"\ntier = 1\nsensitivity = \"internal\"\nactions = [\"read\"]\nup_to = \"1h\"\n[[without_people]]",
    ),
    ("a rule with a name", "tier = 1\n", "name = \"short reads\"\ntier = 1\n"),
    (
        "an identity provider that pushes",
        "[channels]",
        "[directory]\nscim_bearer_sha256 = \"1111111111111111111111111111111111111111111111111111111111111111\"\nstale_after = \"2d\"\n[channels]",
    ),
    (
        "a group of the identity provider",
        "[roles]\nsecurity = { usergroup = \"S0SECURITY\" }",
        "[directory]\nscim_bearer_sha256 = \"1111111111111111111111111111111111111111111111111111111111111111\"\n[roles]\nsecurity = { usergroup = \"S0SECURITY\", idp_group = \"sec-eng\" }",
    ),
    ("fewer reminders", "[channels]", "[reminders]\nbefore_end = [\"10m\"]\n[channels]"),
    ("handovers without a lead", "[channels]", "[owners]\nhandover = []\n[channels]"),
    ("handovers by others", "[channels]", "[owners]\nhandover = [\"security\"]\n[channels]"),
    (
        "handovers by more",
        "[channels]",
        "[owners]\nhandover = [\"team-lead\", \"security\"]\n[channels]",
    ),
    ("a longer countdown", "[channels]", "[owners]\ncountdown = \"60d\"\n[channels]"),
    ("a shorter countdown", "[channels]", "[owners]\ncountdown = \"7d\"\n[channels]"),
    ("a later retirement", "[channels]", "[owners]\nretire_after = \"90d\"\n[channels]"),
    (
        "glass to break",
        "[channels]",
        "[break_glass]\nwho = [\"team-lead\"]\nreview_by = [\"security\"]\n[channels]",
    ),
    ("somebody on call", "[channels]", "[incidents]\non_call = \"security\"\n[channels]"),
    ("a longer look back", "[channels]", "[incidents]\nlooks_back = \"7d\"\n[channels]"),
    (
        "a backup",
        "longest_grant = \"4h\"",
        "longest_grant = \"4h\"\nbackup = \"vp\"\nbackup_within = \"4h\"",
    ),
    ("no delegations", "[channels]", "[delegation]\nallowed = false\n[channels]"),
    ("shorter delegations", "[channels]", "[delegation]\nlongest = \"7d\"\n[channels]"),
    (
        "delegations of one role to some",
        "[channels]",
        "[delegation]\nroles = [\"team-lead\"]\nto = [\"vp\"]\n[channels]",
    ),
    (
        "who is away",
        "[channels]",
        "[absence]\nstatuses = [\":palm_tree:\"]\ndnd = true\n[channels]",
    ),
    ("appeals", "[channels]", "[appeals]\nboard = [\"vp\", \"security\"]\n[channels]"),
    ("seldom certified", "[channels]", "[certification]\nevery = \"180d\"\n[channels]"),
    (
        "certified with more patience",
        "[channels]",
        "[certification]\nevery = \"90d\"\ngrace = \"30d\"\nremind_before = []\n[channels]",
    ),
];

#[test]
fn each_difference_is_said_and_marked() {
    let old = small();
    let mut all = String::new();
    for (title, from, to) in CHANGES {
        let new = only(&small_with(from, to)).expect(title);
        let changes = plan(&old, &new);
        assert!(!changes.is_empty(), "{title}");
        let _ = writeln!(all, "{title}");
        for change in changes {
            let _ = writeln!(all, "  {:?} {}: {}", change.effect, change.about, change.what);
        }
    }
    insta::assert_snapshot!("differences", all);
}

#[test]
fn the_way_back_from_a_wider_policy_never_widens_the_same_part() {
    let old = small();
    for (title, from, to) in CHANGES {
        let new = only(&small_with(from, to)).expect(title);
        let (there, back) = (plan(&old, &new), plan(&new, &old));
        assert_eq!(there.is_empty(), back.is_empty(), "{title}");
        for change in there.iter().filter(|c| c.effect == Effect::Widens) {
            // Where one thing takes another's place, both ways open something.
            let replaced = change.what.contains("in place of") || change.what.contains("(was ");
            let same = back.iter().find(|b| b.about == change.about && b.effect == Effect::Widens);
            assert!(same.is_none() || replaced, "{title}: {change:?} and back {same:?}");
        }
    }
}

#[test]
fn how_it_is_written_does_not_count() {
    let new = only(&format!("# a comment\n{}", SMALL.replace(" = ", "   =   "))).unwrap();
    assert_ne!(small().digest(), new.digest());
    assert_eq!(plan(&small(), &new), []);
}

/// Everything that could be asked of the small policy, in spans around the limits of its rules.
fn all_cases(mut each: impl FnMut(&Case<'_>)) {
    for tier in Tier::ALL {
        each(&Case::Registration { tier });
        for access in ["database:read", "database:write", "crm:read"] {
            let access: Access = access.parse().unwrap();
            for minutes in [1, 30, 31, 60, 61, 240, 241, 480, 720, 1440] {
                let lasting = Span::minutes(minutes);
                each(&Case::Grant { tier, access: &access, lasting });
                each(&Case::Extension { tier, access: &access, total: lasting });
            }
        }
    }
}

fn newly_without_people(old: &Policy, new: &Policy) -> bool {
    let mut found = false;
    all_cases(|case| {
        found |= new.without_people(case).is_some() && old.without_people(case).is_none();
    });
    found
}

const AT_RUN_TIME: &str = "
[rules]
utc_offset = \"+01:00\"

[issuers.github]
issuer = \"https://token.actions.githubusercontent.com\"
vouches_for = \"workloads\"

[services.crm]
workload = { issuer = \"github\", claims = { sub = \"crm\" } }

[tokens]
audiences = [\"https://a.example.com\", \"https://b.example.com\"]

[callbacks]
hosts = [\"a.example.com\"]
";

const RULES: &str = "@id(\"hours\") @reason(\"late\")
forbid (principal, action, resource is crm) when { context.hour > 18 };
@id(\"open\") permit (principal, action, resource is docs);";

const SCHEMA: &str =
    "entity agent = { slug: String, tier: Long, team: String, owner: String, model: String };
entity crm; entity docs; entity group;
action read appliesTo { principal: agent, resource: [crm, docs], context: { hour: Long } };";

/// Changes to what holds at run time.
const LATER: &[(&str, &str, &str)] = &[
    ("another clock", "\"+01:00\"", "\"+02:00\""),
    (
        "another issuer",
        "[issuers.github]",
        "[issuers.forge]\nissuer = \"https://forge.example.com\"\nvouches_for = \"workloads\"\n\n[issuers.github]",
    ),
    ("another audience of an issuer", "vouches_for =", "audience = \"us\"\nvouches_for ="),
    (
        "another service",
        "[tokens]",
        "[services.web]\nbearer_sha256 = \"3333333333333333333333333333333333333333333333333333333333333333\"\n\n[tokens]",
    ),
    ("another workload", "\"crm\" } }", "\"web\" } }"),
    ("longer tokens", "[tokens]", "[tokens]\nlasting = \"1h\""),
    ("an audience fewer", ", \"https://b.example.com\"", ""),
    ("any audience", "[\"https://a.example.com\", \"https://b.example.com\"]", "[]"),
    ("a smaller quota", "[tokens]", "[quotas]\ntokens = 1\n\n[tokens]"),
    ("other hosts", "\"a.example.com\"", "\"c.example.com\""),
    ("no hosts", "[\"a.example.com\"]", "[]"),
    ("private addresses", "hosts =", "private_addresses = true\nhosts ="),
    (
        "no condition",
        "@id(\"hours\") @reason(\"late\")\nforbid (principal, action, resource is crm) when { context.hour > 18 };",
        "",
    ),
    ("another condition", "hour > 18", "hour > 19"),
    ("another reason", "\"late\"", "\"too late\""),
    ("another name", "\"hours\"", "\"evening\""),
    ("no permission", "@id(\"open\") permit (principal, action, resource is docs);", ""),
    ("a permission that forbids", "@id(\"open\") permit", "@id(\"open\") forbid"),
    (
        "only spelt otherwise",
        "permit (principal, action, resource is docs)",
        "permit ( principal, // all\n action, resource is docs )",
    ),
    ("a wider schema", "resource: [crm, docs]", "resource: [crm, docs, group]"),
    ("another entity", "\"parents\": []", "\"parents\": [{ \"type\": \"group\", \"id\": \"a\" }]"),
];

fn at_run_time(from: &str, to: &str) -> Policy {
    let entities =
        "[{ \"uid\": { \"type\": \"docs\", \"id\": \"d\" }, \"attrs\": {}, \"parents\": [] }]";
    let all = [
        ("policy.toml", format!("{SMALL}{AT_RUN_TIME}")),
        ("rules.cedar", RULES.to_owned()),
        ("schema.cedarschema", SCHEMA.replace("entity docs;", "entity docs in [group];")),
        ("entities.json", entities.to_owned()),
    ];
    assert!(all.iter().any(|(_, text)| text.contains(from)), "{from}");
    let changed = all.map(|(name, text)| (name.to_owned(), text.replacen(from, to, 1)));
    Policy::from_files(&changed.into()).unwrap_or_else(|refused| panic!("{to}: {refused}"))
}

#[test]
fn what_holds_at_run_time_is_compared_too() {
    let old = at_run_time("", "");
    let mut all = String::new();
    for (title, from, to) in LATER {
        let _ = writeln!(all, "{title}");
        for change in plan(&old, &at_run_time(from, to)) {
            let _ = writeln!(all, "  {:?} {}: {}", change.effect, change.about, change.what);
        }
    }
    insta::assert_snapshot!("at_run_time", all);
}

proptest! {
    #[test]
    fn what_newly_needs_nobody_is_always_marked_and_nothing_else(
        old in proptest::collection::vec(rule(), 0..4),
        new in proptest::collection::vec(rule(), 0..4),
    ) {
        let (old, new) = (with_rules(&old), with_rules(&new));
        let said = |effect| plan(&old, &new).iter().any(|change| change.effect == effect);
        prop_assert_eq!(said(Effect::Widens), newly_without_people(&old, &new));
        prop_assert_eq!(said(Effect::Narrows), newly_without_people(&new, &old));
        prop_assert_eq!(plan(&old, &old), []);
    }
}

/// The glass, changed in each of its parts.
#[test]
fn what_changes_about_emergencies_is_said_and_marked() {
    let with = |glass: &str| {
        only(&small_with("[channels]", &format!("[break_glass]\n{glass}\n\n[channels]"))).unwrap()
    };
    let before = "who = [\"team-lead\"]\nreview_by = [\"security\"]";
    let old = with(before);
    for (after, about, effect) in [
        ("who = [\"team-lead\", \"vp\"]\nreview_by = [\"security\"]", "who is", Effect::Widens),
        ("who = [\"vp\"]\nreview_by = [\"security\"]", "who is", Effect::Widens),
        ("who = [\"team-lead\"]\nreview_by = [\"vp\"]", "review_by is", Effect::Widens),
        (
            "who = [\"team-lead\"]\nreview_by = [\"security\", \"vp\"]",
            "review_by is",
            Effect::Narrows,
        ),
        (&format!("{before}\nlongest = \"2h\""), "longest is", Effect::Widens),
        (&format!("{before}\nlongest = \"30m\""), "longest is", Effect::Narrows),
        (&format!("{before}\nusual = \"5m\""), "usual is", Effect::Same),
        (&format!("{before}\nreview_within = \"3d\""), "review_within is", Effect::Widens),
    ] {
        let changes = plan(&old, &with(after));
        let found = changes.iter().find(|change| change.what.starts_with(about));
        let found = found.unwrap_or_else(|| panic!("{after}: {changes:?}"));
        assert_eq!((found.about.as_str(), found.effect), ("break_glass", effect), "{after}");
    }
    let gone = plan(&old, &small());
    assert!(gone.iter().all(|change| change.effect == Effect::Narrows), "{gone:?}");
}

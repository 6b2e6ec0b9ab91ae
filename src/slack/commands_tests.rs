use super::*;
use proptest::prelude::*;

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn request(agent: &str, access: &str, lasting: &str, because: &str) -> SlashCommand {
    SlashCommand::Request {
        agent: some(agent),
        access: some(access),
        lasting: some(lasting),
        because: some(because),
    }
}

#[test]
fn keys_are_shown_and_added() {
    let keys = |agent: &str| SlashCommand::Keys { agent: some(agent) };
    let add =
        |agent: &str, name: &str| SlashCommand::AddKey { agent: some(agent), name: some(name) };
    for (text, expected) in [
        ("key support-agent-v2", keys("support-agent-v2")),
        ("keys of `support-agent-v2`", keys("support-agent-v2")),
        ("credentials", keys("")),
        ("key add support-agent-v2", add("support-agent-v2", "")),
        ("key new to support-agent-v2", add("support-agent-v2", "")),
        ("key ADD support-agent-v2 “new laptop”", add("support-agent-v2", "new laptop")),
        ("key add", add("", "")),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn a_request_is_typed_whole_in_part_and_in_any_order() {
    let whole = request("support-agent-v2", "database:read", "30m", "customer support queries");
    for text in [
        "request support-agent-v2 database:read for 30m because customer support queries",
        "request database:read support-agent-v2 for 30m because customer support queries",
        "request for 30m database:read to support-agent-v2 because customer support queries",
        "REQUEST support-agent-v2 database : read 30m because: “customer support queries”",
        "  ask  support-agent-v2   database: read  30m  customer support queries ",
        "request `support-agent-v2` access to database:read for 30m because customer support queries",
    ] {
        assert_eq!(read(text), whole, "{text}");
    }
    for (text, expected) in [
        ("request", request("", "", "", "")),
        ("request support-agent-v2", request("support-agent-v2", "", "", "")),
        ("request database:read", request("", "database:read", "", "")),
        ("request for 1 hour 30 mins", request("", "", "1 hour 30 mins", "")),
        ("request bot 2 hours a:b", request("bot", "a:b", "2 hours", "")),
        ("request bot a:b for 30 parsecs", request("bot", "a:b", "30", "parsecs")),
        (
            "request database:read for support-agent-v2",
            request("support-agent-v2", "database:read", "", ""),
        ),
        ("request because I must", request("", "", "", "I must")),
        ("request bot for ages", request("bot", "", "ages", "")),
        ("request bot a:b for ages because I must", request("bot", "a:b", "ages", "I must")),
        ("request bot for ages a:b", request("bot", "a:b", "", "ages")),
        ("request bot a:b for half an hour", request("bot", "a:b", "half an hour", "")),
        ("request bot a:b for a few days, please", request("bot", "a:b", "a few days,", "please")),
        ("request bot a:b for customer queries", request("bot", "a:b", "", "customer queries")),
        ("request a:b for bot", request("bot", "a:b", "", "")),
        ("request bot a:b 30m for queries", request("bot", "a:b", "30m", "queries")),
        (
            "request bot because it ran for 2h because of x",
            request("bot", "", "", "it ran for 2h because of x"),
        ),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn the_other_commands() {
    use SlashCommand::*;
    for (text, expected) in [
        ("", Help),
        ("   ", Help),
        ("help", StaticHelp),
        ("list", List),
        ("register", Register { name: None }),
        ("register support-agent-v2", Register { name: some("support-agent-v2") }),
        ("register Support Agent", Register { name: some("Support Agent") }),
        ("show @support-agent-v2", Show { agent: some("support-agent-v2") }),
        ("grants", Grants { agent: None }),
        ("release g-1042", Release { reference: some("G-1042") }),
        ("cancel grant G-7", Cancel { reference: some("G-7") }),
        (
            "extend G-1042 by 30m because still on it",
            Extend { what: some("G-1042"), by: some("30m"), because: some("still on it") },
        ),
        (
            "extend support-agent-v2 for 1 hour",
            Extend { what: some("support-agent-v2"), by: some("1 hour"), because: None },
        ),
        (
            "extend G-1042 by Friday",
            Extend { what: some("G-1042"), by: some("Friday"), because: None },
        ),
        ("stop bot for safety", Stop { agent: some("bot"), because: some("safety") }),
        ("revoke G-1042 it leaks", Revoke { reference: some("G-1042"), because: some("it leaks") }),
        (
            "stop bot because it runs wild",
            Stop { agent: some("bot"), because: some("it runs wild") },
        ),
        (
            "break-glass bot database:write for 15m because orders are stuck since noon",
            BreakGlass {
                agent: some("bot"),
                access: some("database:write"),
                lasting: some("15m"),
                because: some("orders are stuck since noon"),
            },
        ),
        (
            "emergency bot",
            BreakGlass { agent: some("bot"), access: None, lasting: None, because: None },
        ),
        (
            "incident bot because it deletes rows",
            Incident { agent: some("bot"), because: some("it deletes rows") },
        ),
        ("incidents", Incidents),
        ("certify", Certify { agent: None }),
        ("review bot", Certify { agent: some("bot") }),
        ("certifications", Certifications { standing: None, team: None }),
        ("reviews late", Certifications { standing: Some(Standing::Late), team: None }),
        (
            "certifications of team support Suspended",
            Certifications { standing: Some(Standing::Suspended), team: Some("support".into()) },
        ),
        ("edit the agent bot", Edit { agent: some("bot") }),
        (
            "tier bot 3 because it answers customers",
            Tier { agent: some("bot"), to: some("3"), because: some("it answers customers") },
        ),
        (
            "tier 2 for bot it only writes",
            Tier { agent: some("bot"), to: some("2"), because: some("it only writes") },
        ),
        ("tier bot", Tier { agent: some("bot"), to: None, because: None }),
        (
            "retire bot because v3 took over",
            Retire { agent: some("bot"), because: some("v3 took over") },
        ),
        ("reinstate bot", Reinstate { agent: some("bot"), because: None }),
        (
            "transfer support-agent-v2 to <@U0VERA|vera> because she leads it now",
            transfer("support-agent-v2", "U0VERA", "she leads it now"),
        ),
        (
            "transfer @support-agent-v2 to vera@acme.example, she leads it",
            transfer("support-agent-v2", "vera@acme.example", "she leads it"),
        ),
        ("handover bot U0VERA because x", transfer("bot", "U0VERA", "x")),
        (
            "transfer to @vera agent bot because <@U0DANA|dana> leaves",
            transfer("bot", "vera", "@dana leaves"),
        ),
        (
            "transfer bot because <@U0DANA|dana> leaves",
            Transfer { agent: some("bot"), to: None, because: some("@dana leaves") },
        ),
        ("take @support-agent-v2", Take { agent: some("support-agent-v2") }),
        ("roles", Roles),
        ("why", Why { evaluation: None }),
        ("why eval_01KBM7", Why { evaluation: some("eval_01KBM7") }),
        ("why evaluation_id: “eval_01KBM7”,", Why { evaluation: some("eval_01KBM7") }),
        ("why support-bot", Why { evaluation: some("support-bot") }),
        ("insights", Insights),
        ("numbers of the week", Insights),
        ("discoveries", Discoveries),
        ("inventory", Discoveries),
        ("quiz", Quiz),
        ("quiz is my script an agent?", Quiz),
        ("login", Login { code: None }),
        ("login WDJB-MJHT", Login { code: some("WDJB-MJHT") }),
        ("LOGIN “wdjb mjht”", Login { code: some("wdjb mjht") }),
        ("regsiter x", Unknown { typed: "regsiter".into(), near: Some("register") }),
        ("relaese", Unknown { typed: "relaese".into(), near: Some("release") }),
        ("weather", Unknown { typed: "weather".into(), near: None }),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn text_is_read_as_it_was_typed_whether_slack_escapes_it_or_not() {
    for (sent, typed) in [
        ("stop bot a &amp; b &lt;c&gt;", "a & b <c>"),
        ("stop bot a & b <c> <", "a & b <c> <"),
        ("stop bot ask <@U0DANA|dana> in <#C0HELP|help>", "ask @dana in #help"),
        ("stop bot <!subteam^S0SEC|@security> or <!here>", "@security or @here"),
        ("stop bot see <https://a.example|a.example>", "see a.example"),
        ("stop bot &amp;lt;", "&lt;"),
    ] {
        let expected = SlashCommand::Stop { agent: some("bot"), because: some(typed) };
        assert_eq!(read(sent), expected, "{sent}");
    }
    assert_eq!(read("show <@U0BOT|bot>"), SlashCommand::Show { agent: some("bot") });
}

fn transfer(agent: &str, to: &str, because: &str) -> SlashCommand {
    SlashCommand::Transfer { agent: some(agent), to: some(to), because: some(because) }
}

proptest! {
    #[test]
    fn anything_can_be_typed(text in "\\PC{0,300}") {
        read(&text);
    }

    /// Words that mean something, in any order and number: nothing breaks, and what is kept is
    /// bounded.
    #[test]
    fn any_mixture_of_words_is_read(
        verb in prop::sample::select(WORDS.to_vec()),
        words in prop::collection::vec(
            prop::sample::select(vec![
                "for", "by", "because", "30m", "1", "hour", ":", "a:b", "::", "bot", "G-1",
                "9999999999d", "“", "ü", "for:", "\u{202E}", "<@U1|x>", "<", "&amp;",
            ]),
            0..30,
        ),
    ) {
        read(&format!("{verb} {}", words.join(" ")));
    }

    #[test]
    fn what_is_kept_is_bounded(word in "[a-z]{1,40}", n in 1_usize..3_000) {
        let text = format!("request {} because {}", "x".repeat(n), word.repeat(n));
        let SlashCommand::Request { agent, because, .. } = read(&text) else {
            panic!("no request");
        };
        prop_assert!(agent.is_none_or(|agent| agent.chars().count() <= LONGEST_NAME));
        prop_assert!(because.is_none_or(|text| text.chars().count() <= LONGEST_REASON));
    }

    #[test]
    fn the_order_of_the_arguments_does_not_matter(
        order in Just(vec!["support-agent-v2", "database:read", "for 30m"]).prop_shuffle(),
    ) {
        let text = format!("request {} because x", order.join(" "));
        prop_assert_eq!(read(&text), request("support-agent-v2", "database:read", "30m", "x"));
    }
}

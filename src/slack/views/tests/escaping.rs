//! Untrusted text stays text: for any text, in any place where people or agents can put it.

use proptest::prelude::*;

use super::catalogue::catalogue;
use super::judge::{controls, faults};
use super::sample::{Said, at, now};
use crate::domain::person::PersonId;
use crate::domain::time::Span;
use crate::slack::views::escape::{self, escape};

/// Text that somebody might try: pieces of markup, and anything else.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(vec![
            "<!channel>",
            "<!here>",
            "<!everyone>",
            "<@U0EVIL>",
            "<#C0EVIL|general>",
            "<https://evil.example|Approve>",
            "http://evil.example",
            "<!subteam^S0EVIL>",
            "<!date^0^{date}^http://evil.example|now>",
            "&lt;!channel&gt;",
            "&amp;lt;",
            "*",
            "_",
            "~",
            "`",
            "```",
            ":white_check_mark:",
            ":",
            ">",
            "\n>",
            "\u{202E}",
            "\u{200B}",
            "\u{0}",
            "\u{E0041}",
            "@channel",
            "[Approve]",
            "\"",
            "“",
            "{\"type\":\"button\"}",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
        "[a-z ]{0,30}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn no_text_is_read_as_anything_but_text(text in hostile()) {
        let plain = catalogue(&Said::everywhere("plain", 2));
        for ((name, shown), (_, usual)) in
            catalogue(&Said::everywhere(&text, 2)).iter().zip(&plain)
        {
            let (json, usual) = (shown.json(), usual.json());
            prop_assert_eq!(faults(&json), Vec::<String>::new(), "{}", name);
            let (mut has, mut should) = (Vec::new(), Vec::new());
            controls(&json, &mut has);
            controls(&usual, &mut should);
            // A page that is full shows less of a list, and says how many there are.
            let shortened = ["in all.", "more."].iter().any(|end| json.to_string().contains(end));
            let mut left = should.iter();
            let among = has.iter().all(|one| left.any(|other| other == one));
            prop_assert!(
                has == should || (shortened && among),
                "{}: the same buttons and questions: {:?} for {:?}", name, has, should
            );
        }
    }
}

proptest! {
    #[test]
    fn escaping_leaves_no_markup(text in hostile()) {
        let out = escape(&text);
        let bad = out.chars().any(|c| matches!(c, '<' | '>' | '*' | '~' | '`'));
        prop_assert!(!bad, "{}", out);
        for (i, _) in out.match_indices('&') {
            let entity = ["&amp;", "&lt;", "&gt;"].iter().any(|e| out[i..].starts_with(e));
            prop_assert!(entity, "{}", out);
        }
        for (i, _) in out.match_indices('_') {
            let (before, after) = (out[..i].chars().last(), out[i + 1..].chars().next());
            let inside = before.is_some_and(char::is_alphanumeric)
                && after.is_some_and(char::is_alphanumeric);
            prop_assert!(inside, "{}", out);
        }
    }

    #[test]
    fn escaping_what_is_plain_changes_nothing(text in "[a-zA-Z0-9 .,;!?()%äß🎉-]{0,60}") {
        prop_assert_eq!(escape(&text), text);
    }
}

#[test]
fn forty_thousand_characters_and_many_of_everything_stay_within_the_limits() {
    let pieces = ["x", "<&>", "\u{202E}", "*_~`", "🎉", ":tada:", "word "];
    for piece in pieces {
        let text: String = piece.chars().cycle().take(40_000).collect();
        for many in [0, 1, 200] {
            for (name, shown) in catalogue(&Said::everywhere(&text, many)) {
                assert_eq!(faults(&shown.json()), Vec::<String>::new(), "{name}: {many} × {piece}");
            }
        }
    }
}

#[test]
fn mentions_and_moments_are_ours() {
    let dana = PersonId::new("T0ACME", "U0DANA");
    assert_eq!(escape::mention(&dana), "<@U0DANA>");
    assert_eq!(escape::mention(&PersonId::new("T", "U1> <!channel")), "U1&gt; &lt;!channel");
    assert_eq!(escape::channel("C0SUPPORT"), "<#C0SUPPORT>");
    assert_eq!(escape::channel("C1|x"), "C1|x");
    assert_eq!(
        escape::when(at(0), now()),
        "<!date^1800000000^{date_short_pretty} at {time}|15 Jan 08:00 UTC>"
    );
    assert_eq!(escape::utc(at(-31_536_000), now()), "15 Jan 2026 08:00 UTC");
    assert_eq!(escape::ago(at(480), now()), "<!date^1800000480^{ago}|2 minutes ago>");
    assert_eq!(escape::since(at(599), now()), "just now");
    assert_eq!(escape::since(at(700), now()), "just now");
    assert_eq!(escape("customer_id _x_ :tada: a:b"), "customer_id ˍxˍ ∶tada: a:b");
}

#[test]
fn lists_and_lengths_read_as_people_say_them() {
    let words = |all: &[&str]| all.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    assert_eq!(escape::and(&words(&["a"])), "a");
    assert_eq!(escape::and(&words(&["a", "b"])), "a and b");
    assert_eq!(escape::or(&words(&["a", "b", "c"])), "a, b or c");
    assert_eq!(escape::and(&escape::first(&words(&["a", "b", "c"]), 1)), "a and 2 more");
    assert_eq!(escape::roughly(Span::seconds(3_725)), "1 hour 2 minutes");
    assert_eq!(escape::roughly(Span::seconds(599)), "10 minutes");
    assert_eq!(escape::at_most(Span::seconds(599)), "9 minutes");
    assert_eq!(escape::roughly(Span::seconds(45)), "45 seconds");
    assert_eq!(escape::roughly(Span::seconds(3 * 86_400 + 3_700)), "3 days 1 hour");
}

//! A question costs about as much as the rules that can apply to it.

use std::fmt::Write;
use std::time::Instant;

use serde_json::json;

use super::*;

/// `count` conditions on docs, and a hundred times as many on something else.
fn many(count: usize) -> String {
    let mut text = String::new();
    for i in 0..count {
        let _ = writeln!(
            text,
            "@id(\"docs-{i}\") @reason(\"no\") forbid (principal is agent, action == \
             Action::\"read\", resource is docs) when {{ context.hour == {} && principal.tier > {i} }};",
            24 + i
        );
    }
    for i in 0..count * 100 {
        let _ = writeln!(
            text,
            "@id(\"accounts-{i}\") @reason(\"no\") forbid (principal is agent, action == \
             Action::\"read\", resource is customer_account) when {{ context.hour == {i} }};"
        );
    }
    text
}

fn micros(policy: &Policy, asked: &Question) -> f64 {
    const TIMES: u32 = 2_000;
    let agent = agent();
    let facts = Facts { agent: Some(&agent), ..NOTHING() };
    let mut best = f64::MAX;
    for _ in 0..5 {
        let began = Instant::now();
        for _ in 0..TIMES {
            assert_eq!(policy.rule(asked, &facts), Ruling::Silent);
        }
        best = best.min(began.elapsed().as_secs_f64() * 1e6 / f64::from(TIMES));
    }
    best
}

/// Run it with `--release --nocapture` for figures that mean something.
#[test]
fn rules_about_something_else_cost_nothing() {
    let asked = question(entity("agent", "support-agent-v2", json!({})));
    let elsewhere = Question { resource: entity("database", "orders", json!({})), ..asked.clone() };
    let policy = policy(&many(10));
    let (ten, none) = (micros(&policy, &asked), micros(&policy, &elsewhere));
    println!("ten rules of 1,010 that fit: {ten:.1} µs; none: {none:.2} µs");
    assert!(
        none * 5.0 < ten,
        "a question that no rule is about costs {none} µs, ten rules {ten} µs"
    );
}

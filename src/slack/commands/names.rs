//! The words that commands are called by, what else people call them, and what was probably meant.

use crate::domain;

/// The words for the commands, in the order in which help shows them.
pub const WORDS: [&str; 31] = [
    "register",
    "request",
    "list",
    "show",
    "discoveries",
    "grants",
    "extend",
    "release",
    "revoke",
    "certify",
    "certifications",
    "edit",
    "tier",
    "stop",
    "break-glass",
    "incident",
    "incidents",
    "reinstate",
    "transfer",
    "take",
    "retire",
    "cancel",
    "appeal",
    "delegate",
    "key",
    "roles",
    "why",
    "insights",
    "login",
    "quiz",
    "help",
];

/// The command that this word stands for.
pub(super) fn canonical(word: &str) -> Option<&'static str> {
    let same = match word {
        "new" | "add" => "register",
        "ask" | "need" => "request",
        "ls" | "agents" => "list",
        "info" => "show",
        "discovery" | "discovered" | "found" | "inventory" => "discoveries",
        "prolong" => "extend",
        "return" => "release",
        "suspend" => "stop",
        "emergency" | "breakglass" | "break" => "break-glass",
        "recertify" | "review" => "certify",
        "reviews" | "campaign" => "certifications",
        "change" | "describe" => "edit",
        "end" => "retire",
        "resume" => "reinstate",
        "handover" | "hand-over" | "give" => "transfer",
        "adopt" => "take",
        "withdraw" => "cancel",
        "signin" | "sign-in" | "log-in" => "login",
        "role" | "approvers" => "roles",
        "keys" | "credential" | "credentials" => "key",
        "explain" => "why",
        "numbers" | "metrics" | "stats" => "insights",
        "?" | "--help" | "-h" => "help",
        other => other,
    };
    WORDS.into_iter().find(|known| *known == same)
}

/// The command that was probably meant.
pub(super) fn near(word: &str) -> Option<&'static str> {
    domain::near::near(word, WORDS, 1).first().copied()
}

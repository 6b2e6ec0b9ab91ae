//! Reads what holds at run time beside the rules: `[rules]`, `[issuers.NAME]`, `[tokens]`,
//! `[quotas]` and `[callbacks]`.

use std::collections::BTreeMap;

use chrono::{FixedOffset, Offset, Utc};
use serde_json::Value as Json;

use super::log::Log;
use super::services;
use super::walk::{Table, Value};
use crate::domain::time::Span;
use crate::policy::near;
use crate::policy::runtime::{
    Callbacks, Issuer, Keys, Quotas, SPIFFE, ServiceAccount, Tokens, Trusted,
};

/// All of it.
pub(super) struct Trust {
    pub(super) services: BTreeMap<String, ServiceAccount>,
    pub(super) issuers: BTreeMap<String, Issuer>,
    pub(super) tokens: Tokens,
    pub(super) quotas: Quotas,
    pub(super) callbacks: Callbacks,
    pub(super) offset: FixedOffset,
}

/// Reads all sections, whether or not one before has mistakes.
pub(super) fn read(log: &mut Log<'_>, root: &Table<'_, '_>) -> Option<Trust> {
    let offset = rules(log, root);
    let issuers = issuers(log, root);
    let services = services::read(log, root, issuers.as_ref());
    let tokens = tokens(log, root);
    let quotas = quotas(log, root);
    let callbacks = callbacks(log, root);
    Some(Trust {
        services: services?,
        issuers: issuers?,
        tokens: tokens?,
        quotas: quotas?,
        callbacks: callbacks?,
        offset: offset?,
    })
}

/// The clock of the rules; UTC if the section is absent.
fn rules(log: &mut Log<'_>, root: &Table<'_, '_>) -> Option<FixedOffset> {
    let Some(value) = root.get("rules") else { return Some(Utc.fix()) };
    let table = value.table(log, "[rules]")?;
    table.only(log, &["utc_offset"]);
    let value = table.need(
        log,
        "utc_offset",
        "Say how far your working day is from UTC: utc_offset = \"+01:00\".",
    )?;
    let text = value.text(log, "\"+01:00\", in quotes")?;
    let offset = offset(text);
    if offset.is_none() {
        log.mistake(
            value.at,
            format!("{}: \"{text}\" is no distance from UTC", value.path),
            "Write it like \"+01:00\" or \"-07:30\".",
        );
    }
    offset
}

fn offset(text: &str) -> Option<FixedOffset> {
    let shape = |(i, c): (usize, char)| match i {
        0 => matches!(c, '+' | '-'),
        3 => c == ':',
        _ => c.is_ascii_digit(),
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let fits = text.len() == 6 && text.chars().enumerate().all(shape);
    let seconds = (hours * 60 + minutes) * 60;
    let east = if text.starts_with('-') { -seconds } else { seconds };
    (fits && hours <= 14 && minutes < 60).then(|| FixedOffset::east_opt(east)).flatten()
}

fn issuers(log: &mut Log<'_>, root: &Table<'_, '_>) -> Option<BTreeMap<String, Issuer>> {
    let Some(value) = root.get("issuers") else { return Some(BTreeMap::new()) };
    let table = value.table(log, "[issuers.github]")?;
    let mut read: Vec<Option<Issuer>> = Vec::new();
    for (key, value) in table.named(log, "an issuer") {
        let issuer = issuer(log, key.name, &value);
        let twin = read.iter().flatten().find(|one| {
            issuer.as_ref().is_some_and(|i| i.issuer == one.issuer && i.audience == one.audience)
        });
        if let Some(twin) = twin {
            log.mistake(
                value.at,
                format!("{} and [issuers.{}] are the same issuer", value.path, twin.name),
                "Keep one, or give each an audience of its own: a token is told by iss and aud.",
            );
        }
        read.push(issuer);
    }
    read.into_iter().map(|issuer| issuer.map(|i| (i.name.clone(), i))).collect()
}

fn issuer(log: &mut Log<'_>, name: &str, value: &Value<'_, '_>) -> Option<Issuer> {
    const KEYS: [&str; 8] = [
        "issuer",
        "audience",
        "jwks_url",
        "jwks",
        "vouches_for",
        "user_claim",
        "workspace_claim",
        "groups_claim",
    ];
    let table = value.table(log, &format!("[issuers.{name}] with issuer and vouches_for"))?;
    table.only(log, &KEYS);
    let issuer = table
        .need(
            log,
            "issuer",
            "Write the iss of its tokens: issuer = \"https://token.actions.githubusercontent.com\".",
        )
        .and_then(|v| address_or_domain(log, &v));
    let audience = match table.get("audience") {
        None => Some(None),
        Some(value) => value.words(log, "the aud of its tokens").map(|w| Some(w.to_owned())),
    };
    let keys = keys(log, &table);
    let vouches_for = vouches_for(log, &table);
    let issuer = Issuer {
        name: name.to_owned(),
        issuer: issuer?,
        audience: audience?,
        keys: keys?,
        vouches_for: vouches_for?,
    };
    if issuer.trust_domain().is_some() {
        if issuer.keys == Keys::Discovered {
            log.mistake(
                value.at,
                format!("{} is a trust domain, whose keys cannot be discovered", value.path),
                "Say where its bundle is: jwks_url = \"https://…\", or write its keys as jwks.",
            );
        }
        if issuer.vouches_for != Trusted::Workloads {
            log.mistake(
                value.at,
                format!("{} is a trust domain, which knows workloads alone", value.path),
                "Write vouches_for = \"workloads\".",
            );
        }
    }
    Some(issuer)
}

/// An issuer's address, or a trust domain: `spiffe://acme.example`.
fn address_or_domain(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<String> {
    let text = value.text(log, "\"https://login.example.com\"")?;
    let Some(domain) = text.strip_prefix(SPIFFE) else { return address(log, value) };
    // SPIFFE ID, section 2.1.
    let plain =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    if !domain.is_empty() && domain.len() <= 255 && domain.chars().all(plain) {
        return Some(text.to_owned());
    }
    log.mistake(
        value.at,
        format!("{}: \"{}\" is no trust domain", value.path, text.escape_debug()),
        "Write its name alone, in small letters: \"spiffe://acme.example\".",
    );
    None
}

fn keys(log: &mut Log<'_>, table: &Table<'_, '_>) -> Option<Keys> {
    match (table.get("jwks_url"), table.get("jwks")) {
        (None, None) => Some(Keys::Discovered),
        (Some(url), None) => address(log, &url).map(Keys::Url),
        (None, Some(given)) => {
            let text = given.text(log, "'{\"keys\": [ … ]}', in single quotes")?;
            match key_set(text) {
                Ok(()) => Some(Keys::Given(text.to_owned())),
                Err(what) => {
                    log.mistake(
                        given.at,
                        format!("{} {what}", given.path),
                        "Write the public JWK set as the issuer publishes it: '{\"keys\": [ … ]}'.",
                    );
                    None
                }
            }
        }
        (Some(_), Some(given)) => {
            log.mistake(
                given.at,
                format!("{} has both jwks and jwks_url", table.path),
                "Keep one: keys of an address can be changed by their issuer, given ones not.",
            );
            None
        }
    }
}

fn key_set(text: &str) -> Result<(), &'static str> {
    let json: Json = serde_json::from_str(text).map_err(|_| "is not JSON")?;
    let keys = json.get("keys").and_then(Json::as_array).ok_or("has no list of keys")?;
    if keys.is_empty() {
        return Err("has no keys");
    }
    if keys.iter().any(|key| key.get("kty").and_then(Json::as_str).is_none()) {
        return Err("has a key without kty");
    }
    // `d` is the private part of all kinds of pairs, `k` the secret of shared ones (RFC 7518, 6).
    if keys.iter().any(|key| key.get("d").is_some() || key.get("k").is_some()) {
        return Err(
            "has a private or a shared key, which everybody who reads the policy would have",
        );
    }
    Ok(())
}

fn vouches_for(log: &mut Log<'_>, table: &Table<'_, '_>) -> Option<Trusted> {
    const WHAT: [&str; 2] = ["workloads", "people"];
    let value = table.need(
        log,
        "vouches_for",
        "Say what its tokens prove: vouches_for = \"workloads\" (or \"people\").",
    )?;
    let text = value.text(log, "\"workloads\"")?;
    let claim = |log: &mut Log<'_>, value: Value<'_, '_>| {
        value.words(log, "the name of a claim").map(str::to_owned)
    };
    match text {
        "workloads" => {
            for key in ["user_claim", "workspace_claim", "groups_claim"] {
                if let Some(value) = table.get(key) {
                    log.mistake(
                        value.at,
                        format!("{} means nothing for workloads", value.path),
                        "Remove it, or write vouches_for = \"people\".",
                    );
                }
            }
            Some(Trusted::Workloads)
        }
        "people" => {
            let user = table
                .need(
                    log,
                    "user_claim",
                    "Name the claim that holds the Slack user's id: user_claim = \
                     \"https://slack.com/user_id\".",
                )
                .and_then(|v| claim(log, v));
            let workspace_claim = match table.get("workspace_claim") {
                None => Some(None),
                Some(value) => claim(log, value).map(Some),
            };
            let groups_claim = match table.get("groups_claim") {
                None => Some(None),
                Some(value) => claim(log, value).map(Some),
            };
            Some(Trusted::People {
                user_claim: user?,
                workspace_claim: workspace_claim?,
                groups_claim: groups_claim?,
            })
        }
        _ => {
            let what = format!("{}: \"{text}\" is nothing that can be vouched for", value.path);
            log.mistake(value.at, what, near::cure(text, "words", WHAT));
            None
        }
    }
}

/// An address: https, or http on this machine.
fn address(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<String> {
    let text = value.text(log, "\"https://login.example.com\"")?;
    if is_address(text) {
        return Some(text.to_owned());
    }
    log.mistake(
        value.at,
        format!("{}: \"{}\" is no https address", value.path, text.escape_debug()),
        "Write it like \"https://login.example.com\"; http is for this machine alone (127.0.0.1, \
         [::1], localhost).",
    );
    None
}

fn is_address(text: &str) -> bool {
    let plain = text.chars().all(|c| c.is_ascii_graphic()) && !text.contains(['#', '?', '@']);
    let host = |rest: &str| {
        let authority = rest.split('/').next().unwrap_or_default();
        match authority.strip_prefix('[') {
            Some(six) => six.split(']').next().map(|six| format!("[{six}]")),
            None => authority.split(':').next().map(str::to_owned),
        }
        .unwrap_or_default()
    };
    let good = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => !host(rest).is_empty(),
        (None, Some(rest)) => matches!(host(rest).as_str(), "127.0.0.1" | "[::1]" | "localhost"),
        (None, None) => false,
    };
    plain && good
}

fn tokens(log: &mut Log<'_>, root: &Table<'_, '_>) -> Option<Tokens> {
    let usual = Tokens::default();
    let Some(value) = root.get("tokens") else { return Some(usual) };
    let table = value.table(log, "[tokens]")?;
    table.only(log, &["lasting", "longest_chain", "audiences", "longest_credential"]);
    let lasting = match table.get("lasting") {
        None => Some(usual.lasting),
        Some(value) => within(log, &value, Span::seconds(30), Span::hours(1)),
    };
    let longest_credential = match table.get("longest_credential") {
        None => Some(usual.longest_credential),
        Some(value) => within(log, &value, Span::hours(1), Span::days(366)),
    };
    let longest_chain = match table.get("longest_chain") {
        None => Some(usual.longest_chain),
        Some(value) => value.count(log, 1..=16),
    };
    let audiences = match table.get("audiences") {
        None => Some(usual.audiences),
        Some(value) => audiences(log, &value),
    };
    Some(Tokens {
        lasting: lasting?,
        longest_chain: longest_chain?,
        audiences: audiences?,
        longest_credential: longest_credential?,
    })
}

pub(super) fn within(
    log: &mut Log<'_>,
    value: &Value<'_, '_>,
    least: Span,
    most: Span,
) -> Option<Span> {
    let span = value.span(log)?;
    if span < least || span > most {
        log.mistake(
            value.at,
            format!("{}: {span} is too short or too long", value.path),
            format!("Write a length of time from {least} to {most}."),
        );
        return None;
    }
    Some(span)
}

/// Absolute URIs without a fragment (RFC 8707, section 2).
fn audiences(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<Vec<String>> {
    let mut all = Vec::new();
    for key in value.texts(log, "[\"https://crm.example.com\"]")? {
        let scheme = key.name.split_once(':').map(|(scheme, rest)| (scheme, !rest.is_empty()));
        let absolute = scheme.is_some_and(|(scheme, rest)| {
            rest && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        });
        if absolute && !key.name.contains('#') && key.name.chars().all(|c| c.is_ascii_graphic()) {
            all.push(key.name.to_owned());
        } else {
            log.mistake(
                key.at,
                format!("{}: \"{}\" is no absolute URI", value.path, key.name.escape_debug()),
                "Write the address of the service, like \"https://crm.example.com\".",
            );
        }
    }
    Some(all)
}

fn quotas(log: &mut Log<'_>, root: &Table<'_, '_>) -> Option<Quotas> {
    let usual = Quotas::default();
    let Some(value) = root.get("quotas") else { return Some(usual) };
    let table = value.table(log, "[quotas]")?;
    table.only(log, &["evaluations", "tokens", "open_requests"]);
    let mut count = |key: &str, usual: u32| match table.get(key) {
        None => Some(usual),
        Some(value) => value.count(log, 1..=1_000_000),
    };
    let evaluations = count("evaluations", usual.evaluations);
    let tokens = count("tokens", usual.tokens);
    let open_requests = count("open_requests", usual.open_requests);
    Some(Quotas { evaluations: evaluations?, tokens: tokens?, open_requests: open_requests? })
}

fn callbacks(log: &mut Log<'_>, root: &Table<'_, '_>) -> Option<Callbacks> {
    let Some(value) = root.get("callbacks") else { return Some(Callbacks::default()) };
    let table = value.table(log, "[callbacks]")?;
    table.only(log, &["hosts", "private_addresses"]);
    let hosts = table
        .need(log, "hosts", "Name the hosts that may be called: hosts = [\"hooks.example.com\"].")
        .and_then(|v| hosts(log, &v));
    let private_addresses = match table.get("private_addresses") {
        None => Some(false),
        Some(value) => value.flag(log),
    };
    Some(Callbacks { hosts: hosts?, private_addresses: private_addresses? })
}

fn hosts(log: &mut Log<'_>, value: &Value<'_, '_>) -> Option<Vec<String>> {
    let mut all = Vec::new();
    for key in value.texts(log, "[\"hooks.example.com\"]")? {
        if is_host(key.name.strip_prefix("*.").unwrap_or(key.name)) {
            all.push(key.name.to_owned());
        } else {
            log.mistake(
                key.at,
                format!("{}: \"{}\" is no host", value.path, key.name.escape_debug()),
                "Write the host alone, like \"hooks.example.com\", or \"*.example.com\" for all \
                 below one.",
            );
        }
    }
    Some(all)
}

fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

//! `agent-cli why`: why an answer at run time was what it was, and the way out.

use clap::Args;

use super::super::exit::Exit;
use super::super::look::Ink;
use super::super::session::Session;
use super::super::times::{clock, relative};
use super::super::trouble::Trouble;
use super::super::words::{Told, harmless};
use crate::contract::evaluation::Why as Explained;
use crate::domain::time::{Span, Timestamp};

/// Which answer.
#[derive(Debug, Clone, Args)]
pub struct Why {
    /// The evaluation's id, eval_…, as the answer and the agent's log carry it.
    pub evaluation: String,
}

/// Asks the server.
///
/// # Errors
///
/// Why there is no explanation.
pub async fn run(arguments: Why, session: &Session) -> Result<Exit, Trouble> {
    let id = arguments.evaluation.trim();
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(Trouble::usage(
            format!("`{}` is no evaluation.", harmless(id)),
            "write it like eval_01KBM7…; the answer carries it as evaluation_id",
        ));
    }
    let why: Explained = session.server()?.get(&format!("/api/v1/evaluations/{id}")).await?;
    session.screen.answer(&why)?;
    let ink = if why.allowed { Ink::Good } else { Ink::Bad };
    session.screen.tell(ink, &words(&why, session.now()))?;
    Ok(Exit::Done)
}

fn words(why: &Explained, now: Timestamp) -> Told {
    let may = if why.allowed { "was allowed to" } else { "was not allowed to" };
    let (subject, action, resource) =
        (harmless(&why.subject), harmless(&why.action), harmless(&why.resource));
    let usual =
        why.usual.as_ref().map(|usual| format!("usually {}", Span::seconds(usual.seconds).words()));
    let link = why.link.as_deref().map(|link| format!("or one click: {}", harmless(link)));
    let whose = match (&why.on_behalf_of, &why.for_whom) {
        (Some(person), _) => harmless(person),
        (None, Some(named)) => format!("{}, as who asked says", harmless(named)),
        (None, None) => String::new(),
    };
    let token = why.token.as_deref().map(|token| match why.token_known {
        Some(false) => format!("{}, which is not known as this agent's", harmless(token)),
        _ => harmless(token),
    });
    let next = why.next.iter().map(|next| harmless(next)).chain(link);
    Told::new(format!("{subject} {may} {action} {resource}."))
        .why(harmless(&why.words))
        .row("When", format!("{} ({})", clock(why.at, now), relative(why.at, now)))
        .row("For", whose)
        .row("Token", token.unwrap_or_default())
        .row("By", why.rests_on.as_deref().map(harmless).unwrap_or_default())
        .next(next)
        .row("Wait", usual.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::super::look::Look;
    use super::super::super::progress::tests::at;
    use super::*;

    #[test]
    fn a_no_says_the_way_out() {
        let no = Explained {
            id: "eval_01".to_owned(),
            at: at("11:59:00"),
            subject: "support-agent-v2".to_owned(),
            action: "write".to_owned(),
            resource: "database/orders".to_owned(),
            allowed: false,
            reason: "tier_too_low".to_owned(),
            words: "its grant covers reading; writing needs tier 2 and this agent is tier 1."
                .to_owned(),
            rests_on: None,
            next: vec![
                "agent-cli request-permission --resource database:write --for 30m".to_owned(),
            ],
            usual: Some(crate::contract::Lasting { text: "40m".to_owned(), seconds: 2_400 }),
            link: Some("https://agents.example.com/r/8fK2Qd".to_owned()),
            token: None,
            token_known: None,
            on_behalf_of: None,
            for_whom: Some("user/alice@example.com".to_owned()),
            policy: "sha256:1".to_owned(),
        };
        let yes = Explained {
            allowed: true,
            words: "a live grant covers it.".to_owned(),
            rests_on: Some("G-1042".to_owned()),
            next: Vec::new(),
            usual: None,
            link: None,
            token: Some("tok_01".to_owned()),
            token_known: Some(true),
            on_behalf_of: Some("T0ACME/U0DANA".to_owned()),
            ..no.clone()
        };
        let now = at("12:00:00");
        let text = |why: &Explained| words(why, now).render(Ink::Bad, Look::PLAIN);
        let text = format!("{}\n{}", text(&no), text(&yes));
        insta::assert_snapshot!(text.replace(&clock(no.at, now), "[clock]"));
    }
}

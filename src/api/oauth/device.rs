//! People log in on devices: RFC 8628, with opaque tokens that are renewed one by the other.
//!
//! `agent-cli` is a public client (RFC 6749, section 2.1): it has no secret that it could keep. That a
//! person is at the device is known by their answer in Slack alone.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;

use super::answers::{away, refused, uncached};
use super::form::Form;
use crate::contract::login::{CLIENT_ID, DeviceAuthorization, PersonTokens};
use crate::domain::login::{CODE_LIVES, INTERVAL};
use crate::identity::Signer;
use crate::service::Service;
use crate::service::logins::ask::{DeviceAsks, LoginAsked};
use crate::service::logins::tokens::TokensAsked;
use crate::service::tokens::TokenDesk;
use crate::service::tokens::refused::{Code, Refused};

/// `grant_type`: another pair of tokens for a refresh token.
pub(super) const REFRESH_TOKEN: &str = "refresh_token";

fn answer(body: &impl Serialize) -> Response {
    uncached(StatusCode::OK, &serde_json::to_value(body).unwrap_or_default())
}

/// `POST /oauth/device_authorization`: a device asks.
pub(super) async fn authorize(State(desk): State<TokenDesk>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let form = match Form::read(&parts.headers, body).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    if let Err(no) = is_client(&form) {
        return refused(&no);
    }
    let hint = form.get("login_hint").map(str::to_owned);
    let message_sent = hint.is_some();
    let asks = DeviceAsks {
        device: form.get("device_name").unwrap_or_default().to_owned(),
        hint,
        from: address(&parts),
    };
    match desk.service().ask_login(asks).await {
        Ok(LoginAsked::Asked { device_code, user_code }) => {
            let page = format!("{}/device", desk.ring().issuer());
            answer(&DeviceAuthorization {
                device_code,
                verification_uri_complete: format!("{page}?user_code={user_code}"),
                user_code: user_code.to_string(),
                verification_uri: page,
                expires_in: CODE_LIVES.as_seconds().into(),
                interval: INTERVAL.as_seconds().into(),
                message_sent,
            })
        }
        Ok(LoginAsked::TooOften { wait }) => {
            let words = "too many logins were asked for from this address: wait a moment";
            refused(&Refused::new(Code::TooOften { wait }, words))
        }
        Err(error) => away(&error),
    }
}

/// The part of the token endpoint that is for people's devices; `None` if it is another's.
pub(super) async fn token(service: &Service, form: &Form) -> Option<Response> {
    let parameter = match form.get("grant_type")? {
        crate::contract::login::DEVICE_CODE => "device_code",
        REFRESH_TOKEN => "refresh_token",
        _ => return None,
    };
    if let Err(no) = is_client(form) {
        return Some(refused(&no));
    }
    let Some(shown) = form.get(parameter) else {
        let words = format!("{parameter} is missing");
        return Some(refused(&Refused::new(Code::InvalidRequest, words)));
    };
    let asked = if parameter == "device_code" {
        service.fetch_login(shown).await
    } else {
        service.renew_login(shown).await
    };
    Some(match asked {
        Ok(TokensAsked::Given(given)) => answer(&PersonTokens {
            access_token: given.access,
            token_type: "Bearer".to_owned(),
            expires_in: given.expires_in.into(),
            refresh_token: given.refresh,
        }),
        Ok(no) => refused(&why_not(&no)),
        Err(error) => away(&error),
    })
}

/// A "no" in the words of RFC 6749, section 5.2, and RFC 8628, section 3.5.
fn why_not(asked: &TokensAsked) -> Refused {
    let (code, words) = match asked {
        // Given is no "no"; it is answered before.
        TokensAsked::Given(_) | TokensAsked::Over => {
            (Code::InvalidGrant, "this login is over or was never there: log in again")
        }
        TokensAsked::Pending => {
            (Code::AuthorizationPending, "nobody has confirmed it yet: in Slack, /agent login CODE")
        }
        TokensAsked::SlowDown => {
            (Code::SlowDown, "asked too soon: wait five seconds longer from now on")
        }
        TokensAsked::Expired => {
            (Code::ExpiredToken, "nobody confirmed it in ten minutes: start the login again")
        }
        TokensAsked::Denied => (Code::AccessDenied, "somebody said in Slack that it is not they"),
        TokensAsked::Reused => (
            Code::InvalidGrant,
            "this was used before, so somebody else may have a copy: the login has ended. Log in \
             again",
        ),
        TokensAsked::NotMember(_) => (
            Code::InvalidGrant,
            "only full, active members of the workspace log in here: the login has ended",
        ),
    };
    Refused::new(code, words)
}

/// Whether the form is `agent-cli`'s.
fn is_client(form: &Form) -> Result<(), Refused> {
    match form.get("client_id") {
        Some(CLIENT_ID) => Ok(()),
        None => {
            Err(Refused::new(Code::InvalidRequest, format!("client_id is missing: {CLIENT_ID}")))
        }
        Some(_) => {
            let words = format!("people log in with client_id={CLIENT_ID} alone");
            Err(Refused::new(Code::InvalidClient, words))
        }
    }
}

/// From where it is asked. A proxy that stands before this server, in its own network, tells whom it
/// speaks for; anybody else's word for that counts nothing.
fn address(parts: &Parts) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())?;
    let peer = peer.to_canonical();
    if is_inside(peer) { Some(forwarded(&parts.headers).unwrap_or(peer)) } else { Some(peer) }
}

/// The last entry of `X-Forwarded-For`: the one that the nearest proxy has added.
fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    let last: IpAddr = last.rsplit(',').next()?.trim().parse().ok()?;
    Some(last.to_canonical())
}

const fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn seen(peer: &str, forwarded: &[&str]) -> Option<String> {
        let mut request = Request::builder();
        for one in forwarded {
            request = request.header("X-Forwarded-For", *one);
        }
        let (mut parts, _) = request.body(Body::empty()).unwrap().into_parts();
        let peer: IpAddr = peer.parse().unwrap();
        parts.extensions.insert(ConnectInfo(SocketAddr::new(peer, 443)));
        address(&parts).map(|address| address.to_string())
    }

    #[test]
    fn only_a_proxy_of_our_own_network_tells_whom_it_speaks_for() {
        for (peer, forwarded, expected) in [
            ("198.51.100.7", &[][..], "198.51.100.7"),
            ("198.51.100.7", &["203.0.113.9"], "198.51.100.7"),
            ("10.0.0.2", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.2", &["192.0.2.1, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.2", &["192.0.2.1", "203.0.113.9"], "203.0.113.9"),
            ("10.0.0.2", &["nonsense"], "10.0.0.2"),
            ("::1", &["2001:db8::1"], "2001:db8::1"),
            ("::ffff:198.51.100.7", &["203.0.113.9"], "198.51.100.7"),
        ] {
            assert_eq!(seen(peer, forwarded).as_deref(), Some(expected), "{peer} {forwarded:?}");
        }
    }
}

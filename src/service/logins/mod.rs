//! People log in on devices: the device asks, the person says yes in Slack, the device gets its tokens.
//!
//! | file | idea |
//! |---|---|
//! | [`ask`] | a device asks, and the person it names hears of it |
//! | [`answer`] | a person finds what they are asked, and answers |
//! | [`tokens`] | tokens are fetched, renewed, shown, given back |
//! | [`end`] | a person ends one login, or all |
//! | `pace` | how often is too often |

pub mod answer;
pub mod ask;
pub mod end;
mod pace;
pub mod tokens;

pub(super) use pace::Pace;

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::opening::{refresh_homes, send};
use crate::clock::Entropy;
use crate::domain::delivery::{Delivery, Notice, Place};
use crate::domain::event::{Actor, What};
use crate::domain::login::{Login, LoginState, Pair, SecretHash};
use crate::domain::time::Timestamp;
use crate::store::{StoreError, Tx};

/// How an access token of a person begins.
pub const ACCESS_PREFIX: &str = "csp_";
/// How a refresh token of a person begins.
pub const REFRESH_PREFIX: &str = "csr_";
/// How a device code begins.
const DEVICE_PREFIX: &str = "csd_";

/// A secret that begins so, with 256 bits that nobody guesses.
fn secret(entropy: &Entropy, prefix: &str) -> String {
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(entropy.secret()))
}

/// Two new tokens, and all that is kept of them.
fn new_pair(entropy: &Arc<Entropy>) -> (String, String, Pair) {
    let (access, refresh) = (secret(entropy, ACCESS_PREFIX), secret(entropy, REFRESH_PREFIX));
    let pair = Pair { access: SecretHash::of(&access), refresh: SecretHash::of(&refresh) };
    (access, refresh, pair)
}

/// Keeps a login that has ended; it is on the record, and where somebody else may have a copy of its
/// tokens the person is told.
async fn keep_ended(
    tx: &mut Tx,
    entropy: &Entropy,
    login: &Login,
    by: Actor,
    now: Timestamp,
) -> std::result::Result<(), StoreError> {
    let LoginState::Ended { person, ending, .. } = &login.state else { return Ok(()) };
    tx.update_login(login).await?;
    let what = What::LoginEnded { login: login.id, person: person.clone(), ending: *ending };
    tx.append(now, by, what).await?;
    refresh_homes(tx, entropy, now, [person]);
    if ending.is_theft() {
        let notice = Notice::LoginEnded { login: login.id };
        let place = Place::Person(person.clone());
        send(tx, entropy, now, &Delivery::Notice { place, notice }).await?;
    }
    Ok(())
}

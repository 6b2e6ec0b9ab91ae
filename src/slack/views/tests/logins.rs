//! The views around logins.

use ulid::Ulid;

use super::catalogue::{Catalogue, Shown};
use super::sample::*;
use crate::domain::ids::LoginId;
use crate::domain::login::{
    CODE_LIVES, Ending, Fetched, Login, LoginState, NoAnswer, Pair, SecretHash, device_name,
};
use crate::domain::person::Standing;
use crate::domain::user_code::UserCode;
use crate::service::logins::answer::{LoginAnswered, LoginFound};
use crate::service::logins::end::LoginsEnded;
use crate::service::messenger::Content;
use crate::slack::views::notice;

fn login_id(n: usize) -> LoginId {
    LoginId::new(Ulid::from_parts(1_800_000_000_000, 1 + n as u128))
}

/// A device with these words in its name that asks.
fn asked(said: &Said, n: usize) -> Login {
    let code: UserCode = "WDJB-MJHT".parse().unwrap();
    Login {
        id: login_id(n),
        device: device_name(&said.short),
        from: (n == 0).then(|| "203.0.113.7".to_owned()),
        asked_at: at(540),
        device_code: SecretHash::of("device"),
        state: LoginState::Asked { code, meant_for: None, until: at(540) + CODE_LIVES.delta() },
    }
}

/// A login of Dana's at work.
pub fn login_of(said: &Said, n: usize) -> Login {
    let confirmed = asked(said, n).answer(&dana(), true, at(560)).unwrap();
    let pair = Pair { access: SecretHash::of("a"), refresh: SecretHash::of("r") };
    let Fetched::Began(login) = confirmed.fetch(pair, at(565)) else { panic!("it begins") };
    login
}

/// Every view around logins, with these words wherever a device's words are.
pub fn logins(said: &Said, all: &mut Catalogue) {
    use crate::slack::views::logins as views;
    let mut add = |name: &str, shown: Shown| all.push((format!("login_{name}"), shown));
    add("asked", notice(&Content::LoginAsked { login: asked(said, 0) }, now()).into());
    for (name, ending) in [("reused", Ending::RefreshReused), ("fetched_twice", Ending::CodeReused)]
    {
        let login = login_of(said, 0).end(ending, at(580)).unwrap();
        add(name, notice(&Content::LoginEnded { login }, now()).into());
    }
    add("explained", views::explained().into());
    for (name, found) in [
        ("found", LoginFound::Asked { login: asked(said, 0), now: now() }),
        ("no_code", LoginFound::NoCode { typed: said.short.clone() }),
        ("unknown", LoginFound::Unknown),
        ("too_often", LoginFound::TooOften { wait: 12 }),
        ("guest", LoginFound::NotMember(Standing::Guest)),
    ] {
        add(name, views::found(&found).into());
    }
    let nothing = |why, by_you| LoginAnswered::Nothing { why, by_you };
    let before = |yes| NoAnswer::Answered { by: dana(), yes };
    for (name, answered) in [
        ("confirmed", LoginAnswered::Confirmed(login_of(said, 0))),
        ("refused", LoginAnswered::Refused(asked(said, 0))),
        ("confirmed_before", nothing(before(true), true)),
        ("refused_before", nothing(before(false), true)),
        ("by_another", nothing(before(true), false)),
        ("for_another", nothing(NoAnswer::ForAnother, false)),
        ("expired", nothing(NoAnswer::Expired, false)),
    ] {
        add(name, views::answered(&answered).into());
    }
    for n in 0..3 {
        let ended = (0..n).map(|n| login_of(said, n)).collect();
        add(&format!("ended_{n}"), views::ended(&LoginsEnded { ended }).into());
    }
}

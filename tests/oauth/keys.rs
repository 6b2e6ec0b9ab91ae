//! The server's own keys: made, followed by others, the same for all servers.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use countersign::clock::{Clock, MovableClock};
use countersign::domain::event::{Body, What};
use countersign::domain::time::Timestamp;
use countersign::identity::ring::KeyRing;
use countersign::identity::vault::{Sealer, Vault, VaultError};
use countersign::identity::{Disbelief, Kind, Signer};
use countersign::service::tokens::keys::{KeyError, KeyKeeper};
use countersign::store::{Limits, Store};
use serde_json::json;

use crate::database::TestDatabase;

const SECRET: &str = "a secret of thirty-two characters";

/// A server, as far as its keys go.
struct Server {
    store: Store,
    ring: Arc<KeyRing>,
    keeper: KeyKeeper,
    clock: Arc<MovableClock>,
}

impl Server {
    async fn start(database: &TestDatabase, clock: &Arc<MovableClock>, vault: Vault) -> Self {
        let limits = Limits { wait: Duration::from_secs(30), ..Limits::default() };
        let store = Store::connect_with(database.url(), limits).await.unwrap();
        let shared: Arc<dyn Clock> = Arc::clone(clock) as _;
        let ring = Arc::new(KeyRing::empty("https://agents.example.com", Arc::clone(&shared)));
        let keeper = KeyKeeper::new(store.clone(), shared, vault, Arc::clone(&ring));
        Self { store, ring, keeper, clock: Arc::clone(clock) }
    }

    fn sign(&self, kind: Kind, seconds: i64) -> String {
        let exp = self.clock.now().timestamp() + seconds;
        self.ring.sign(kind, &crate::tools::object(&json!({ "exp": exp }))).expect("a key")
    }

    fn knows(&self, kind: Kind, text: &str) -> Result<(), Disbelief> {
        self.ring.recognise(kind, None, text).map(drop)
    }

    fn kids(&self) -> Vec<String> {
        let keys = self.ring.jwks()["keys"].as_array().unwrap().clone();
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    /// How many keys were made, and how many sign no more, by the log.
    async fn told(&self) -> (usize, usize) {
        let mut session = self.store.read().await.unwrap();
        let lines = session.lines(0, 10_000).await.unwrap();
        let events: Vec<What> = lines
            .iter()
            .map(|line| serde_json::from_str::<Body>(&line.body).unwrap().what)
            .collect();
        let made = events.iter().filter(|what| matches!(what, What::SigningKeyMade { .. }));
        let over = events.iter().filter(|what| matches!(what, What::SigningKeyRetired { .. }));
        (made.count(), over.count())
    }
}

fn clock() -> Arc<MovableClock> {
    let at = Timestamp::from_timestamp(1_796_000_000, 0).unwrap();
    Arc::new(MovableClock::standing(at))
}

fn sealed() -> Vault {
    Vault::Sealed(Sealer::new(&SECRET.into()).unwrap())
}

/// Servers that share a database have the same keys, whoever makes them, from the first start on.
async fn servers_share_their_keys(database: TestDatabase) {
    let clock = clock();
    let one = Server::start(&database, &clock, sealed()).await;
    let two = Server::start(&database, &clock, sealed()).await;
    let (first, second) = tokio::join!(one.keeper.tend(), two.keeper.tend());
    first.unwrap();
    second.unwrap();
    one.keeper.tend().await.unwrap();
    assert_eq!(one.told().await, (2, 0), "of two that start at once, one makes them");
    assert_eq!((one.kids(), one.kids().len()), (two.kids(), 2));
    for kind in [Kind::AccessToken, Kind::Approval] {
        assert_eq!(two.knows(kind, &one.sign(kind, 60)), Ok(()));
    }
    let other = Vault::Sealed(Sealer::new(&"another secret of many characters".into()).unwrap());
    let third = Server::start(&database, &clock, other).await;
    let refused = third.keeper.tend().await.unwrap_err();
    assert!(matches!(refused, KeyError::Vault(VaultError::OtherSecret)), "{refused}");
}

/// A key is shown before it signs, and for as long as something that it signed is good.
async fn keys_follow_each_other(database: TestDatabase) {
    let clock = clock();
    let server = Server::start(&database, &clock, sealed()).await;
    server.keeper.tend().await.unwrap();
    let first = server.kids();
    let approval = server.sign(Kind::Approval, 80 * 86_400);
    let mut announced = None;
    // A token of every hour; each is recognised until its end.
    for hour in 0..24 * 32 {
        let token = server.sign(Kind::AccessToken, 600);
        let kid = crate::tools::header(&token)["kid"].as_str().unwrap().to_owned();
        assert!(server.kids().contains(&kid));
        if announced.is_none() && server.kids().len() > 2 {
            announced = Some(hour);
            assert!(first.contains(&kid), "it is shown before it signs");
        }
        clock.advance(TimeDelta::seconds(599));
        server.keeper.tend().await.unwrap();
        assert_eq!(server.knows(Kind::AccessToken, &token), Ok(()), "at hour {hour}");
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(server.knows(Kind::AccessToken, &token), Err(Disbelief::Expired));
        clock.advance(TimeDelta::seconds(3_000));
        server.keeper.tend().await.unwrap();
    }
    assert_eq!(announced, Some(29 * 24));
    assert_eq!(server.told().await, (4, 2));
    assert!(
        !first.contains(
            &crate::tools::header(&server.sign(Kind::AccessToken, 60))["kid"]
                .as_str()
                .unwrap()
                .to_owned()
        )
    );
    assert_eq!(server.knows(Kind::Approval, &approval), Ok(()), "what it signed is good");
    let shown = server.kids();
    assert_eq!(first.iter().filter(|kid| shown.contains(kid)).count(), 1, "{first:?} {shown:?}");
    // A server that slept for half a year has keys at once.
    clock.advance(TimeDelta::days(180));
    server.keeper.tend().await.unwrap();
    let token = server.sign(Kind::AccessToken, 60);
    assert_eq!(server.knows(Kind::AccessToken, &token), Ok(()));
    assert!(first.iter().all(|kid| !server.kids().contains(kid)));
}

/// In a file: found again; made anew when the file is lost.
async fn keys_in_a_file(database: TestDatabase) {
    let folder = tempfile::tempdir().unwrap();
    let (clock, path) = (clock(), folder.path().join("countersign.keys"));
    let start = async |path: &Path| {
        let server = Server::start(&database, &clock, Vault::File(path.to_owned())).await;
        server.keeper.tend().await.map(|()| server)
    };
    let one = start(&path).await.unwrap();
    let token = one.sign(Kind::AccessToken, 600);
    let again = start(&path).await.unwrap();
    assert_eq!((again.kids(), again.told().await), (one.kids(), (2, 0)));
    std::fs::remove_file(&path).unwrap();
    let lost = start(&path).await;
    if database.url().starts_with("postgres") {
        let words = lost.err().expect("refused").to_string();
        assert!(words.contains("identity.encryption_key"), "{words}");
    } else {
        let lost = lost.unwrap();
        assert_eq!((lost.kids().len(), lost.told().await), (4, (4, 0)));
        assert_eq!(lost.knows(Kind::AccessToken, &token), Ok(()), "what is about stays good");
        assert_eq!(lost.knows(Kind::AccessToken, &lost.sign(Kind::AccessToken, 60)), Ok(()));
    }
}

/// Nowhere to keep keys: none are made, and nothing is signed.
async fn nowhere_to_keep_them(database: TestDatabase) {
    let server = Server::start(&database, &clock(), Vault::Nowhere).await;
    server.keeper.tend().await.unwrap();
    assert_eq!((server.ring.jwks(), server.told().await), (json!({ "keys": [] }), (0, 0)));
    assert!(!server.ring.can_sign(Kind::AccessToken));
}

macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::database::TestDatabase::sqlite().await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::database::TestDatabase::postgres().await).await;
            })*
        }
    };
}
on_both! { servers_share_their_keys, keys_follow_each_other, keys_in_a_file, nowhere_to_keep_them }

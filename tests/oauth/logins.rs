//! People log in on devices, over HTTP; and what attackers get.

use countersign::domain::delivery::{Delivery, Notice};
use countersign::domain::event::What;
use countersign::domain::ids::LoginId;
use countersign::domain::login::{Ending, Login, NoAnswer};
use countersign::domain::person::{PersonId, Standing};
use countersign::service::logins::answer::{LoginAnswered, LoginFound};
use countersign::service::logins::tokens::TokensAsked;
use serde_json::{Value, json};

use crate::http::{self, Answer};
use crate::site::Site;
use crate::stories;

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const CLIENT: (&str, &str) = ("client_id", "agent-cli");

fn person(user: &str) -> PersonId {
    PersonId::new("T0ACME", user)
}

/// A device that asks to log somebody in.
struct Device<'a> {
    site: &'a Site,
    device_code: String,
    user_code: String,
}

/// The tokens of a device.
struct Tokens {
    access: String,
    refresh: String,
}

impl Tokens {
    #[track_caller]
    fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{:#}", answer.body);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.body["token_type"], "Bearer");
        let text = |name: &str| answer.body[name].as_str().unwrap().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

impl Site {
    async fn device(&self, more: &[(&str, &str)]) -> Device<'_> {
        let pairs = [&[CLIENT, ("device_name", "dana's laptop")], more].concat();
        let answer = self.post("/oauth/device_authorization", &pairs, &[]).await;
        assert_eq!(answer.status, 200, "{:#}", answer.body);
        let text = |name: &str| answer.body[name].as_str().unwrap().to_owned();
        Device { site: self, device_code: text("device_code"), user_code: text("user_code") }
    }

    async fn found(&self, by: &str, code: &str) -> LoginFound {
        self.service.login_by_code(&person(by), code).await.unwrap()
    }

    async fn renews(&self, refresh: &str) -> Answer {
        let pairs = [CLIENT, ("grant_type", "refresh_token"), ("refresh_token", refresh)];
        self.token(&pairs).await
    }

    /// Who the server takes the bearer of this token for.
    async fn who(&self, token: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.post("/whoami", &[], &[("authorization", &bearer)]).await
    }

    async fn is_dana(&self, token: &str) -> bool {
        let answer = self.who(token).await;
        match answer.status {
            200 => {
                assert_eq!(answer.body["person"], "T0ACME/U0DANA");
                true
            }
            401 => false,
            _ => panic!("{answer:?}"),
        }
    }

    /// What is to be told to people since this was asked last.
    async fn notices(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        loop {
            let now = self.now();
            let taken = self.write(move |tx| {
                Box::pin(async move {
                    let taken = tx.lease("test", now, now, 1_000).await?;
                    for one in &taken {
                        tx.delivered(one.id).await?;
                    }
                    Ok(taken)
                })
            });
            let taken = taken.await;
            if taken.is_empty() {
                return notices;
            }
            notices.extend(taken.into_iter().filter_map(|one| match one.delivery {
                Delivery::Notice { notice, .. } => Some(notice),
                _ => None,
            }));
        }
    }
}

impl Device<'_> {
    async fn fetches(&self) -> Answer {
        let pairs = [CLIENT, ("grant_type", DEVICE_CODE), ("device_code", &self.device_code)];
        self.site.token(&pairs).await
    }

    /// After the time that it has to wait.
    async fn fetches_later(&self) -> Answer {
        self.site.advance(6);
        self.fetches().await
    }

    async fn id(&self) -> LoginId {
        self.login().await.id
    }

    async fn login(&self) -> Login {
        match self.site.found("U0DANA", &self.user_code).await {
            LoginFound::Asked { login, .. } => login,
            other => panic!("{other:?}"),
        }
    }

    async fn confirmed_by(&self, user: &str) -> LoginAnswered {
        let id = self.id().await;
        self.site.service.confirm_login(&person(user), id).await.unwrap()
    }

    async fn logs_in(&self) -> Tokens {
        let answered = self.confirmed_by("U0DANA").await;
        assert!(matches!(answered, LoginAnswered::Confirmed(_)), "{answered:?}");
        Tokens::of(&self.fetches_later().await)
    }
}

fn endings(events: &[What]) -> Vec<Ending> {
    let ending = |what: &What| match what {
        What::LoginEnded { ending, .. } => Some(*ending),
        _ => None,
    };
    events.iter().filter_map(ending).collect()
}

stories! {
    async fn a_person_logs_in_works_and_logs_out(site) {
        let pairs = [CLIENT, ("device_name", "dana's laptop")];
        let asked = site.post("/oauth/device_authorization", &pairs, &[]).await;
        assert_eq!(asked.status, 200, "{:#}", asked.body);
        assert_eq!(asked.header("cache-control"), "no-store");
        assert_eq!((&asked.body["expires_in"], &asked.body["interval"]), (&json!(600), &json!(5)));
        assert_eq!(asked.body["message_sent"], false);
        let code = asked.body["user_code"].as_str().unwrap();
        let page = format!("{}/device", site.issuer);
        assert_eq!(asked.body["verification_uri"], page);
        assert_eq!(asked.body["verification_uri_complete"], format!("{page}?user_code={code}"));

        let device = site.device(&[]).await;
        device.fetches().await.refuses(400, "authorization_pending", "/agent login");
        // Typed in small letters, with a space.
        let typed = device.user_code.to_lowercase().replace('-', " ");
        let LoginFound::Asked { login, .. } = site.found("U0DANA", &typed).await else {
            panic!("it waits")
        };
        assert_eq!(login.device, "dana's laptop");
        let tokens = device.logs_in().await;
        assert!(tokens.access.starts_with("csp_") && tokens.refresh.starts_with("csr_"));
        assert!(site.is_dana(&tokens.access).await);
        assert!(!site.is_dana(&tokens.refresh).await, "it opens nothing");

        site.advance(3_600);
        assert!(!site.is_dana(&tokens.access).await, "its hour is over");
        let renewed = Tokens::of(&site.renews(&tokens.refresh).await);
        assert!(site.is_dana(&renewed.access).await);

        let told = site.service.person_by_token(&renewed.access).await.unwrap().unwrap();
        assert_eq!((told.login, told.device.as_str()), (login.id, "dana's laptop"));
        assert_eq!(told.until, site.now() + chrono::TimeDelta::days(14));

        let out = site.post("/oauth/revoke", &[CLIENT, ("token", &renewed.refresh)], &[]).await;
        assert_eq!((out.status, &out.body), (200, &json!({})));
        assert!(!site.is_dana(&renewed.access).await);
        site.renews(&renewed.refresh).await.refuses(400, "invalid_grant", "log in again");
        let again = site.post("/oauth/revoke", &[CLIENT, ("token", &renewed.access)], &[]).await;
        assert_eq!(again.status, 200);
        let events = site.events().await;
        assert!(matches!(events[0], What::LoginConfirmed { login: id, .. } if id == login.id));
        assert_eq!(endings(&events), [Ending::LoggedOut]);
    }

    async fn the_hint_brings_a_message_and_tells_nobody_who_there_is(site) {
        for hint in ["dana@acme.example", "nobody@acme.example", "gone@acme.example"] {
            let pairs = [CLIENT, ("login_hint", hint)];
            let asked = site.post("/oauth/device_authorization", &pairs, &[]).await;
            assert_eq!((asked.status, &asked.body["message_sent"]), (200, &json!(true)), "{hint}");
        }
        assert!(matches!(site.notices().await.as_slice(), [Notice::LoginAsked { .. }]));
        // Three an hour, however many ask; the code still works.
        for _ in 0..4 {
            site.device(&[("login_hint", "U0DANA")]).await;
        }
        assert_eq!(site.notices().await.len(), 2);
        let device = site.device(&[("login_hint", "U0DANA")]).await;
        assert_eq!(site.found("U0THEO", &device.user_code).await, LoginFound::Unknown);
        let theos = site.service.confirm_login(&person("U0THEO"), device.id().await).await.unwrap();
        assert_eq!(theos, LoginAnswered::Nothing { why: NoAnswer::ForAnother, by_you: false });
        let tokens = device.logs_in().await;
        assert!(site.is_dana(&tokens.access).await);
        site.advance(3_600);
        site.device(&[("login_hint", "U0DANA")]).await;
        assert_eq!(site.notices().await.len(), 1);
    }

    async fn a_no_and_silence_end_it(site) {
        let device = site.device(&[]).await;
        let id = device.id().await;
        let no = site.service.refuse_login(&person("U0DANA"), id).await.unwrap();
        assert!(matches!(no, LoginAnswered::Refused(_)), "{no:?}");
        device.fetches().await.refuses(400, "access_denied", "not they");
        let yes = site.service.confirm_login(&person("U0DANA"), id).await.unwrap();
        assert!(matches!(yes, LoginAnswered::Nothing { by_you: true, .. }), "{yes:?}");
        device.fetches_later().await.refuses(400, "access_denied", "not they");

        let silent = site.device(&[]).await;
        let id = silent.id().await;
        site.advance(600);
        silent.fetches().await.refuses(400, "expired_token", "ten minutes");
        assert_eq!(site.found("U0DANA", &silent.user_code).await, LoginFound::Unknown);
        let late = site.service.confirm_login(&person("U0DANA"), id).await.unwrap();
        assert_eq!(late, LoginAnswered::Nothing { why: NoAnswer::Expired, by_you: false });
    }

    async fn a_device_that_does_not_wait_is_slowed_down(site) {
        let device = site.device(&[]).await;
        device.fetches().await.refuses(400, "authorization_pending", "");
        device.fetches().await.refuses(400, "slow_down", "five seconds longer");
        device.confirmed_by("U0DANA").await;
        site.advance(5);
        device.fetches().await.refuses(400, "slow_down", "");
        site.advance(10);
        Tokens::of(&device.fetches().await);
    }

    /// A device code that is used twice: somebody else has it.
    async fn a_device_code_is_good_once(site) {
        let device = site.device(&[]).await;
        let tokens = device.logs_in().await;
        device.fetches_later().await.refuses(400, "invalid_grant", "used before");
        assert!(!site.is_dana(&tokens.access).await, "the login has ended");
        site.renews(&tokens.refresh).await.refuses(400, "invalid_grant", "log in again");
        device.fetches_later().await.refuses(400, "invalid_grant", "log in again");
        assert_eq!(endings(&site.events().await), [Ending::CodeReused]);
        assert!(matches!(site.notices().await.as_slice(), [Notice::LoginEnded { .. }]));
    }

    async fn a_refresh_token_that_is_used_twice_ends_the_login(site) {
        let first = site.device(&[]).await.logs_in().await;
        let other = site.device(&[]).await.logs_in().await;
        let second = Tokens::of(&site.renews(&first.refresh).await);
        site.renews(&first.refresh).await.refuses(400, "invalid_grant", "used before");
        for token in [&first.access, &second.access] {
            assert!(!site.is_dana(token).await);
        }
        site.renews(&second.refresh).await.refuses(400, "invalid_grant", "log in again");
        assert!(site.is_dana(&other.access).await, "another login stays");
        assert_eq!(endings(&site.events().await), [Ending::RefreshReused]);
        assert!(matches!(site.notices().await.as_slice(), [Notice::LoginEnded { .. }]));
    }

    async fn the_same_refresh_token_at_the_same_moment_is_renewed_once_at_most(site) {
        let tokens = site.device(&[]).await.logs_in().await;
        let all = futures::future::join_all((0..6).map(|_| site.renews(&tokens.refresh))).await;
        let given = all.iter().filter(|answer| answer.status == 200).count();
        assert!(given <= 1, "{given} pairs for one token");
        for answer in all.iter().filter(|answer| answer.status == 200) {
            assert!(!site.is_dana(&Tokens::of(answer).access).await, "the copy ended it");
        }
    }

    async fn two_answers_at_once_are_one(site) {
        let device = site.device(&[]).await;
        let id = device.id().await;
        let people = [person("U0DANA"), person("U0THEO"), person("U0DANA"), person("U0SAM")];
        let answers = people.iter().map(|who| site.service.confirm_login(who, id));
        let answers = futures::future::join_all(answers).await;
        let yes: Vec<usize> = (0..4)
            .filter(|at| matches!(answers[*at], Ok(LoginAnswered::Confirmed(_))))
            .collect();
        let [winner] = yes.as_slice() else { panic!("{answers:?}") };
        let tokens = Tokens::of(&device.fetches_later().await);
        let told = site.service.person_by_token(&tokens.access).await.unwrap().unwrap();
        assert_eq!(told.person, people[*winner]);
        let confirmed = |what: &&What| matches!(what, What::LoginConfirmed { .. });
        assert_eq!(site.events().await.iter().filter(confirmed).count(), 1);
    }

    /// Two servers over one database: neither knows how often the other was asked.
    async fn the_same_device_code_at_the_same_moment_is_fetched_once_at_most(site) {
        let device = site.device(&[]).await;
        device.confirmed_by("U0DANA").await;
        let servers: Vec<_> = (0..6).map(|_| site.another_server()).collect();
        let all = servers.iter().map(|server| server.fetch_login(&device.device_code));
        let all = futures::future::join_all(all).await;
        let given = all.iter().filter(|asked| matches!(asked, Ok(TokensAsked::Given(_)))).count();
        assert_eq!(given, 1, "{all:?}");
        assert_eq!(endings(&site.events().await), [Ending::CodeReused], "{all:?}");
    }

    async fn whoever_is_no_member_any_more_is_logged_out_for_good(site) {
        let tokens = site.device(&[]).await.logs_in().await;
        let waiting = site.device(&[]).await;
        waiting.confirmed_by("U0DANA").await;
        let asked = site.device(&[]).await;
        let id = asked.id().await;
        site.workspace.becomes("U0DANA", Standing::Deactivated);
        assert!(!site.is_dana(&tokens.access).await);
        waiting.fetches_later().await.refuses(400, "invalid_grant", "members");
        let no = site.service.confirm_login(&person("U0DANA"), id).await.unwrap();
        assert_eq!(no, LoginAnswered::NotMember(Standing::Deactivated));
        assert_eq!(
            site.found("U0DANA", &asked.user_code).await,
            LoginFound::NotMember(Standing::Deactivated)
        );
        site.workspace.becomes("U0DANA", Standing::Member);
        assert!(!site.is_dana(&tokens.access).await, "it does not begin again with the account");
        site.renews(&tokens.refresh).await.refuses(400, "invalid_grant", "log in again");
        assert_eq!(endings(&site.events().await), [Ending::NotMember, Ending::NotMember]);
    }

    async fn a_guest_renews_nothing(site) {
        let tokens = site.device(&[]).await.logs_in().await;
        site.workspace.becomes("U0DANA", Standing::Guest);
        site.renews(&tokens.refresh).await.refuses(400, "invalid_grant", "members");
        assert_eq!(endings(&site.events().await), [Ending::NotMember]);
    }

    /// Slack does not answer: nobody is let in, and nobody is logged out for it.
    async fn while_the_workspace_is_away_nobody_is_judged(site) {
        let tokens = site.device(&[]).await.logs_in().await;
        site.workspace.is_away(true);
        assert_eq!(site.who(&tokens.access).await.status, 503);
        assert_eq!(site.renews(&tokens.refresh).await.status, 503);
        site.workspace.is_away(false);
        assert!(site.is_dana(&tokens.access).await);
        Tokens::of(&site.renews(&tokens.refresh).await);
    }

    async fn nobody_of_another_workspace_answers(site) {
        let device = site.device(&[]).await;
        let id = device.id().await;
        let stranger = PersonId::new("T0OTHER", "U0DANA");
        let standing = Standing::Outsider;
        let found = site.service.login_by_code(&stranger, &device.user_code).await.unwrap();
        assert_eq!(found, LoginFound::NotMember(standing));
        let no = site.service.confirm_login(&stranger, id).await.unwrap();
        assert_eq!(no, LoginAnswered::NotMember(standing));
        device.fetches().await.refuses(400, "authorization_pending", "");
    }

    async fn codes_are_not_found_by_trying(site) {
        let device = site.device(&[]).await;
        for _ in 0..5 {
            let wrong = site.found("U0SARA", "BBBB-BBBB").await;
            assert_eq!(wrong, LoginFound::Unknown);
        }
        let right = site.found("U0SARA", &device.user_code).await;
        assert!(matches!(right, LoginFound::TooOften { wait: 1..=60 }), "{right:?}");
        // Others are not kept waiting for it.
        assert!(matches!(site.found("U0DANA", &device.user_code).await, LoginFound::Asked { .. }));
        let typed = "not a code".to_owned();
        assert_eq!(site.found("U0DANA", &typed).await, LoginFound::NoCode { typed });
    }

    async fn logging_out_everywhere_ends_every_login_of_one_person(site) {
        let (one, two) = (site.device(&[]).await.logs_in().await, site.device(&[]).await.logs_in().await);
        let waiting = site.device(&[]).await;
        waiting.confirmed_by("U0DANA").await;
        let theos = site.device(&[]).await;
        let id = theos.id().await;
        site.service.confirm_login(&person("U0THEO"), id).await.unwrap();
        let theos = Tokens::of(&theos.fetches_later().await);
        let mine = site.service.logins_of(&person("U0DANA")).await.unwrap();
        assert_eq!(mine.len(), 2);

        // Nobody ends another's.
        let ended = site.service.end_login(&person("U0THEO"), mine[0].id).await.unwrap();
        assert_eq!(ended.ended, []);
        assert!(site.is_dana(&one.access).await && site.is_dana(&two.access).await);

        let ended = site.service.end_all_logins(&person("U0DANA")).await.unwrap();
        assert_eq!(ended.ended.len(), 3);
        assert!(!site.is_dana(&one.access).await && !site.is_dana(&two.access).await);
        waiting.fetches_later().await.refuses(400, "invalid_grant", "log in again");
        assert_eq!(site.who(&theos.access).await.body["person"], "T0ACME/U0THEO");
        assert!(site.service.end_all_logins(&person("U0DANA")).await.unwrap().ended.is_empty());
    }

    async fn no_secret_is_kept(site) {
        let device = site.device(&[]).await;
        let tokens = device.logs_in().await;
        let mut session = site.store.read().await.unwrap();
        let logins = session.live_logins_of(&person("U0DANA"), site.now()).await.unwrap();
        let lines = session.lines(0, 100).await.unwrap();
        let mut kept = serde_json::to_string(&logins).unwrap();
        lines.iter().for_each(|line| kept.push_str(&line.body));
        for secret in [&device.device_code, &device.user_code, &tokens.access, &tokens.refresh] {
            assert!(!kept.contains(secret.as_str()), "{secret} is in {kept}");
        }
        let names = lines.iter().filter(|line| line.body.contains("laptop")).count();
        assert_eq!(names, 0, "the log has the hash of a device's name");
    }

    async fn what_is_forgotten_opens_nothing(site) {
        let old = site.device(&[]).await;
        let tokens = old.logs_in().await;
        let unanswered = site.device(&[]).await;
        site.advance(60 * 86_400);
        let now = site.now();
        let forgotten = site.write(move |tx| {
            Box::pin(async move {
                tx.forget_logins_before(now - chrono::TimeDelta::days(30)).await
            })
        });
        assert_eq!(forgotten.await, 2);
        site.renews(&tokens.refresh).await.refuses(400, "invalid_grant", "log in again");
        for device in [old, unanswered] {
            device.fetches_later().await.refuses(400, "invalid_grant", "log in again");
        }
    }

    async fn what_is_malformed_is_refused(site) {
        let ask = |pairs: Vec<(&'static str, &'static str)>| async move {
            site.post("/oauth/device_authorization", &pairs, &[]).await
        };
        ask(vec![]).await.refuses(400, "invalid_request", "client_id is missing");
        ask(vec![("client_id", "evil")]).await.refuses(401, "invalid_client", "agent-cli");
        ask(vec![CLIENT, CLIENT]).await.refuses(400, "invalid_request", "twice");
        let token = |pairs: Vec<(&'static str, &'static str)>| async move { site.token(&pairs).await };
        let device = ("grant_type", DEVICE_CODE);
        token(vec![device, ("device_code", "csd_x")]).await.refuses(400, "invalid_request", "client_id");
        token(vec![device, CLIENT]).await.refuses(400, "invalid_request", "device_code is missing");
        token(vec![device, CLIENT, ("device_code", "csd_x")])
            .await
            .refuses(400, "invalid_grant", "log in again");
        let refresh = ("grant_type", "refresh_token");
        token(vec![refresh, CLIENT]).await.refuses(400, "invalid_request", "refresh_token is missing");
        token(vec![refresh, CLIENT, ("refresh_token", "csr_x")])
            .await
            .refuses(400, "invalid_grant", "log in again");
        // An access token renews nothing, and is still good after the attempt.
        let tokens = site.device(&[]).await.logs_in().await;
        site.renews(&tokens.access).await.refuses(400, "invalid_grant", "log in again");
        assert!(site.is_dana(&tokens.access).await);
        for shown in ["csp_", "csp_AAAA", "csr_AAAA"] {
            assert_eq!(site.who(shown).await.status, 401, "{shown}");
        }
        let dpop = format!("DPoP {}", tokens.access);
        let bound = site.post("/whoami", &[], &[("authorization", &dpop)]).await;
        bound.refuses(401, "invalid_token", "Bearer");
    }

    /// Where programs ask, a person's token opens nothing.
    async fn a_persons_token_is_no_programs(site) {
        let tokens = site.device(&[]).await.logs_in().await;
        let bearer = format!("Bearer {}", tokens.access);
        let headers = [("authorization", bearer.as_str())];
        let agent = site.keyed("support-agent-v2").await;
        let agents = agent.ask(site, &[]).await.token();
        let told = site.post("/oauth/introspect", &[("token", &agents)], &headers).await;
        assert_eq!((told.status, &told.body), (200, &json!({ "active": false })));
        let told = site.post("/oauth/revoke", &[("token", &agents)], &headers).await;
        told.refuses(400, "unauthorized_client", "issued to");
        assert!(site.is_active(&agents).await);
        assert!(!site.is_active(&tokens.access).await, "nor is it told what a person's token is");
    }

    async fn the_metadata_names_the_device_flow(site) {
        let told = http::get(&format!("{}/.well-known/oauth-authorization-server", site.issuer)).await;
        let endpoint = format!("{}/oauth/device_authorization", site.issuer);
        assert_eq!(told.body["device_authorization_endpoint"], endpoint);
        let grants: &Vec<Value> = told.body["grant_types_supported"].as_array().unwrap();
        for grant in [DEVICE_CODE, "refresh_token", "client_credentials"] {
            assert!(grants.contains(&json!(grant)), "{grants:?}");
        }
    }
}

//! People log in from a terminal, confirmed in Slack; and the quiz.

use countersign::domain::event::What;
use countersign::sandbox::ClickOutcome;
use countersign::sandbox::model::{Message, PersonKind};
use serde_json::{Value, json};

use crate::program::Program;
use crate::stories;
use crate::support::{Office, Person};

const SUPPORT: &str = "C0SUPPORT";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A terminal on somebody's desk.
struct Terminal<'a> {
    office: &'a Office,
    /// What the server said when it was asked.
    asked: Value,
}

impl<'a> Terminal<'a> {
    async fn asks(office: &'a Office, name: &str, hint: &str) -> Self {
        let fields = [("client_id", "agent-cli"), ("device_name", name), ("login_hint", hint)];
        let reply =
            Program::anybody(office).posts_form("/oauth/device_authorization", &fields).await;
        let asked = reply.expect(200);
        office.settled().await;
        Self { office, asked }
    }

    fn code(&self) -> &str {
        self.asked["user_code"].as_str().expect("a code")
    }

    /// What comes when it asks for its tokens, after the time that it has to wait.
    async fn fetches(&self) -> Value {
        self.office.advance("6s").await;
        let code = self.asked["device_code"].as_str().expect("a device code");
        let fields =
            [("client_id", "agent-cli"), ("grant_type", DEVICE_CODE), ("device_code", code)];
        Program::anybody(self.office).posts_form("/oauth/token", &fields).await.body
    }

    /// Its access and refresh token.
    async fn logs_in(&self) -> (String, String) {
        let body = self.fetches().await;
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        match (text("access_token"), text("refresh_token")) {
            (Some(access), Some(refresh)) => (access, refresh),
            _ => panic!("{body:#}"),
        }
    }
}

/// Whether the server knows whose token this is: it opens nothing that is for programs, but is known.
async fn is_known(office: &Office, token: &str) -> bool {
    let reply = Program::with(office, token).posts("/access/v1/evaluation", &json!({})).await;
    match reply.status {
        403 => {
            assert!(reply.body.to_string().contains("people use /api/v1"), "{reply:?}");
            true
        }
        401 => false,
        _ => panic!("{reply:?}"),
    }
}

impl Person<'_> {
    /// The last thing in a channel that only this person sees.
    fn last_private(&self, channel: &str) -> Message {
        let seen = self.office.workspace().visible_to(self.id, channel);
        let mut private = seen.into_iter().filter(|m| m.ephemeral_to.as_deref() == Some(self.id));
        private.next_back().expect("a private message")
    }

    /// Clicks a button of a message, in whose place something else comes: what stands there then.
    async fn answers(&self, channel: &str, ts: &str, button: &str) -> Message {
        let workspace = self.office.workspace();
        let here = || workspace.visible_to(self.id, channel).into_iter().find(|m| m.ts == ts);
        let before = here().expect("the message");
        let click = workspace.click(self.id, channel, ts, button).await;
        let click = click.unwrap_or_else(|error| panic!("{} clicks {button}: {error}", self.id));
        assert!(matches!(click, ClickOutcome::Acknowledged), "{button}: {click:?}");
        let what = format!("change of what {} clicked {button} on", self.id);
        let changed = || here().filter(|now| now.words() != before.words());
        self.office.until(&what, changed).await
    }

    /// Types a code, looks at what it is for, and answers.
    async fn types_code(&self, code: &str, button: &str) -> Message {
        let said = self.types(&format!("/agent login {code}")).await;
        assert!(said.contains("This logs a device in as you"), "{said}");
        let question = self.last_private(SUPPORT);
        self.answers(SUPPORT, &question.ts, button).await
    }
}

/// A person logs in from their laptop; the access token.
pub(crate) async fn logged_in(office: &Office, person: &Person<'_>) -> String {
    let terminal = Terminal::asks(office, "a laptop", "").await;
    person.types_code(terminal.code(), "log_in").await;
    terminal.logs_in().await.0
}

stories! {
    /// The code is typed in Slack, looked at, confirmed; App Home shows the login and ends it.
    async fn a_code_is_typed_and_confirmed(office) {
        let dana = office.dana();
        dana.home().await;
        let terminal = Terminal::asks(office, "dana's laptop", "").await;
        let said = dana.types("/agent login").await;
        assert!(said.contains("agent-cli login") && said.contains("/agent login WDJB-MJHT"), "{said}");
        let said = dana.types(&format!("/agent login {}", terminal.code().to_lowercase())).await;
        for words in ["dana's laptop", "from 127.0.0.1", "If somebody sent you the code"] {
            assert!(said.contains(words), "no “{words}” in {said}");
        }
        let question = dana.last_private(SUPPORT);
        let done = dana.answers(SUPPORT, &question.ts, "log_in").await;
        assert!(done.words().contains("Logged in: “dana's laptop”"), "{}", done.words());
        assert_eq!(done.action_ids(), ["log_out_everywhere"]);
        let (access, _) = terminal.logs_in().await;
        assert!(is_known(office, &access).await);
        assert!(dana.at_home().await.contains("dana's laptop"));
        assert!(!is_known(office, "csp_somebody").await);

        // A second click, and another person, change nothing.
        let again = dana.types(&format!("/agent login {}", terminal.code())).await;
        assert!(again.contains("No login waits for this code"), "{again}");
        assert!(!office.theo().home().await.blocks.iter().any(|b| b.to_string().contains("laptop")));

        dana.presses("end_login").await;
        office.until_so("the login over", || async { !is_known(office, &access).await }).await;
        assert!(!dana.at_home().await.contains("dana's laptop"));
        assert_eq!(office.logged(|what| matches!(what, What::LoginConfirmed { .. })).await, 1);
        assert_eq!(office.logged(|what| matches!(what, What::LoginEnded { .. })).await, 1);
    }

    /// By e-mail address the question comes as a message, with the code to compare.
    async fn the_question_comes_as_a_message(office) {
        let dana = office.dana();
        let terminal = Terminal::asks(office, "dana's laptop", "dana@acme.example").await;
        assert_eq!(terminal.asked["message_sent"], true);
        let question = dana.reads("A device asks to log in as you").await;
        assert!(question.words().contains(terminal.code()), "{}", question.words());
        let done = dana.answers(&dana.dm(), &question.ts, "log_in").await;
        assert!(done.words().contains("Logged in"), "{}", done.words());
        let (access, refresh) = terminal.logs_in().await;
        assert!(is_known(office, &access).await);

        // The refresh token is used by two: the login ends, and Dana is told.
        let fields = [("client_id", "agent-cli"), ("grant_type", "refresh_token"),
                      ("refresh_token", refresh.as_str())];
        let renewed = Program::anybody(office).posts_form("/oauth/token", &fields).await.expect(200);
        let stolen = Program::anybody(office).posts_form("/oauth/token", &fields).await.expect(400);
        assert_eq!(stolen["error"], "invalid_grant");
        assert!(!is_known(office, renewed["access_token"].as_str().expect("a token")).await);
        let told = dana.reads("Your login on “dana's laptop” was ended").await;
        assert!(told.words().contains("somebody else may have a copy"), "{}", told.words());

        // Whoever is not there gets the same answer, and nobody a message.
        let inboxes = office.workspace().calls().len();
        let nobody = Terminal::asks(office, "x", "nobody@acme.example").await;
        assert_eq!(nobody.asked["message_sent"], true);
        let posted = office.workspace().calls().into_iter().skip(inboxes)
            .filter(|call| call.method == "chat.postMessage").count();
        assert_eq!(posted, 0);
    }

    /// “Not me” refuses, and a message that was waited for too long confirms nothing.
    async fn a_no_and_a_late_yes(office) {
        let dana = office.dana();
        let terminal = Terminal::asks(office, "evil's laptop", "U0DANA").await;
        let question = dana.reads("A device asks to log in as you").await;
        let done = dana.answers(&dana.dm(), &question.ts, "not_me").await;
        assert!(done.words().contains("Nobody was logged in"), "{}", done.words());
        assert_eq!(terminal.fetches().await["error"], "access_denied");

        let late = Terminal::asks(office, "dana's laptop", "U0DANA").await;
        let question = dana.reads(late.code()).await;
        office.advance("10m").await;
        let done = dana.answers(&dana.dm(), &question.ts, "log_in").await;
        assert!(done.words().contains("This login is over"), "{}", done.words());
        assert_eq!(late.fetches().await["error"], "expired_token");
    }

    /// A guest, somebody of another workspace, and somebody who leaves meanwhile.
    async fn only_members_log_in(office) {
        let terminal = Terminal::asks(office, "a laptop", "").await;
        let type_it = format!("/agent login {}", terminal.code());
        office.workspace().set_person_kind("U0OMAR", PersonKind::Guest).expect("a guest");
        office.until_so("Omar a guest", || async {
            office.omar().types(&type_it).await.contains("Only full, active members")
        }).await;
        let dana = office.dana();
        dana.types_code(terminal.code(), "log_in").await;
        let (access, _) = terminal.logs_in().await;
        assert!(is_known(office, &access).await);
        office.workspace().deactivate("U0DANA").expect("she leaves");
        office.until_so("she is out", || async { !is_known(office, &access).await }).await;
        assert_eq!(office.logged(|what| matches!(what, What::LoginEnded { .. })).await, 1);
    }

    /// A device may call itself what it likes: it stays text.
    async fn a_devices_name_is_text(office) {
        let name = "*bold* <!channel> <https://evil.example|Approve> `x` \u{202E}evil";
        let terminal = Terminal::asks(office, name, "U0DANA").await;
        let dana = office.dana();
        let question = dana.reads("A device asks").await;
        let blocks = json!(question.blocks).to_string();
        assert!(!question.text.contains("<!channel>"), "{}", question.text);
        assert!(!question.text.contains('\u{202E}') && !blocks.contains('\u{202E}'), "{blocks}");
        assert!(!blocks.contains(r#""type":"broadcast""#) && !blocks.contains(r#""type":"link""#));
        let done = dana.answers(&dana.dm(), &question.ts, "log_in").await;
        assert!(!done.text.contains("<!channel>"), "{}", done.text);
        terminal.logs_in().await;
        dana.home().await;
        assert!(!dana.at_home().await.contains("<!channel>"));
    }

    /// Logged out everywhere, from the answer to a login that one regrets.
    async fn out_everywhere(office) {
        let dana = office.dana();
        let first = Terminal::asks(office, "one", "").await;
        dana.types_code(first.code(), "log_in").await;
        let (one, _) = first.logs_in().await;
        let second = Terminal::asks(office, "two", "").await;
        let done = dana.types_code(second.code(), "log_in").await;
        let (two, _) = second.logs_in().await;
        let said = dana.clicks(SUPPORT, &done.ts, "log_out_everywhere").await;
        assert!(said.contains("Logged out everywhere: 2 logins"), "{said}");
        assert!(!is_known(office, &one).await && !is_known(office, &two).await);
    }

    /// The page of a code says what to do, and does nothing.
    async fn the_page_confirms_nothing(office) {
        let terminal = Terminal::asks(office, "a laptop", "").await;
        let path = format!("/device?user_code={}", terminal.code());
        let reply = Program::anybody(office).gets(&path).await;
        let header = |name: &str| reply.headers[name].to_str().expect("text").to_owned();
        assert!(header("content-security-policy").contains("default-src 'none'"));
        assert_eq!((header("referrer-policy").as_str(), header("cache-control").as_str()),
            ("no-referrer", "no-store"));
        let page = reply.expect(200).to_string();
        assert!(page.contains(&format!("/agent login {}", terminal.code())), "{page}");
        assert!(!page.contains("<form") && !page.contains("<script"), "{page}");
        assert_eq!(terminal.fetches().await["error"], "authorization_pending");
    }

    /// From the first question to the form, each in the place of the one before.
    async fn the_quiz_ends_with_one_next_step(office) {
        let (dana, before) = (office.dana(), office.logged(|_| true).await);
        let said = dana.types("/agent quiz").await;
        assert!(said.contains("Does an AI model work in it?"), "{said}");
        let ts = dana.last_private(SUPPORT).ts;
        let second = dana.answers(SUPPORT, &ts, "quiz_yes").await;
        assert!(second.words().contains("2  "), "{}", second.words());
        let first = dana.answers(SUPPORT, &ts, "quiz_at").await;
        assert!(first.words().contains("1  "), "{}", first.words());
        for button in ["quiz_yes", "quiz_yes", "quiz_persons"] {
            dana.answers(SUPPORT, &ts, button).await;
        }
        let answer = dana.last_private(SUPPORT);
        assert!(answer.words().contains("This is an agent"), "{}", answer.words());
        assert_eq!(answer.action_ids(), ["register", "quiz_at"]);
        let form = dana.opens(SUPPORT, &answer.ts, "register").await;
        assert_eq!(form.callback_id(), "register");
        assert_eq!(office.logged(|_| true).await, before, "nothing is kept of it");
    }
}

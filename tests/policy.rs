//! The policy folder as its author meets it: the starter, a folder on disk, what the commands print,
//! and changes while it is in force.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot do what it says has failed"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign::domain::tier::Tier;
use countersign::domain::time::Span;
use countersign::policy::report::{check_report, explain_report, plan_report, test_report};
use countersign::policy::{Policy, PolicyHandle, PolicyNews, Watching};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::timeout;

const STARTER: &str = "manifests/policy";

/// The files of the starter beside `policy.toml`.
const BESIDE: [&str; 4] =
    ["rules.cedar", "schema.cedarschema", "tests/answers.toml", "tests/routing.toml"];

/// A folder that holds the starter, with one text of its `policy.toml` in place of another.
fn folder_with(from: &str, to: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(Path::new(STARTER).join("policy.toml")).unwrap();
    assert!(text.contains(from), "{from:?} is not in the starter");
    fs::write(folder.path().join("policy.toml"), text.replacen(from, to, 1)).unwrap();
    fs::create_dir(folder.path().join("tests")).unwrap();
    for file in BESIDE {
        fs::copy(Path::new(STARTER).join(file), folder.path().join(file)).unwrap();
    }
    folder
}

fn the_starter() -> TempDir {
    folder_with("[channels]", "[channels]")
}

#[test]
fn the_starter_checks_without_a_doubt_and_passes_its_own_tests() {
    let policy = Policy::starter();
    assert_eq!(policy.warnings(), []);
    let results = policy.test();
    assert!(results.len() >= 28, "{}", results.len());
    for case in results {
        assert_eq!(case.failed, [], "{}", case.name);
    }
    // What is in the program is what is in the repository.
    assert_eq!(Policy::load(Path::new(STARTER)), Ok(policy));
}

#[test]
fn a_folder_is_the_same_wherever_it_is_and_whatever_else_is_in_it() {
    let folder = the_starter();
    let path = folder.path();
    fs::write(path.join("README.md"), "Ours.").unwrap();
    fs::create_dir(path.join(".git")).unwrap();
    fs::write(path.join(".git/config.toml"), "not [ toml").unwrap();
    fs::create_dir(path.join("docs")).unwrap();
    fs::write(path.join("docs/example.toml"), "not [ toml").unwrap();
    let policy = Policy::load(path).unwrap();
    assert_eq!(policy.digest(), Policy::starter().digest());
}

#[cfg(unix)]
#[test]
fn a_mounted_config_map_is_a_folder_of_links() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("..2026_01_01");
    fs::create_dir(&data).unwrap();
    fs::copy(Path::new(STARTER).join("policy.toml"), data.join("policy.toml")).unwrap();
    std::os::unix::fs::symlink("..2026_01_01", folder.path().join("..data")).unwrap();
    std::os::unix::fs::symlink("..data/policy.toml", folder.path().join("policy.toml")).unwrap();
    Policy::load(folder.path()).unwrap();
}

#[test]
fn what_cannot_be_read_is_a_mistake_too() {
    let said = |folder: &Path| Policy::load(folder).unwrap_err().to_string();

    let folder = the_starter();
    let policy = folder.path().join("policy.toml");
    assert!(said(&policy).contains("Name the folder that holds policy.toml."), "{}", said(&policy));
    let nowhere = folder.path().join("nowhere");
    assert!(said(&nowhere).contains("correct `policy.path`"), "{}", said(&nowhere));

    fs::write(&policy, [b'a', 0xFF]).unwrap();
    assert!(said(folder.path()).contains("policy.toml:1:1: the file is not UTF-8"));
    fs::write(&policy, vec![b'#'; 2 * 1024 * 1024]).unwrap();
    assert!(said(folder.path()).contains("policy.toml:1:1: the file has 2097152 bytes"));
    fs::remove_file(&policy).unwrap();
    assert!(said(folder.path()).contains("policy.toml:1:1: there is no policy.toml"));
    fs::write(&policy, "").unwrap();
    fs::create_dir(folder.path().join("rules")).unwrap();
    fs::write(folder.path().join("rules/hours.cedar"), "permit(principal, action, resource);")
        .unwrap();
    assert!(said(folder.path()).contains("rules/hours.cedar:1:1: this rule has no @id"));
    fs::write(folder.path().join("rules.cedarschema"), "").unwrap();
    assert!(said(folder.path()).contains("rules.cedarschema:1:1: this schema is not read"));
}

#[test]
fn check_prints_what_is_wrong_or_what_there_is() {
    let good = check_report(None);
    assert!(good.ok);
    let (text, digest) = good.text.rsplit_once("Digest ").unwrap();
    assert_eq!(
        text,
        "The policy checks: 4 roles, 2 teams, 8 resources, 2 rules without people, \
         4 rules at run time, 28 tests.\n"
    );
    assert_eq!(digest.trim_end(), Policy::starter().digest());

    let folder = folder_with("[\"team-lead\"]", "[\"team-leed\"]");
    let bad = check_report(folder.path());
    assert!(!bad.ok);
    insta::assert_snapshot!(bad.text, @r#"
    policy.toml:45:18: unknown role "team-leed" in tiers.1.requires. Did you mean "team-lead"?

    1 mistake to correct. A server would not take this policy.
    "#);

    // Read rightly, and yet not what its authors say it is.
    let folder = folder_with("{ read = 3 }", "{ read = 2 }");
    let other = check_report(folder.path());
    assert!(!other.ok);
    insta::assert_snapshot!("not_as_meant", other.text);

    let folder = folder_with("opens       = \"reading the public documentation\"\n", "");
    let doubtful = check_report(folder.path());
    assert!(doubtful.ok);
    let (warnings, _) = doubtful.text.rsplit_once("The policy checks").unwrap();
    assert_eq!(
        warnings,
        "policy.toml:66:1: resources.docs does not say what it opens. \
         Approvers read it on the card: opens = \"reading every row of the support database\".\n\
         \n1 warning: allowed, and perhaps not meant.\n"
    );
}

#[test]
fn test_prints_each_case_and_what_was_otherwise() {
    let good = test_report(None);
    assert!(good.ok && good.text.ends_with("\n28 tests, all passed.\n"), "{}", good.text);

    let folder = folder_with("\"1h\"\n", "\"2h\"\n");
    let bad = test_report(folder.path());
    assert!(!bad.ok);
    let failed: Vec<&str> = bad.text.lines().skip_while(|l| !l.contains('✗')).take(3).collect();
    assert_eq!(
        failed,
        [
            "  ✗ for longer than an hour, the team lead is asked",
            "      needs: expected team-lead, got nobody",
            "      without_people: expected false, got by \"short internal reads\"",
        ]
    );
    assert!(bad.text.ends_with("\n28 tests, 1 failed.\n"), "{}", bad.text);

    fs::remove_dir_all(folder.path().join("tests")).unwrap();
    let none = test_report(folder.path());
    assert!(none.ok && none.text.starts_with("There are no tests."), "{}", none.text);
}

#[test]
fn plan_prints_what_changes_and_ends_as_that_is() {
    let old = the_starter();
    assert_eq!(
        plan_report(None, old.path()),
        ("Nothing changes: the files are the same.\n".to_owned(), 0)
    );

    let spelt = folder_with("[channels]", "# ours\n[channels]");
    let (text, status) = plan_report(old.path(), spelt.path());
    assert_eq!((text.lines().count(), status), (1, 0), "{text}");

    let later = folder_with("decide_within = \"4h\"", "decide_within = \"6h\"");
    let (text, status) = plan_report(old.path(), later.path());
    assert_eq!(status, 2);
    assert_eq!(
        text,
        "· tiers.1  decide_within is 6 hours (was 4 hours)\n\
         · tiers.1  remind_after is 3 hours (was 2 hours)\n\
         \n2 changes, none of which widens access.\n"
    );

    let wider = folder_with("\"1h\"\n", "\"2h\"\n");
    let (text, status) = plan_report(old.path(), wider.path());
    assert_eq!(status, 3);
    insta::assert_snapshot!("wider", text);

    let bad = folder_with("[channels]", "[chanels]");
    let (text, status) = plan_report(old.path(), bad.path());
    assert_eq!(status, 1);
    assert!(text.starts_with("The new policy:\npolicy.toml:1:1: channels is missing"), "{text}");
}

#[test]
fn explain_prints_the_way_of_a_request() {
    let explain =
        |access: &str, tier, lasting: &str| explain_report(None, access, tier, "support", lasting);
    let known = [
        explain("database:read", 2, "30m"),
        explain("database:read", 1, "30m"),
        explain("crm:read", 1, "1h"),
        explain("registration", 3, ""),
        explain("customer-account:read", 3, "30m"),
    ];
    assert!(known.iter().all(|report| report.ok));
    insta::assert_snapshot!("explained", known.map(|report| report.text).join("\n"));
    let refused = [
        explain("databse:read", 1, "30m"),
        explain("database:raed", 1, "30m"),
        explain("database", 1, "30m"),
        explain("database:read", 1, "9h"),
        explain("database:read", 1, "soon"),
        explain("database:read", 4, "30m"),
        explain_report(None, "database:read", 1, "suport", "30m"),
    ];
    assert!(refused.iter().all(|report| !report.ok));
    insta::assert_snapshot!("not_explained", refused.map(|report| report.text).concat());
}

/// A watched folder, looked at often.
struct Watched {
    folder: TempDir,
    handle: PolicyHandle,
    news: mpsc::Receiver<PolicyNews>,
}

impl Watched {
    fn start() -> Self {
        let folder = the_starter();
        let handle = PolicyHandle::new(Policy::load(folder.path()).unwrap());
        let (sender, news) = mpsc::channel(8);
        let watching =
            Watching { every: Duration::from_millis(20), ..Watching::closely(folder.path()) };
        let watcher = handle.clone();
        tokio::spawn(async move { watcher.watch(watching, sender).await });
        Self { folder, handle, news }
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.folder.path().join(file), text).unwrap();
    }

    fn policy_toml(&self) -> String {
        fs::read_to_string(self.folder.path().join("policy.toml")).unwrap()
    }

    async fn next(&mut self) -> PolicyNews {
        timeout(Duration::from_secs(20), self.news.recv())
            .await
            .unwrap_or_else(|_| panic!("no news; in force is {}", self.handle.current().digest()))
            .expect("the watcher goes on")
    }
}

#[tokio::test]
async fn a_changed_folder_is_taken_and_a_bad_one_leaves_the_last_good() {
    let mut watched = Watched::start();
    let first = watched.handle.current();
    let good = watched.policy_toml();

    // Changed: taken, and in force when the news arrives.
    watched.write("policy.toml", &good.replacen("\"4h\"", "\"5h\"", 1));
    let PolicyNews::Loaded { policy: second, before } = watched.next().await else {
        panic!("a good policy was refused")
    };
    assert_eq!(before, first.digest());
    assert!(Arc::ptr_eq(&second, &watched.handle.current()));
    assert_eq!(second.tier(Tier::Observer).decide_within, Span::hours(5));

    // Bad: refused, and the one before stays.
    watched.write("policy.toml", &good.replacen("[channels]", "[chanels]", 1));
    let PolicyNews::Refused(refused) = watched.next().await else {
        panic!("a bad policy was taken")
    };
    assert!(refused.mistakes.iter().any(|m| m.what.contains("chanels")), "{refused}");
    assert!(Arc::ptr_eq(&second, &watched.handle.current()));

    // Bad in another way: said too. Twice the same would be silent, so the next news is this one.
    watched.write("policy.toml", "nonsense");
    let PolicyNews::Refused(other) = watched.next().await else { panic!("a bad policy was taken") };
    assert_ne!(other.digest, refused.digest);

    // Read rightly, and not what its own cases say: the one before stays.
    watched.write("policy.toml", &good.replacen("up_to       = \"1h\"", "up_to       = \"2h\"", 1));
    let PolicyNews::Refused(failed) = watched.next().await else {
        panic!("a policy that fails its own tests was taken")
    };
    let place = &failed.mistakes[0];
    assert_eq!((place.file.as_str(), place.line), ("tests/routing.toml", 18), "{failed}");
    assert!(Arc::ptr_eq(&second, &watched.handle.current()));

    // Gone: said, and the one before stays.
    fs::remove_file(watched.folder.path().join("policy.toml")).unwrap();
    let PolicyNews::Refused(gone) = watched.next().await else { panic!("no policy was taken") };
    assert!(gone.to_string().contains("there is no policy.toml"), "{gone}");
    assert!(Arc::ptr_eq(&second, &watched.handle.current()));

    // Good again: taken.
    watched.write("policy.toml", &good);
    let PolicyNews::Loaded { policy, before } = watched.next().await else {
        panic!("a good policy was refused")
    };
    assert_eq!((policy.digest(), before.as_str()), (first.digest(), second.digest()));
}

#[tokio::test]
async fn a_bad_folder_is_said_once_and_the_way_back_is_no_news() {
    let mut watched = Watched::start();
    let first = watched.handle.current();
    let good = watched.policy_toml();
    watched.write("policy.toml", "nonsense");
    assert!(matches!(watched.next().await, PolicyNews::Refused(_)));
    let ten_looks = timeout(Duration::from_millis(200), watched.news.recv()).await;
    assert!(ten_looks.is_err(), "the same mistake was said twice: {ten_looks:?}");
    // Back at what is in force, and then to something else: the next news is of that.
    watched.write("policy.toml", &good);
    watched.write("tests/more.toml", "");
    let PolicyNews::Loaded { before, .. } = watched.next().await else {
        panic!("a good policy was refused")
    };
    assert_eq!(before, first.digest());
}

#[tokio::test]
async fn the_watcher_ends_when_nobody_listens() {
    let folder = the_starter();
    let handle = PolicyHandle::new(Policy::load(folder.path()).unwrap());
    let (sender, news) = mpsc::channel(1);
    drop(news);
    let watching = Watching::closely(folder.path());
    timeout(Duration::from_secs(20), handle.watch(watching, sender)).await.expect("it ends");
}

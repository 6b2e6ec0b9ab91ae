use super::super::file::Hit;
use super::super::index::Mark;
use super::*;

/// A file with these signs.
fn file(path: &str, hits: &[(Kind, &'static str, u32)]) -> Seen {
    let hit = |(kind, id, percent): &(Kind, &'static str, u32)| Hit {
        mark: Mark { id, kind: *kind, says: "", weight: 100 },
        line: 1,
        percent: *percent,
    };
    Seen {
        path: path.to_owned(),
        setting: Setting::of(path),
        hits: hits.iter().map(hit).collect(),
        is_library: None,
    }
}

fn verdict(seen: &[Seen]) -> Verdict {
    judge(seen).verdict
}

const MODEL: (Kind, &str, u32) = (Kind::Model, "model/x", 85);
const ACTS: (Kind, &str, u32) = (Kind::Acts, "acts/x", 70);
const SCHEDULE: (Kind, &str, u32) = (Kind::Schedule, "schedule/x", 90);
const TOKEN: (Kind, &str, u32) = (Kind::PersonalToken, "token/x", 85);

#[test]
fn a_model_alone_is_called_and_with_tools_it_acts() {
    assert_eq!(verdict(&[file("a.py", &[MODEL])]), Verdict::CallsAModel);
    assert_eq!(verdict(&[file("a.py", &[MODEL, ACTS])]), Verdict::Agent);
    assert_eq!(verdict(&[file("a.py", &[ACTS])]), Verdict::Nothing, "tools without a model");
    assert_eq!(
        verdict(&[file("a.py", &[(Kind::Named, "agent/name", 90)])]),
        Verdict::Nothing,
        "a name alone"
    );
    assert_eq!(verdict(&[file("a.py", &[(Kind::Framework, "framework/x", 85)])]), Verdict::Agent);
}

#[test]
fn no_number_of_tests_and_documents_makes_an_agent() {
    let seen: Vec<Seen> = (0..400)
        .map(|n| {
            let (model, acts) =
                [("model/x", "acts/x"), ("model/y", "acts/y"), ("model/z", "acts/z")][n % 3];
            file(&format!("tests/t{n}.py"), &[(Kind::Model, model, 12), (Kind::Acts, acts, 12)])
        })
        .collect();
    assert_eq!(verdict(&seen), Verdict::Nothing);
}

#[test]
fn a_token_and_what_starts_it_must_belong_together() {
    let one = ".github/workflows/one.yml";
    let two = ".github/workflows/two.yml";
    assert_eq!(verdict(&[file(one, &[SCHEDULE, TOKEN])]), Verdict::PersonsKey);
    assert_eq!(
        verdict(&[file(one, &[SCHEDULE]), file(two, &[TOKEN])]),
        Verdict::Nothing,
        "one is started, the other has the token"
    );
    assert_eq!(
        verdict(&[file(one, &[SCHEDULE]), file("a.py", &[TOKEN])]),
        Verdict::Nothing,
        "a pipeline names its secrets in its own file"
    );
    assert_eq!(
        verdict(&[file("report.timer", &[SCHEDULE]), file("a.py", &[TOKEN])]),
        Verdict::PersonsKey
    );
    assert_eq!(verdict(&[file("a.py", &[TOKEN])]), Verdict::Nothing, "a person starts it");
}

#[test]
fn a_library_is_no_agent_unless_one_works_in_its_pipeline() {
    let mut library = file("pyproject.toml", &[MODEL, ACTS]);
    library.is_library = Some(Mark { id: "model/x", kind: Kind::Model, says: "", weight: 85 });
    assert_eq!(verdict(std::slice::from_ref(&library)), Verdict::Library);
    let pipeline = file(".github/workflows/a.yml", &[(Kind::PipelineAgent, "pipeline/agent", 90)]);
    assert_eq!(verdict(&[library, pipeline.clone()]), Verdict::AgentInPipeline);
    assert_eq!(verdict(&[pipeline]), Verdict::AgentInPipeline);
}

#[test]
fn more_of_the_same_makes_it_surer_and_never_certain() {
    let weak = (Kind::Model, "model/x", 60);
    let one = judge(&[file("a.py", &[weak])]);
    let many: Vec<Seen> = (0..50).map(|n| file(&format!("a{n}.py"), &[weak])).collect();
    let many = judge(&many);
    assert!(one.percent < many.percent, "{one:?} {many:?}");
    let other = judge(&[file("a.py", &[weak, (Kind::Model, "model/y", 60)])]);
    assert!(one.percent < other.percent, "{one:?} {other:?}");
    assert!(many.percent < 100);
    assert_eq!(judge(&[]).verdict, Verdict::Nothing);
    assert_eq!(judge(&[]).sureness, Sureness::Sure);
}

#[test]
fn what_looks_for_keys_is_not_what_it_looks_for() {
    let keys = ["key/a", "key/b", "key/c", "key/d", "key/e"].map(|id| (Kind::HardCodedKey, id, 90));
    let address = (Kind::Model, "model/address", 60);
    assert_eq!(verdict(&[file("rules.go", &keys), file("curl.go", &[address])]), Verdict::Nothing);
    assert_eq!(
        verdict(&[file("rules.go", &keys[1..]), file("curl.go", &[address])]),
        Verdict::CallsAModel
    );
    assert_eq!(verdict(&[file("rules.go", &keys), file("a.go", &[MODEL])]), Verdict::CallsAModel);
}

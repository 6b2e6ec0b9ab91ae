//! The policy folder, as its author meets it: the starter, mistakes, and changes while it is in
//! force.

use countersign::policy::Policy;

#[test]
fn the_starter_checks_without_a_doubt_and_passes_its_own_tests() {
    let policy = Policy::starter();
    assert_eq!(policy.warnings(), []);
    let results = policy.test();
    assert!(results.len() >= 14, "{}", results.len());
    for case in results {
        assert_eq!(case.failed, [], "{}", case.name);
    }
}

use super::*;
use ulid::Ulid;

#[test]
fn the_whole_stands_where_its_items_stand() {
    use Status::{Approved, Cancelled, Denied, Expired, Failed, Partial, Pending};
    for (items, whole) in [
        (vec![Pending], Pending),
        (vec![Approved], Approved),
        (vec![Approved, Pending, Denied], Pending),
        (vec![Denied, Denied], Denied),
        (vec![Approved, Denied], Partial),
        (vec![Expired, Cancelled, Expired], Partial),
        (vec![Failed, Failed, Failed], Failed),
    ] {
        assert_eq!(Task::status(&items), whole, "{items:?}");
    }
}

#[test]
fn ends_can_be_told_and_only_ends() {
    for word in ["approved", "denied", "expired", "cancelled", "failed", "partial"] {
        assert_eq!(Status::event(word).map(Status::word), Some(word));
    }
    assert_eq!(Status::event("pending"), None);
    assert_eq!(Status::event("gone"), None);
    let all = Callback { endpoint: String::new(), state: None, events: Vec::new() };
    assert!(all.tells(Status::Expired));
    let some = Callback { events: vec![Status::Approved, Status::Denied], ..all };
    assert!(some.tells(Status::Denied) && !some.tells(Status::Expired));
}

#[test]
fn a_task_is_for_its_agent_and_for_who_asked() {
    let id = |n| AgentId::new(Ulid::from_parts(1, n));
    let task = Task {
        id: TaskId::new(Ulid::from_parts(1, 9)),
        agent: id(1),
        by: Submitter::Service("crm".into()),
        items: Vec::new(),
        bundle: false,
        emergency: false,
        callback: None,
        client: None,
        created_at: Timestamp::UNIX_EPOCH,
        expires_at: Timestamp::UNIX_EPOCH,
    };
    assert!(task.is_for(&Submitter::Agent(id(1))));
    assert!(task.is_for(&Submitter::Service("crm".into())));
    assert!(!task.is_for(&Submitter::Agent(id(2))));
    assert!(!task.is_for(&Submitter::Service("mail".into())));
    assert!(!task.is_kept(Timestamp::UNIX_EPOCH));
}

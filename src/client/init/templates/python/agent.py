# {{NAME}}: {{PURPOSE}}
#
#     agent-cli run -- python3 agent.py          does the work, or says why it may not
#     agent-cli run -- python3 agent.py --ask    asks people for what it may not, and waits for them

import sys

from countersign import AWAY, DENIED, Away, Guard

MODEL_VERSION = {{MODEL}}  # the model that decides, with its version
PROMPT = {{PROMPT}}
TASK = "try out"
ACTION, KIND, OBJECT = {{ACTION}}, {{KIND}}, {{OBJECT}}  # what is done with what: one thing


def work():
    """The work: yours goes here. It comes back with why it did what it did, and what it touched."""
    print("Working with {} {}.".format(KIND, OBJECT))
    return "looked once, and changed nothing", [{"type": KIND, "id": OBJECT}]


def main():
    guard = Guard()
    about = {"task": TASK, "model_version": MODEL_VERSION, "prompt": PROMPT}
    answer = guard.may(ACTION, KIND, OBJECT, **about)
    if not answer.allowed and "--ask" in sys.argv[1:]:
        approval = guard.ask(answer, "its first run: " + TASK)
        if approval:
            answer = guard.may(ACTION, KIND, OBJECT, approval=approval, **about)
    if not answer.allowed:
        answer.explain()
        return DENIED
    rationale, touched = work()
    record = guard.tell(answer, model_version=MODEL_VERSION, prompt=PROMPT,
                        rationale=rationale, touched=touched)
    print("Done, and on the record: {}.".format(record))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Away as away:
        print("Nothing was done: {}".format(away), file=sys.stderr)
        sys.exit(AWAY)

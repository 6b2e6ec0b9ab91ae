#!/bin/sh
# {{NAME}}: {{PURPOSE}}
#
#     agent-cli run -- sh agent.sh          does the work, or says why it may not
#     agent-cli run -- sh agent.sh --ask    asks people for what it may not, and waits for them

set -eu
. "$(dirname "$0")/countersign.sh"

MODEL_VERSION={{MODEL}} # the model that decides, with its version
PROMPT={{PROMPT}}
TASK='try out'
# What is done with what: one thing.
ACTION={{ACTION}} KIND={{KIND}} OBJECT={{OBJECT}}

# The work: yours goes here. It says in $rationale why it did what it did.
work() {
  echo "Working with $KIND $OBJECT."
  rationale='looked once, and changed nothing'
}

allowed=no
if may "$ACTION" "$KIND" "$OBJECT"; then
  allowed=yes
elif [ "${1:-}" = --ask ] && ask "its first run: $TASK"; then
  if may "$ACTION" "$KIND" "$OBJECT" "$approval"; then allowed=yes; fi
fi
if [ "$allowed" = no ]; then
  explain
  exit "$DENIED"
fi

work
tell "$rationale" "$(jq -cn --arg kind "$KIND" --arg id "$OBJECT" '[{type: $kind, id: $id}]')"
echo "Done, and on the record: $record."

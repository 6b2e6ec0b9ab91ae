# How this agent keeps to what it is allowed: for any POSIX shell, with curl and jq.
#
# Who it is comes from `agent-cli run`: COUNTERSIGN_SERVER, COUNTERSIGN_AGENT, and a short-lived token,
# renewed in COUNTERSIGN_TOKEN_FILE. There is no key in this project, and none is needed.

DENIED=77 # the exit status of "may not"; a scheduler can tell it from a crash
AWAY=75   # the exit status of "could not ask": nothing was done, try again later

for tool in curl jq; do
  command -v "$tool" >/dev/null || { echo "$tool is needed: install it first" >&2; exit 1; }
done
: "${COUNTERSIGN_SERVER:?is not set: start this with: agent-cli run -- sh agent.sh}"
: "${COUNTERSIGN_AGENT:?is not set: start this with: agent-cli run -- sh agent.sh}"

# The SHA-256 of standard input, in hexadecimal.
sha256() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# send METHOD PATH [BODY [KEY]]: what came back is in $reply, when to ask again in $wait.
# The token goes to curl by its standard input, never by an argument that others could list.
send() {
  if [ -n "${COUNTERSIGN_TOKEN_FILE:-}" ]; then token=$(cat "$COUNTERSIGN_TOKEN_FILE")
  else token=${COUNTERSIGN_TOKEN:?is not set: start this with: agent-cli run -- sh agent.sh}; fi
  answer=$(printf 'header = "Authorization: Bearer %s"\n' "$token" |
    curl --silent --show-error --config - --max-time 30 --request "$1" \
      ${3:+--header 'Content-Type: application/json' --data "$3"} \
      ${4:+--header "Idempotency-Key: $4"} \
      --write-out '\n%{http_code} %header{retry-after}' "${COUNTERSIGN_SERVER%/}$2") ||
    { echo "Nothing was done: $COUNTERSIGN_SERVER gave no answer." >&2; exit "$AWAY"; }
  reply=$(printf '%s\n' "$answer" | sed '$d')
  last=$(printf '%s\n' "$answer" | tail -n 1)
  wait=${last#* }
  case $wait in '' | *[!0-9]*) wait=5 ;; esac
  case $last in 2*) ;; *)
    echo "Nothing was done: $COUNTERSIGN_SERVER answered ${last% *}: $reply" >&2
    exit "$AWAY"
  esac
}

# may ACTION KIND OBJECT [APPROVAL]: may this agent do this with that, now? The question is then in
# $question, the answer in $reply. Reads $TASK, $MODEL_VERSION and $PROMPT.
may() {
  prompt_hash=sha256:$(printf %s "$PROMPT" | sha256)
  question=$(jq -cn --arg agent "$COUNTERSIGN_AGENT" --arg action "$1" --arg kind "$2" --arg id "$3" \
    --arg model "$MODEL_VERSION" --arg prompt "$prompt_hash" --arg task "$TASK" '{
      subject: {type: "agent", id: $agent}, action: {name: $action}, resource: {type: $kind, id: $id},
      context: {agent: {model_version: $model, prompt_hash: $prompt, task: $task}}}')
  send POST /access/v1/evaluation \
    "$(printf %s "$question" | jq -c --argjson approval "${4:-null}" \
      'if $approval then .context.approval = $approval else . end')"
  evaluation=$(printf %s "$reply" | jq -r '.context.evaluation_id // ""')
  [ "$(printf %s "$reply" | jq .decision)" = true ]
}

# explain: why not, what to do, how long it takes: for the person who reads the log.
explain() {
  printf %s "$reply" | jq -r --argjson question "$question" '
    # What can be asked for is asked for from here: then the reason alone is enough.
    (.context | (if .access_request then .why.en else null end) // .reason_user.en // "It is not allowed."),
    (.context.access_request // empty |
      "  Next  agent-cli request-permission --resource \($question.resource.type):\($question.action.name) --justification \"why\"",
      (.form_url // empty | "        or one click, for the owner: \(.)")),
    (.context.wait.en // empty | "  Wait  \(.)"),
    (.context.evaluation_id // empty | "  More  agent-cli why \(.)")' >&2
}

# ask WHY: asks people for what was denied and waits for them, an hour at most; the approval is then in
# $approval.
ask() {
  approval=
  body=$(printf %s "$reply" | jq -c --argjson question "$question" --arg why "$1" '
    .context as $said | ($said.access_request // empty) | . as $offer |
    $question * {context: {justification: $why}, denial: (
      {evaluation_id: $said.evaluation_id, expires_at: $offer.expires_at} +
      if $offer.binding_token then {binding_token: $offer.binding_token} else {} end)}')
  [ -n "$body" ] || return 1
  denied=$reply
  send POST /access/v1/requests "$body" "$evaluation"
  waited=0 said=
  while [ "$(printf %s "$reply" | jq -r .task.status)" = pending ] && [ "$waited" -lt 3600 ]; do
    words=$(printf %s "$reply" | jq -r '.task.display.description // "People are asked."')
    [ "$words" = "$said" ] || echo "$words" >&2
    said=$words
    sleep "$wait"
    waited=$((waited + wait))
    send GET "/access/v1/requests/$(printf %s "$reply" | jq -r .task.id)"
  done
  approval=$(printf %s "$reply" | jq -c '.result.approval // empty')
  reply=$denied
  [ -n "$approval" ]
}

# tell WHY TOUCHED: puts on the record what was done. TOUCHED is JSON that names things, never their
# content. The record's id is then in $record.
tell() {
  report=$(jq -cn --arg agent "$COUNTERSIGN_AGENT" --arg evaluation "$evaluation" --arg why "$1" \
    --arg model "$MODEL_VERSION" --arg prompt "$prompt_hash" --argjson touched "$2" '{
      agent_id: $agent, evaluation_id: $evaluation, model_version: $model, prompt_hash: $prompt,
      decision_rationale: $why, data_accessed: $touched, outcome: "success"}')
  # The same report under the same key counts once, however often it is sent.
  send POST /api/v1/activity "$report" "$(printf %s "$report" | sha256)"
  record=$(printf %s "$reply" | jq -r .id)
}

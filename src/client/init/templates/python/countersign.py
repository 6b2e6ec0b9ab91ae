"""How this agent keeps to what it is allowed. Python 3.9 or newer, standard library only.

Who it is comes from `agent-cli run`: COUNTERSIGN_SERVER, COUNTERSIGN_AGENT, and a short-lived token,
renewed in COUNTERSIGN_TOKEN_FILE. There is no key in this project, and none is needed.
"""

import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request

DENIED = 77  # the exit status of "may not"; a scheduler can tell it from a crash
AWAY = 75  # the exit status of "could not ask": nothing was done, try again later


class Away(Exception):
    """No answer. What was not answered is not allowed."""


class Answer:
    """A yes or a no, with the question that it answers."""

    def __init__(self, question, document):
        context = document.get("context", {})
        self.question = question
        self.allowed = document.get("decision") is True
        self.evaluation = context.get("evaluation_id")
        self.offer = context.get("access_request")
        # What can be asked for is asked for from here: then the reason alone is enough.
        words = (self.offer and context.get("why")) or context.get("reason_user") or {}
        self.words = words.get("en") or "It is not allowed."
        self.wait = (context.get("wait") or {}).get("en")

    def explain(self, out=sys.stderr):
        """Why not, what to do, how long it takes: for the person who reads the log."""
        access = "{}:{}".format(self.question["resource"]["type"], self.question["action"]["name"])
        print(self.words, file=out)
        if self.offer:
            print('  Next  agent-cli request-permission --resource {} --justification "why"'
                  .format(access), file=out)
            if self.offer.get("form_url"):
                print("        or one click, for the owner: " + self.offer["form_url"], file=out)
        if self.wait:
            print("  Wait  " + self.wait, file=out)
        if self.evaluation:
            print("  More  agent-cli why " + self.evaluation, file=out)


class Guard:
    """Asks before it acts, and tells what it did."""

    def __init__(self):
        try:
            self.server = os.environ["COUNTERSIGN_SERVER"].rstrip("/")
            self.agent = os.environ["COUNTERSIGN_AGENT"]
            self.token()
        except KeyError as missing:
            sys.exit("{} is not set: start this with `agent-cli run -- python3 {}`"
                     .format(missing.args[0], sys.argv[0]))

    @staticmethod
    def token():
        """The token of this moment."""
        path = os.environ.get("COUNTERSIGN_TOKEN_FILE")
        if path:
            with open(path, encoding="utf-8") as file:
                return file.read().strip()
        return os.environ["COUNTERSIGN_TOKEN"]

    def may(self, action, kind, name, *, task, model_version, prompt, approval=None):
        """May this agent do this with that, now?"""
        question = {
            "subject": {"type": "agent", "id": self.agent},
            "action": {"name": action},
            "resource": {"type": kind, "id": name},
            "context": {"agent": {
                "model_version": model_version, "prompt_hash": prompt_hash(prompt), "task": task,
            }},
        }
        asked = question
        if approval:
            asked = dict(question, context=dict(question["context"], approval=approval))
        return Answer(question, self._send("POST", "/access/v1/evaluation", asked)[1])

    def ask(self, answer, justification, seconds=3600):
        """Asks people for what was denied and waits for them; the approval, or None."""
        if not answer.offer:
            return None
        offer = answer.offer
        denial = {"evaluation_id": answer.evaluation, "expires_at": offer["expires_at"]}
        if offer.get("binding_token"):
            denial["binding_token"] = offer["binding_token"]
        body = dict(answer.question, denial=denial)
        body["context"] = dict(body["context"], justification=justification)
        key = {"Idempotency-Key": answer.evaluation}
        wait, document = self._send("POST", "/access/v1/requests", body, key)
        until = time.monotonic() + seconds
        said = None
        while document["task"]["status"] == "pending" and time.monotonic() < until:
            words = document["task"].get("display", {}).get("description", "People are asked.")
            if words != said:
                print(words, file=sys.stderr, flush=True)
                said = words
            time.sleep(wait)
            wait, document = self._send("GET", "/access/v1/requests/" + document["task"]["id"])
        return (document.get("result") or {}).get("approval")

    def tell(self, answer, *, model_version, prompt, rationale, touched, outcome="success"):
        """Puts on the record what was done. Names what was touched, never its content."""
        report = {
            "agent_id": self.agent,
            "evaluation_id": answer.evaluation,
            "model_version": model_version,
            "prompt_hash": prompt_hash(prompt),
            "decision_rationale": rationale,
            "data_accessed": touched,
            "outcome": outcome,
        }
        # The same report under the same key counts once, however often it is sent.
        digest = hashlib.sha256(json.dumps(report, sort_keys=True).encode()).hexdigest()
        return self._send("POST", "/api/v1/activity", report, {"Idempotency-Key": digest})[1]["id"]

    def _send(self, method, path, body=None, headers=None):
        """Sends something; how long to wait before asking again, and what came back."""
        request = urllib.request.Request(self.server + path, method=method, headers=headers or {})
        request.add_header("Authorization", "Bearer " + self.token())
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return int(reply.headers.get("Retry-After", 5)), json.load(reply)
        except urllib.error.HTTPError as refused:
            said = refused.read(2000).decode("utf-8", "replace")
            raise Away("{} answered {}: {}".format(self.server, refused.code, said)) from None
        except (OSError, ValueError) as error:
            raise Away("{} gave no answer: {}".format(self.server, error)) from None


def prompt_hash(prompt):
    """Stands for the prompt on the record, without its words."""
    return "sha256:" + hashlib.sha256(prompt.encode()).hexdigest()

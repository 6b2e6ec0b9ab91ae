"""A small Slack app on Slack's official clients, unchanged: what works here with the stand-in
workspace works the way Slack documents it.

Environment: SLACK_API_URL, SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SLACK_SIGNING_SECRET,
MODE (`socket` | `http`), PORT (for `http`).
"""

import logging
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.models.blocks import (
    ActionsBlock,
    ButtonElement,
    InputBlock,
    PlainTextInputElement,
    SectionBlock,
)
from slack_sdk.models.views import View

logging.basicConfig(level=logging.INFO)

client = WebClient(
    token=os.environ["SLACK_BOT_TOKEN"],
    base_url=os.environ["SLACK_API_URL"] + "/",
    retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=5)],
)
app = App(client=client, signing_secret=os.environ["SLACK_SIGNING_SECRET"])


def register_form(title: str) -> View:
    return View(
        type="modal",
        callback_id="register",
        title=title,
        submit="Send",
        close="Cancel",
        notify_on_close=True,
        private_metadata="kept",
        blocks=[
            InputBlock(
                block_id="name",
                label="Name",
                element=PlainTextInputElement(action_id="text", max_length=40),
            ),
            ActionsBlock(
                block_id="more",
                elements=[ButtonElement(action_id="explain", text="Explain", value="tiers")],
            ),
        ],
    )


@app.command("/agent")
def command(ack, respond, body, command, client, logger):
    words = command["text"].split()
    verb = words[0] if words else "help"
    if verb == "help":
        ack("Try `/agent form`.")
    elif verb == "whois":
        ack()
        user = client.users_info(user=body["user_id"])["user"]
        groups = client.usergroups_list(include_users=True)["usergroups"]
        security = next(g["id"] for g in groups if g["handle"] == "security")
        members = client.usergroups_users_list(usergroup=security)["users"]
        respond(f"{user['real_name']} in {user['tz']}; security: {','.join(members)}")
    elif verb == "form":
        ack()
        opened = client.views_open(trigger_id=body["trigger_id"], view=register_form("Register"))
        logger.info("opened %s with hash %s", opened["view"]["id"], opened["view"]["hash"])
    elif verb == "burst":
        ack()
        times = [
            client.chat_postMessage(channel=words[1], text=f"message {n}")["ts"] for n in range(8)
        ]
        respond(text=f"posted {len(set(times))}", response_type="in_channel")
    elif verb == "wrong":
        ack()
        try:
            client.chat_postMessage(
                channel="C0APPROVALS",
                text="x",
                blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}],
            )
            respond("no error")
        except SlackApiError as error:
            said = error.response["response_metadata"]["messages"][0]
            respond(f"{error.response['error']}: {said}")
    elif verb == "dm":
        ack()
        channel = client.conversations_open(users=body["user_id"])["channel"]["id"]
        posted = client.chat_postMessage(
            channel=channel,
            text="hello",
            metadata={"event_type": "greeting", "event_payload": {"id": "G-1"}},
        )
        link = client.chat_getPermalink(channel=channel, message_ts=posted["ts"])["permalink"]
        client.chat_update(channel=channel, ts=posted["ts"], text=f"hello, see {link}")
    else:
        ack(response_type="ephemeral", text=f"`{verb}`?")


@app.action("explain")
def explain(ack, body, client):
    ack()
    view = register_form("Tiers")
    client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=view)


@app.view("register")
def registered(ack, body, view, client):
    name = view["state"]["values"]["name"]["text"]["value"]
    if name == "taken":
        ack(response_action="errors", errors={"name": "Somebody has this name."})
        return
    if name == "unsure":
        ack(response_action="update", view=register_form("Sure?"))
        return
    ack()
    assert view["private_metadata"] == "kept"
    client.chat_postMessage(
        channel="C0APPROVALS",
        text=f"{name} wants to be registered",
        blocks=[
            SectionBlock(text=f"*{name}* wants to be registered"),
            ActionsBlock(
                block_id="vote",
                elements=[
                    ButtonElement(
                        action_id="approve", text="Approve", style="primary", value=name
                    )
                ],
            ),
        ],
    )


@app.view_closed("register")
def closed(ack, body, client):
    ack()
    client.chat_postMessage(channel=body["user"]["id"], text="Another time, then.")


@app.action("approve")
def approve(ack, body, action, client, respond):
    ack()
    client.chat_update(
        channel=body["channel"]["id"],
        ts=body["message"]["ts"],
        text=f"{action['value']} was approved by <@{body['user']['id']}>",
        blocks=[],
    )
    respond(text="Thank you.", replace_original=False)


@app.event("app_home_opened")
def home(event, client):
    client.views_publish(
        user_id=event["user"],
        view=View(type="home", blocks=[SectionBlock(text="Your agents")]),
    )


@app.error
def failed(error, logger):
    logger.exception("a listener failed: %s", error)


class Handler(BaseHTTPRequestHandler):
    """Every path goes to Bolt, which verifies the signature and tells by the body what it is."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode("utf-8")
        headers = {name: self.headers.get_all(name) for name in self.headers}
        answer = app.dispatch(BoltRequest(body=body, headers=headers))
        self.send_response(answer.status)
        for name, values in answer.headers.items():
            for value in values:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write((answer.body or "").encode("utf-8"))

    def log_message(self, *args):
        pass


if os.environ["MODE"] == "socket":
    SocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).start()
else:
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()

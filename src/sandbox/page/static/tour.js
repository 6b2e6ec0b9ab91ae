// "What to try": the story in six steps, for the first visit. Each step has a button that
// does its first half, and ticks itself off when it was done, by the button or by hand.

import { prefill } from "./composer.js";
import { $, h, icon, memory, reconcile } from "./dom.js";
import { become, goTo, goToBot, moveClock, subscribe } from "./sync.js";
import { botDm, firstName, samePlace, store } from "./store.js";

const REGISTER = "/agent register support-agent-v2";
const REQUEST = "/agent request support-agent-v2 database:read for 30m because customer support queries";

let done = new Set();
try {
  done = new Set(JSON.parse(memory.get("tour.done") ?? "[]"));
} catch {
  // Somebody else's value: start over.
}

const find = (name, title) =>
  store.state.people.find((p) => p.can_sign_in && p.name?.toLowerCase() === name)
  ?? store.state.people.find((p) => p.can_sign_in && title.test(p.title ?? ""));
const dana = () => find("dana", /developer/i) ?? store.state.people.find((p) => p.can_sign_in);
const theo = () => find("theo", /lead/i) ?? dana();
const sam = () => find("sam", /security/i) ?? theo();

/** A channel where the person may type, preferring the agent's team. */
async function inChannelAs(who) {
  if (store.me !== who.id) await become(who.id);
  const open = store.state.channels.filter((c) => c.kind === "channel" && c.member !== false && !c.external);
  const room = open.find((c) => c.name === "support") ?? open.find((c) => c.id === store.place.channel) ?? open[0];
  if (room) await goTo({ channel: room.id });
}

async function inDmAs(who) {
  if (store.me !== who.id) await become(who.id);
  await goToBot();
}

const steps = () => {
  const [d, t, s] = [dana(), theo(), sam()].map((who) => firstName(who.id));
  return [
    {
      key: "register",
      text: [`As ${d}, send `, h("code", {}, REGISTER), ". Tick “It writes or changes something” in the form: that makes it tier 2."],
      button: "Type it for me",
      run: async () => {
        await inChannelAs(dana());
        prefill(REGISTER);
      },
    },
    {
      key: "approve",
      text: [`Tier 2 needs two yeses. Be ${t}, the team lead, and approve the card in his messages.`],
      button: `Switch to ${t}`,
      run: () => inDmAs(theo()),
    },
    {
      key: "second",
      text: [`Be ${s}, from security, and approve it too.`],
      button: `Switch to ${s}`,
      run: () => inDmAs(sam()),
    },
    {
      key: "request",
      text: [`As ${d} again, ask for access: `, h("code", {}, REQUEST), `. ${t} and ${s} approve as before.`],
      button: "Type it for me",
      run: async () => {
        await inChannelAs(dana());
        prefill(REQUEST);
      },
    },
    {
      key: "clock",
      text: ["Move the clock at the top: a reminder comes. Once more: the access has ended by itself."],
      button: "To the next deadline",
      run: () => moveClock({ to: "next_deadline" }),
    },
    {
      key: "end",
      text: [`Read in ${d}’s messages how it went.`],
      button: `Open ${d}’s messages`,
      run: () => inDmAs(dana()),
    },
  ];
};

function tick(key) {
  if (done.has(key)) return;
  done.add(key);
  memory.set("tour.done", JSON.stringify([...done]));
  renderTour();
}

/** Notices what was done, with the panel's buttons or without. */
function noticed({ detail: { kind, text } }) {
  if (kind === "say" && /^\/agent\s+register\b/.test(text)) tick("register");
  if (kind === "say" && /^\/agent\s+request\b/.test(text)) tick("request");
  if (kind === "act" && /approve/i.test(text) && store.me === theo().id) tick("approve");
  if (kind === "act" && /approve/i.test(text) && store.me === sam().id) tick("second");
  if (kind === "clock") tick("clock");
}

function renderTour() {
  const panel = $("tour");
  if (panel.hidden || !store.state) return;
  const all = steps();
  const next = all.find((s) => !done.has(s.key))?.key;
  reconcile($("tour-steps"), all.map((step) => ({
    key: step.key,
    sig: JSON.stringify([done.has(step.key), step.key === next, step.button]),
    build: () => h("li", { class: done.has(step.key) ? "done" : step.key === next ? "next" : null, testid: `tour-${step.key}` },
      h("span", { class: "step-mark", "aria-hidden": "true" }, done.has(step.key) ? icon("check") : null),
      h("div", {},
        h("p", {}, step.text, done.has(step.key) ? h("span", { class: "sr" }, " (done)") : null),
        h("button", { type: "button", class: step.key === next ? "btn btn-primary btn-small" : "btn btn-small", on: { click: () => doStep(step) } }, step.button))),
  })));
}

async function doStep(step) {
  // Over a narrow window the panel covers what it talks about.
  if (matchMedia("(max-width: 1080px)").matches) show(false);
  await step.run();
}

function show(open) {
  $("tour").hidden = !open;
  document.body.classList.toggle("tour-open", open);
  $("help").setAttribute("aria-expanded", String(open));
  if (open) renderTour();
}

/** Opens the panel on the first visit and wires its buttons. */
export function setUpTour() {
  $("tour-close").addEventListener("click", () => {
    memory.set("tour.closed", "yes");
    show(false);
    $("help").focus();
  });
  $("help").addEventListener("click", () => show($("tour").hidden));
  document.addEventListener("deed", noticed);
  subscribe(() => {
    if (store.state && done.has("clock") && store.me === dana().id && samePlace(store.place, { channel: botDm()?.id })) tick("end");
    else renderTour();
  });
  show(memory.get("tour.closed") !== "yes");
}

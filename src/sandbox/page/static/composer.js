// The message box: says things and sends slash commands. Enter sends, Shift+Enter starts a
// new line, the up arrow brings back what was sent before.

import { $, fill, h } from "./dom.js";
import { suggest } from "./hints.js";
import { channel, channelTitle, firstName, store } from "./store.js";
import { say } from "./sync.js";

const drafts = new Map(); // "person channel" → what was typed and not sent
const sent = new Map(); // person → what was sent, oldest first
let recall = null; // Index into `sent` while going through it.
let shownKey = null;
let choice = -1; // The suggestion that the arrow keys are on.
let offered = { items: [], eager: false };

const box = () => $("composer-box");
const keyNow = () => `${store.me} ${store.place?.channel ?? ""}`;

/** Fits the box to the place: whom it speaks to, and whether one may speak here. */
export function renderComposer() {
  const here = channel(store.place?.channel);
  $("composer").hidden = Boolean(store.place?.home);
  if (!here) return;
  const closed = here.archived ? `${channelTitle(here)} is archived`
    : here.member === false ? `${firstName(store.me)} is not in ${channelTitle(here)}` : null;
  box().disabled = Boolean(closed);
  $("send").disabled = Boolean(closed);
  box().placeholder = closed ?? `Message ${channelTitle(here)} as ${firstName(store.me)}`;
  box().setAttribute("aria-label", box().placeholder);
  if (shownKey === keyNow()) return;
  if (shownKey !== null) drafts.set(shownKey, box().value);
  shownKey = keyNow();
  put(drafts.get(shownKey) ?? "");
  close();
}

/** Puts a text into the box, ready to be sent. */
export function prefill(text) {
  put(text);
  box().focus();
  offer();
}

function put(text, at = text.length) {
  box().value = text;
  grow();
  box().setSelectionRange(at, at);
}

function grow() {
  box().style.height = "auto";
  box().style.height = `${Math.min(box().scrollHeight, 200)}px`;
  $("send").classList.toggle("ready", box().value.trim() !== "");
}

async function send() {
  const typed = box().value.trim();
  if (!typed || box().disabled) return;
  const list = sent.get(store.me) ?? [];
  if (list.at(-1) !== typed) sent.set(store.me, [...list, typed]);
  recall = null;
  const key = shownKey;
  put("");
  close();
  const ok = await say(typed);
  // A message that did not get out comes back, unless something else was begun meanwhile.
  if (!ok && !typed.startsWith("/") && shownKey === key && box().value === "") put(typed);
}

// ---- suggestions --------------------------------------------------------------------

function offer() {
  offered = suggest(box().value, box().selectionStart);
  choice = -1;
  draw();
}

function close() {
  offered = { items: [], eager: false };
  choice = -1;
  draw();
}

function draw() {
  const list = $("suggestions");
  list.hidden = offered.items.length === 0;
  fill(list, offered.items.map((item, i) =>
    h("li", {
      id: `suggestion-${i}`, role: "option", class: item.passive ? "passive" : null, testid: item.testid,
      "aria-selected": String(i === choice || (choice < 0 && i === 0 && offered.eager)),
      on: {
        pointerdown: (event) => {
          event.preventDefault(); // Keeps the focus in the box.
          accept(item);
        },
      },
    }, h("span", { class: "suggest-label" }, item.label, " ", h("span", { class: "dim" }, item.hint)),
    h("small", {}, item.about))));
  if (choice >= 0) {
    box().setAttribute("aria-activedescendant", `suggestion-${choice}`);
    list.children[choice]?.scrollIntoView({ block: "nearest" });
  } else box().removeAttribute("aria-activedescendant");
}

function accept(item) {
  if (!item || item.passive) return;
  put(item.text, item.at);
  box().focus();
  offer();
}

function onKey(event) {
  const choosable = offered.items.filter((item) => !item.passive);
  if (event.isComposing) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    if (choosable.length && (choice >= 0 || offered.eager)) accept(offered.items[Math.max(0, choice)]);
    else send();
  } else if (event.key === "Tab" && !event.shiftKey && choosable.length) {
    event.preventDefault();
    accept(offered.items[Math.max(0, choice)]);
  } else if (event.key === "Escape" && offered.items.length) {
    event.preventDefault();
    event.stopPropagation();
    close();
  } else if (event.key === "ArrowUp" || event.key === "ArrowDown") onArrow(event, choosable.length);
}

function onArrow(event, count) {
  const step = event.key === "ArrowUp" ? -1 : 1;
  if (count) {
    event.preventDefault();
    choice = choice < 0 ? (step > 0 ? 0 : count - 1) : (choice + step + count) % count;
    draw();
    return;
  }
  const list = sent.get(store.me) ?? [];
  const free = box().value === "" || (recall !== null && box().value === list[recall]);
  if (!free || !list.length || (recall === null && step > 0)) return;
  event.preventDefault();
  const next = (recall ?? list.length) + step;
  recall = next >= list.length ? null : Math.max(0, next);
  put(recall === null ? "" : list[recall]);
}

/** Wires the box once. */
export function setUpComposer() {
  box().addEventListener("input", () => {
    recall = null;
    grow();
    offer();
  });
  box().addEventListener("keydown", onKey);
  box().addEventListener("blur", () => close());
  $("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
}

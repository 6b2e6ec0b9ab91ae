// The list of messages: keyed by their timestamps, so that an edited card changes in place
// and nothing on the screen jumps.

import { attachment, renderBlock } from "./blocks.js";
import { clockTime, dayKey, dayTitle, fullTime } from "./dates.js";
import { $, announce, h, icon, mark, reconcile } from "./dom.js";
import { image } from "./elements.js";
import { mrkdwn } from "./mrkdwn.js";
import { act } from "./sync.js";
import { bot, channel, channelTitle, nameOf, person, store, workspaceNow } from "./store.js";
import { fromState, initialValue } from "./values.js";

const TOGETHER = 5 * 60 * 1000; // Messages of one person this close share a heading.
let shownKey = null; // "person channel" of what is on the screen.
let shownTs = new Map(); // key → what the message said, to tell news from redraws.

const scroller = () => $("scroller");
const atEnd = () => scroller().scrollHeight - scroller().scrollTop - scroller().clientHeight < 60;

/** Draws the open channel. */
export function renderMessages() {
  const pane = $("messages-pane");
  pane.hidden = Boolean(store.place?.home);
  if (pane.hidden) {
    shownKey = null;
    return;
  }
  const here = channel(store.place.channel);
  const list = store.messages.get(store.place.channel);
  if (!here || !list) {
    // Not fetched yet: better nothing than another channel's messages below this heading.
    if (`${store.me} ${store.place.channel}` !== shownKey) $("messages").replaceChildren();
    shownKey = null;
    return;
  }
  const key = `${store.me} ${here.id}`;
  const first = key !== shownKey;
  const stick = first || atEnd();
  const anchor = stick ? null : firstVisible();

  const all = withNotices(list);
  if (first) $("messages").replaceChildren();
  reconcile($("messages"), rows(all, here));
  const news = whatChanged(all, first);
  shownKey = key;

  if (first) enterAt();
  else if (stick || news.mine) scroller().scrollTop = scroller().scrollHeight;
  else if (anchor?.el.isConnected) scroller().scrollTop += anchor.el.offsetTop - anchor.top;
  if (news.added && !stick && !news.mine) showPill(news.added);
  if (atEnd()) hidePill();
}

/** The topmost message on the screen: the fixed point while others change size. */
function firstVisible() {
  const top = scroller().scrollTop;
  const el = [...$("messages").children].find((row) => row.offsetTop + row.offsetHeight > top);
  return el ? { el, top: el.offsetTop } : null;
}

function enterAt() {
  hidePill();
  const box = scroller();
  box.scrollTop = box.scrollHeight;
  const line = $("messages").querySelector(".divider-new");
  if (line && line.offsetTop < box.scrollTop) box.scrollTop = line.offsetTop - 12;
}

/** Tells what is new since the last drawing, and marks the cards that say something else now. */
function whatChanged(all, first) {
  const now = new Map(all.map((m) => [keyOf(m), JSON.stringify(m)]));
  let added = 0;
  let mine = false;
  for (const message of all) {
    const key = keyOf(message);
    const before = shownTs.get(key);
    if (first || before === now.get(key)) continue;
    if (before === undefined) {
      added += 1;
      mine ||= message.user === store.me;
      announce(`${nameIn(message)}: ${message.text ?? ""}`);
      rowOf(key)?.classList.add("arrived");
    } else {
      rowOf(key)?.classList.add("changed");
      announce(`Changed: ${nameIn(message)}: ${message.text ?? ""}`);
    }
  }
  shownTs = now;
  return { added, mine };
}

const rowOf = (key) => $("messages").querySelector(`[data-key="${CSS.escape(key)}"]`);
const keyOf = (m) => `${m.ephemeral ? "e" : "m"}${m.ts}`;
const nameIn = (m) => m.user_name || nameOf(m.user);

/** Adds the notices of this page (a command that failed) at their times. */
function withNotices(list) {
  const own = (store.notices.get(`${store.me} ${store.place.channel}`) ?? []).map((n) => ({
    ts: n.id, user: null, user_name: "Workspace", is_bot: true, text: n.text, blocks: null, ephemeral: true, time: n.time,
  }));
  if (!own.length) return list;
  return [...list, ...own].sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

function rows(all, here) {
  const parents = new Set(all.map((m) => m.ts));
  const replies = new Map();
  const top = [];
  for (const m of all) {
    if (m.thread_ts && m.thread_ts !== m.ts && parents.has(m.thread_ts)) {
      replies.set(m.thread_ts, [...(replies.get(m.thread_ts) ?? []), m]);
    } else top.push(m);
  }
  const items = [{ key: "start", sig: `${channelTitle(here)}${here.topic}`, build: () => beginning(here) }];
  const now = workspaceNow();
  let day = null;
  let last = null;
  for (const m of top) {
    const time = new Date(m.time);
    if (dayKey(time) !== day) {
      day = dayKey(time);
      last = null;
      const title = dayTitle(time, now);
      items.push({ key: `day-${day}`, sig: title, build: () => h("div", { class: "divider-day", role: "separator" }, h("span", {}, title)) });
    }
    if (m.ts === store.divider) {
      last = null;
      items.push({ key: "new", sig: "new", build: () => h("div", { class: "divider-new", role: "separator" }, h("span", {}, "New")) });
    }
    const grouped = last !== null && last.user === m.user && last.user_name === m.user_name && !m.ephemeral && !last.ephemeral
      && !m.thread_ts && !last.blocks && time - new Date(last.time) < TOGETHER;
    const answers = replies.get(m.ts) ?? [];
    items.push({
      key: keyOf(m),
      sig: JSON.stringify([m, grouped, answers, person(m.user)?.color]),
      build: () => row(m, grouped, answers, here),
    });
    last = m;
  }
  return items;
}

function beginning(here) {
  const title = channelTitle(here);
  const text = here.kind === "dm" ? `This is the start of your conversation with ${title}.` : `This is the very beginning of ${title}.`;
  return h("div", { class: "beginning" }, h("h2", {}, title), h("p", {}, text), here.topic ? h("p", { class: "hint" }, here.topic) : null,
    bot()?.command_names?.includes("/agent") && !here.archived
      ? h("p", { class: "hint" }, "Type ", h("code", {}, "/agent"), " to see what waits for you and what you can do.") : null);
}

/** Messages of the workspace itself: of the server (as Slack's own bot) or of this page. */
const isSystem = (user) => !user || user === "USLACKBOT";

/** A person's square with initials, or the app's mark. */
export function avatar(id, { isBot = false, size = "" } = {}) {
  if (isSystem(id)) return h("span", { class: `avatar ${size}`, "aria-hidden": "true" }, icon("hash"));
  const who = person(id);
  const bot = isBot || who?.kind === "bot";
  return h("span", {
    class: `avatar ${size} ${bot ? "avatar-bot" : ""}`,
    "aria-hidden": "true",
    vars: who?.color && !bot ? { "--avatar": who.color, "--avatar-ink": inkOn(who.color) } : {},
  }, bot || !who ? mark() : who.initials || who.name?.slice(0, 2));
}

/** Black or white, whichever reads better on a colour. */
function inkOn(colour) {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (!match) return "#fff";
  const [r, g, b] = match.slice(1).map((x) => {
    const c = Number.parseInt(x, 16) / 255;
    return c <= 0.04 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#000" : "#fff";
}

function row(m, grouped, replies, here, inThread = false) {
  const time = new Date(m.time);
  const stamp = h("time", { class: "when", datetime: m.time, title: fullTime(time) }, clockTime(time));
  const node = h("article", {
    class: `msg ${grouped ? "grouped" : ""} ${m.ephemeral ? "ephemeral" : ""}`,
    testid: "message",
    "aria-label": `${nameIn(m)}, ${clockTime(time)}${m.ephemeral ? ", only visible to you" : ""}`,
    data: { ts: m.ts, key: keyOf(m), user: m.user ?? "", ephemeral: String(Boolean(m.ephemeral)), focusScope: keyOf(m) },
  },
  h("div", { class: "gutter" }, grouped ? stamp : avatar(m.user, { isBot: m.is_bot })),
  h("div", { class: "msg-main" },
    m.ephemeral ? h("p", { class: "only-you", testid: "only-you" }, icon("eye"), "Only visible to you") : null,
    grouped ? null : h("header", {},
      h("strong", { class: "who" }, nameIn(m)),
      m.is_bot ? h("span", { class: "tag" }, isSystem(m.user) ? "SYSTEM" : "APP") : null,
      title(m), stamp),
    !inThread && m.thread_ts && m.thread_ts !== m.ts ? h("p", { class: "hint" }, "replied to a thread") : null,
    content(m, here),
    replies.length ? thread(replies, here) : null));
  return node;
}

function title(m) {
  const who = person(m.user);
  if (!who?.title || m.is_bot) return null;
  return h("span", { class: "who-title" }, who.title);
}

/** What a message says: its blocks if it has any, otherwise its text; then attachments. */
function content(m, here) {
  const ctx = {
    value: (block, element) => {
      const chosen = m.state?.[block.block_id]?.[element.action_id];
      return chosen === undefined ? initialValue(element) : fromState(chosen);
    },
    act: (block, element, value) => act({ type: "message", channel: here.id, ts: m.ts }, block, element, value),
  };
  const edited = m.edited ? h("span", { class: "edited" }, " (edited)") : null;
  const main = m.blocks?.length
    ? h("div", { class: "blocks" }, m.blocks.map((b) => renderBlock(b, ctx)))
    : m.text ? h("div", { class: "text" }, mrkdwn(m.text), edited) : null;
  const pictures = (m.files ?? []).map((file) =>
    h("figure", { testid: "picture" }, h("figcaption", {}, file.title), image(file, "block-image-picture")));
  return [main, (m.attachments ?? []).map((a) => attachment(a, ctx)), pictures];
}

function thread(replies, here) {
  return h("details", { class: "thread", open: true },
    h("summary", {}, `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`),
    replies.map((reply) => row(reply, false, [], here, true)));
}

// ---- "new messages below" -----------------------------------------------------------

let below = 0;

function showPill(count) {
  below += count;
  const pill = $("pill");
  pill.hidden = false;
  pill.querySelector("span").textContent = below === 1 ? "1 new message" : `${below} new messages`;
}

function hidePill() {
  below = 0;
  $("pill").hidden = true;
}

/** Wires what belongs to the list once. */
export function setUpMessages() {
  scroller().addEventListener("scroll", () => atEnd() && hidePill(), { passive: true });
  $("pill").addEventListener("click", () => {
    scroller().scrollTo({ top: scroller().scrollHeight, behavior: "smooth" });
  });
  // A narrower window or a growing message box must not hide the last message.
  let end = true;
  scroller().addEventListener("scroll", () => (end = atEnd()), { passive: true });
  new ResizeObserver(() => {
    if (end) scroller().scrollTop = scroller().scrollHeight;
  }).observe(scroller());
}

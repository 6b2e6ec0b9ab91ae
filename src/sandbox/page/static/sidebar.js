// The left side: the people one can be, the channels, the conversations and the app.

import { $, fill, h, icon, mark, reconcile } from "./dom.js";
import { avatar } from "./messages.js";
import { become, goTo, goToBot, isConnected, waiting } from "./sync.js";
import { bot, botDm, channel, channelTitle, firstName, nameOf, person, samePlace, store } from "./store.js";

const count = (n) => (n > 99 ? "99+" : String(n));

/** Draws everything on the left, and the heading of the open place. */
export function renderSidebar() {
  people();
  me();
  rooms();
  heading();
}

// Lists are reconciled rather than drawn anew: a button that was replaced between the press
// and the release of a mouse button would swallow the click.
const list = (holder, entries) => reconcile(holder, entries.filter(Boolean).map(({ sig, key, build }) =>
  ({ key, sig: JSON.stringify(sig), build: () => h("li", {}, build()) })));

const KINDS = { guest: "Guest", single_channel_guest: "Guest", outsider: "From another company" };

function people() {
  const able = store.state.people.filter((p) => p.can_sign_in);
  list($("people-list"), able.map((p) => {
    const mine = p.id === store.me;
    const n = mine ? waiting(store.state.channels) : store.waiting?.get(p.id) ?? 0;
    return { key: p.id, sig: [p, mine, n], build: () => personButton(p, mine, n) };
  }));
}

function personButton(p, mine, n) {
  return h("button", {
    type: "button", class: "person", testid: `person-${p.id}`,
    "aria-current": mine ? "true" : null,
    title: [p.real_name || p.name, p.title].filter(Boolean).join(", "),
    on: { click: () => (mine ? closeDrawer() : become(p.id).then(closeDrawer)) },
  },
  h("span", { class: "person-face" }, avatar(p.id), n ? h("span", { class: "badge", testid: `waiting-${p.id}` }, count(n)) : null),
  h("span", { class: "person-name" }, firstName(p.id)),
  h("span", { class: "person-title" }, p.title || KINDS[p.kind] || ""),
  n ? h("span", { class: "sr" }, `, ${n} unread`) : null);
}

function me() {
  const who = person(store.me);
  fill($("me"), avatar(store.me, { size: "avatar-small" }),
    h("span", { class: "me-words" }, h("span", { class: "me-as" }, "You are"),
      h("strong", { testid: "me", data: { person: store.me } }, who?.real_name || nameOf(store.me)), h("small", {}, who?.title ?? "")));
  fill($("drawer-me"), avatar(store.me, { size: "avatar-small" }), h("span", { class: "sr" }, `You are ${nameOf(store.me)}. Switch person or channel`));
}

function entry(place, testid, name, symbol, { unread = 0, badge = 0, note = null, go = () => goTo(place) } = {}) {
  const here = samePlace(place, store.place);
  return {
    key: testid,
    sig: [place, name, unread, badge, note?.outerHTML, here],
    build: () => h("button", {
      type: "button", testid,
      class: `room ${unread || badge ? "unread" : ""}`,
      "aria-current": here ? "page" : null,
      data: place.channel ? { channel: place.channel } : {},
      on: {
        click: () => {
          closeDrawer();
          go();
        },
      },
    }, symbol(), h("span", { class: "room-name" }, name), note,
    badge ? h("span", { class: "badge" }, count(badge), h("span", { class: "sr" }, " unread"))
      : unread ? h("span", { class: "sr" }, ", unread") : null),
  };
}

function rooms() {
  const all = store.state.channels;
  list($("channel-list"), all.filter((c) => c.kind !== "dm" && c.member !== false).map((c) =>
    entry({ channel: c.id }, `channel-${c.id}`, c.name, () => h("span", { class: "room-symbol" }, icon(c.kind === "private" ? "lock" : "hash")), {
      unread: c.unread, badge: c.mentions,
      note: c.external ? h("span", { class: "room-note", title: "Shared with another company" }, icon("link")) : null,
    })));

  const dm = botDm();
  const direct = all.filter((c) => c.kind === "dm" && c !== dm);
  list($("dm-list"), [
    entry({ channel: dm?.id ?? "" }, "dm-bot", bot().name, () => avatar(bot().user_id, { isBot: true, size: "avatar-tiny" }), { badge: dm?.unread, go: goToBot }),
    ...direct.map((c) => entry({ channel: c.id }, `channel-${c.id}`, nameOf(c.with), () => avatar(c.with, { size: "avatar-tiny" }), { badge: c.unread })),
  ]);

  const state = bot().connected === false ? "not connected" : "connected";
  list($("app-list"), [entry({ home: true }, "home", `${bot().name} home`, () => h("span", { class: "avatar avatar-tiny avatar-bot" }, mark()), {
    note: h("span", { class: `presence ${bot().connected === false ? "down" : "up"}`, testid: "bot-presence", title: state }, h("span", { class: "sr" }, state)),
  })]);

  fill($("workspace-name"), store.state.workspace.name);
  const total = waiting(all);
  $("drawer-badge").hidden = !total;
  $("drawer-badge").textContent = count(total);
  document.title = `${total ? `(${count(total)}) ` : ""}${store.place.home ? bot().name : channelTitle(channel(store.place.channel))} · ${store.state.workspace.name}`;
}

/** The heading of the place: its name, its topic, and the tabs of the app. */
function heading() {
  const here = channel(store.place.channel);
  const dm = botDm();
  const withBot = store.place.home || (here && here === dm);
  const lead = withBot ? h("span", { class: "avatar avatar-small avatar-bot" }, mark())
    : here?.kind === "dm" ? avatar(here.with, { size: "avatar-small" }) : icon(here?.kind === "private" ? "lock" : "hash");
  const name = withBot ? bot().name : here?.kind === "dm" ? channelTitle(here) : here?.name ?? "";
  fill($("place"), h("h1", { testid: "place" }, lead, h("span", {}, name)),
    withBot ? h("span", { class: "tag" }, "APP") : null,
    here?.external ? h("span", { class: "tag tag-warn" }, "Shared with another company") : null,
    here?.topic && !withBot ? h("p", { class: "topic", title: here.topic }, here.topic) : null);

  $("tabs").hidden = !withBot;
  const tab = (label, testid, place, badge, go = () => goTo(place)) => {
    const current = samePlace(place, store.place);
    return {
      key: testid,
      sig: JSON.stringify([place, badge, current]),
      build: () => h("button", {
        type: "button", testid, "aria-current": current ? "page" : null, on: { click: go },
      }, label, badge ? h("span", { class: "badge" }, count(badge)) : null),
    };
  };
  reconcile($("tabs"), [tab("Home", "tab-home", { home: true }), tab("Messages", "tab-messages", { channel: dm?.id ?? "" }, dm?.unread, goToBot)]);

  const banner = $("banner");
  const trouble = !isConnected() ? "The workspace does not answer. Trying again…"
    : bot().connected === false ? `${bot().name} is not connected to the workspace: commands and buttons will not be answered.` : null;
  banner.hidden = !trouble;
  if (banner.textContent !== (trouble ?? "")) banner.textContent = trouble ?? "";
}

// ---- the drawer of narrow windows ---------------------------------------------------

const narrow = matchMedia("(max-width: 760px)");

function setDrawer(open) {
  document.body.classList.toggle("drawer-open", open);
  $("side").inert = narrow.matches && !open;
  $("drawer").setAttribute("aria-expanded", String(open));
  $("backdrop").hidden = !open;
  if (open) ($("people-list").querySelector("[aria-current]") ?? $("side")).focus();
}

function closeDrawer() {
  const was = document.body.classList.contains("drawer-open");
  setDrawer(false);
  if (was && narrow.matches) $("drawer").focus();
}

/** Wires the drawer once. */
export function setUpSidebar() {
  $("drawer").addEventListener("click", () => setDrawer(!document.body.classList.contains("drawer-open")));
  $("backdrop").addEventListener("click", closeDrawer);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("drawer-open")) closeDrawer();
  });
  // The browser tells of another width a little later: a drawer that was opened meanwhile stays open.
  narrow.addEventListener("change", () => setDrawer(narrow.matches && document.body.classList.contains("drawer-open")));
  setDrawer(false);
  // References to channels inside messages are buttons that carry their target.
  document.addEventListener("click", (event) => {
    const target = event.target.closest?.("[data-goto]")?.dataset.goto;
    if (target && channel(target)?.member !== false) goTo({ channel: target });
  });
}

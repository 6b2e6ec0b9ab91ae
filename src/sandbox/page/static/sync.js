// Keeping the page in step with the server: who we play, where we are, what changed.

import { ApiError, EventStream, get, post } from "./api.js";
import { memory, toast } from "./dom.js";
import { botDm, channel, samePlace, setClock, store, workspaceNow } from "./store.js";

const listeners = new Set();
let stream = null;
let epoch = 0; // Answers that were asked for on behalf of an earlier person are dropped.
let connected = true;

/** Calls `listener` after every change of the store. */
export const subscribe = (listener) => listeners.add(listener);
const changed = () => listeners.forEach((listener) => listener());

/** Tells whoever follows along (the tour) what the person did: a `deed` event. */
const deed = (kind, text = "") => document.dispatchEvent(new CustomEvent("deed", { detail: { kind, text } }));

/** Whether the stream of events is up. */
export const isConnected = () => connected;

function complain(error) {
  if (!(error instanceof ApiError)) console.error(error);
  toast(error.message, "error");
}

function take(state) {
  store.state = state;
  setClock(state.now);
}

// ---- who and where ------------------------------------------------------------------

/** Plays another person from now on, in the same place when they can see it. */
export async function become(id, wanted = null) {
  const mine = (epoch += 1);
  const wasWithBot = store.place?.channel && store.place.channel === botDm()?.id;
  try {
    const state = await get("state", id ? { as: id } : {});
    if (mine !== epoch) return;
    if (state.ok === false) throw new ApiError(state.error);
    stream?.close();
    store.me = state.me ?? id;
    take(state);
    store.messages.clear();
    // What was still to be fetched is of the one before, whose conversations this one cannot see.
    due = { state: false, channels: new Set() };
    memory.set("person", store.me);
    store.place = reachable(wanted ?? (wasWithBot ? { channel: botDm()?.id } : store.place));
    store.divider = null;
    writeAddress();
    listen();
    await enter();
  } catch (error) {
    complain(error);
  }
}

/** The wished place if this person can go there, otherwise their first channel. */
function reachable(place) {
  if (place?.home) return place;
  const wanted = place?.channel && channel(place.channel);
  if (wanted && wanted.member !== false) return { channel: wanted.id };
  const first = store.state.channels.find((c) => c.member !== false && c.kind !== "dm");
  return first ? { channel: first.id } : { home: true };
}

/** Opens a channel, a conversation or the app's home. */
export async function goTo(place) {
  if (samePlace(place, store.place)) return;
  store.place = place;
  store.divider = null;
  writeAddress();
  await enter();
}

/** Opens the conversation with the app, which begins when somebody opens the app at all. */
export async function goToBot() {
  if (!botDm()) {
    await post("open_home", { as: store.me }).catch(complain);
    await refresh({ state: true });
  }
  const dm = botDm();
  await goTo(dm ? { channel: dm.id } : { home: true });
}

async function enter() {
  const { home } = store.place;
  changed();
  if (home) {
    await post("open_home", { as: store.me }).catch(complain);
    await refresh({ state: true });
  } else await refresh({ channel: store.place.channel });
}

const placeName = (place) => (place.home ? "home" : place.channel);

function writeAddress() {
  const query = new URLSearchParams({ as: store.me, at: placeName(store.place) });
  if (location.search !== `?${query}`) history.pushState(null, "", `?${query}`);
}

/** What the address names: a person and a place, both optional. */
export function readAddress() {
  const query = new URLSearchParams(location.search);
  const at = query.get("at");
  return { as: query.get("as"), place: at === "home" ? { home: true } : at ? { channel: at } : null };
}

addEventListener("popstate", () => {
  const { as, place } = readAddress();
  if (as && as !== store.me) become(as, place);
  else if (place) goTo(reachable(place));
});

// ---- events and refreshing ----------------------------------------------------------

function listen() {
  const mine = epoch;
  let first = true;
  stream = new EventStream(store.me, {
    onOpen: () => {
      connected = true;
      if (!first) refresh({ state: true, channel: store.place.channel });
      first = false;
      changed();
    },
    onLost: () => {
      connected = false;
      changed();
    },
    onEvent: (change) => {
      if (mine !== epoch) return;
      const here = change.kind === "messages" && change.channel === store.place.channel;
      if (change.kind === "messages" && !here) store.messages.delete(change.channel);
      refresh({ state: true, channel: here ? change.channel : null });
    },
  });
}

let due = { state: false, channels: new Set() };
let running = null;

/** Fetches what is asked for; requests that arrive meanwhile are merged into one more round. */
export function refresh({ state = false, channel: id = null }) {
  due.state ||= state;
  if (id) due.channels.add(id);
  running ??= rounds().finally(() => (running = null));
  return running;
}

async function rounds() {
  while (due.state || due.channels.size) {
    const asked = due;
    due = { state: false, channels: new Set() };
    const mine = epoch;
    const as = store.me;
    try {
      const [state, ...lists] = await Promise.all([
        asked.state ? get("state", { as }) : null,
        ...[...asked.channels].map((c) => get("messages", { as, channel: c })),
      ]);
      // Asked while somebody else was about to take over: what the one saw is not for the other.
      if (mine !== epoch || as !== store.me) continue;
      if (state) take(state);
      for (const list of lists) if (list.messages) store.messages.set(list.channel, list.messages);
      markNew();
      changed();
    } catch (error) {
      if (connected) complain(error);
      return;
    }
  }
}

/** Where the line "New" goes: before the unread messages, for as long as we stay here. */
function markNew() {
  const here = channel(store.place?.channel);
  const list = store.messages.get(here?.id);
  if (!here || !list) return;
  if (here.unread > 0 && !store.divider) {
    const others = list.filter((m) => m.user !== store.me && !m.ephemeral);
    store.divider = others.at(-here.unread)?.ts ?? null;
  }
  markRead();
}

/** Tells the server that the open channel was seen, if anybody is looking. */
export function markRead() {
  const here = channel(store.place?.channel);
  if (!here || !here.unread || document.visibilityState !== "visible") return;
  here.unread = 0;
  here.mentions = 0;
  post("read", { as: store.me, channel: here.id }).catch(() => {});
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "visible" || !store.state) return;
  markRead();
  changed();
});

// ---- what people do -----------------------------------------------------------------

/** Says something in the open channel; a text that starts with `/` is a command. */
export async function say(text) {
  const { me, place } = store;
  let failure = null;
  try {
    const answer = await post("say", { as: me, channel: place.channel, text });
    if (!answer.ok) failure = answer.error ?? "The workspace did not take the message.";
  } catch (error) {
    failure = error.message;
  }
  if (!failure) deed("say", text);
  await refresh({ state: true, channel: place.channel });
  // Usually the workspace itself has told the person already, in an ephemeral message.
  const told = store.messages.get(place.channel)?.slice(-5).some((m) => m.ephemeral && m.text === failure);
  if (failure && !told) notice(me, place.channel, failure);
  refreshOthersSoon();
  return !failure;
}

function notice(me, id, text) {
  const key = `${me} ${id}`;
  const time = workspaceNow().toISOString();
  store.notices.set(key, [...(store.notices.get(key) ?? []), { id: `notice-${performance.now()}`, time, text }]);
  changed();
}

/** Sends a press or a choice to the app. `container` as in the page's contract. */
export async function act(container, block, element, value) {
  try {
    const answer = await post("action", {
      as: store.me, container, block_id: block.block_id, action_id: element.action_id, value,
    });
    if (answer.ok === false) toast(answer.error ?? "The app did not answer.", "error");
    else deed("act", element.action_id);
  } catch (error) {
    complain(error);
  }
  refreshOthersSoon();
}

/** Moves the workspace's clock: `{advance_seconds}` or `{to:"next_deadline"}`. */
export async function moveClock(body) {
  try {
    const answer = await post("clock", body);
    if (answer.ok === false) throw new ApiError(answer.error ?? "The clock did not move.");
    setClock(answer.now);
    await refresh({ state: true, channel: store.place.channel });
    refreshOthersSoon();
    deed("clock");
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

/** Makes somebody a member, a guest or deactivated; whether the workspace did. */
export async function setKind(user, kind) {
  try {
    const answer = await post("person", { user, kind });
    if (answer.ok === false) throw new ApiError(answer.error ?? "The workspace did not change it.");
  } catch (error) {
    complain(error);
    return false;
  }
  await refresh({ state: true, channel: store.place.channel });
  refreshOthersSoon();
  return true;
}

// ---- unread marks of the other people -----------------------------------------------

let othersTimer = null;

/** Counts anew what waits for the others; soon after a change, and not more often. */
export function refreshOthersSoon(delay = 700) {
  othersTimer ??= setTimeout(async () => {
    othersTimer = null;
    await refreshOthers();
  }, delay);
}

async function refreshOthers() {
  const others = store.state?.people.filter((p) => p.can_sign_in && p.id !== store.me) ?? [];
  const counts = await Promise.all(others.map(async (p) => {
    if (typeof p.unread === "number") return [p.id, p.unread];
    const state = await get("state", { as: p.id }).catch(() => null);
    return [p.id, state?.channels ? waiting(state.channels) : 0];
  }));
  store.waiting = new Map(counts);
  changed();
}

/** What calls for a person's attention: unread direct messages and mentions. */
export const waiting = (channels) =>
  channels.reduce((sum, c) => sum + (c.kind === "dm" ? c.unread : c.mentions), 0);

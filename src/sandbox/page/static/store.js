// What the page knows: the last answer of the server, who we play, and where we are.

export const store = {
  /** The person whom this browser plays. */
  me: null,
  /** The last `GET /_page/state`. */
  state: null,
  /** Where we are: `{ channel: "C…" }` or `{ home: true }`. */
  place: null,
  /** Messages of the channels seen so far, by channel id. */
  messages: new Map(),
  /** Notices that only this page knows (a command that failed), by `person channel`. */
  notices: new Map(),
};

let base = { server: Date.now(), local: performance.now() };

/** Takes the server's clock over. */
export function setClock(rfc3339) {
  const server = Date.parse(rfc3339);
  if (!Number.isNaN(server)) base = { server, local: performance.now() };
}

/** The workspace's time now, as a `Date`. */
export const workspaceNow = () => new Date(base.server + performance.now() - base.local);

export const person = (id) => store.state?.people.find((p) => p.id === id) ?? null;
export const channel = (id) => store.state?.channels.find((c) => c.id === id) ?? null;
export const bot = () => store.state?.bot ?? null;

/** The direct conversation with the app, once there is one. */
export const botDm = () =>
  store.state?.channels.find((c) => c.kind === "dm" && c.with === store.state.bot.user_id) ?? null;

/** `Dana Developer`: how messages and mentions name people; the bot and strangers included. */
export function nameOf(id) {
  if (id && id === bot()?.user_id) return bot().name;
  const who = person(id);
  return who ? who.real_name || who.name : id;
}

/** `Dana`: how the page itself speaks of people. */
export const firstName = (id) => String(nameOf(id)).split(/\s+/)[0];

/** `#support`, or the other person's name for a direct conversation. */
export function channelTitle(c) {
  if (!c) return "";
  return c.kind === "dm" ? nameOf(c.with) : `#${c.name}`;
}

/** Whether two `place` values name the same view. */
export const samePlace = (a, b) => Boolean(a && b) && a.channel === b.channel && Boolean(a.home) === Boolean(b.home);

// What the message box suggests while somebody types.

import { bot, store } from "./store.js";

const AGENT = [
  ["register", "[name]", "Give an agent an identity, an owner and a tier"],
  ["request", "<agent> <resource>:<action> for <time> because <why>", "Ask for access, for a time"],
  ["list", "", "All agents"],
  ["show", "<agent>", "One agent: who, what, tier, grants, history"],
  ["discoveries", "", "Bots, accounts and keys that were found, and whose they are"],
  ["grants", "[agent]", "Live grants with the time left; without a name, yours"],
  ["extend", "<grant> by <time> because <why>", "Ask for more time, before the end"],
  ["release", "<grant>", "Hand a grant back early"],
  ["revoke", "<grant> because <why>", "End a grant at once"],
  ["certify", "[agent]", "Say that your agent is still needed; without a name, all that wait"],
  ["certifications", "", "All reviews: who is done, who is late; for security"],
  ["edit", "<agent>", "Say what an agent is by now; people decide"],
  ["tier", "<agent> <1-3> because <why>", "Ask for another tier"],
  ["stop", "<agent> because <why>", "End everything an agent has, at once"],
  ["break-glass", "<agent> <resource>:<action> for <time> because <why>", "Open it at once, if you are entitled; people review it afterwards"],
  ["incident", "<agent> because <why>", "Stop it, call those on call, and gather what is known"],
  ["incidents", "", "The incidents that are open"],
  ["reinstate", "<agent> because <why>", "Ask that a stopped agent may go on"],
  ["transfer", "<agent> to <person> because <why>", "Hand an agent over; the new owner accepts"],
  ["take", "<agent>", "For leads and security: answer for an agent whose owner left"],
  ["retire", "<agent>", "End an agent for good; its record stays"],
  ["cancel", "<request>", "Take your own request back"],
  ["appeal", "<request> because <why>", "Ask others whether a no stands, once, with what is new"],
  ["delegate", "<person> until <when>", "Let a colleague answer in your place for a time"],
  ["key", "<agent>", "What an agent proves itself by; add \u2026 asks for another"],
  ["roles", "", "Who may approve: each role, its holders and how fresh that is"],
  ["why", "<evaluation>", "Why a call was refused, and what helps"],
  ["insights", "", "How long people wait, and what became of what was asked"],
  ["login", "<code>", "Log in from a terminal, with the code that it shows"],
  ["quiz", "", "Is this an agent? A few plain questions, and the answer"],
  ["help", "", "All that can be typed"],
];

/**
 * Suggestions for `text` with the caret at `at`: `{ items, eager }`, where an item is
 * `{ label, hint, about, text, at, testid }` (what the box holds after choosing it). `eager`
 * says that Enter chooses, because what was typed so far would not be sent anyway.
 */
export function suggest(text, at) {
  return commands(text, at) ?? subcommands(text, at) ?? mentions(text, at) ?? { items: [], eager: false };
}

function commands(text, at) {
  if (!/^\/\S*$/.test(text) || at !== text.length) return null;
  const known = bot()?.command_names ?? [];
  const items = known.filter((name) => name.startsWith(text)).map((name) => ({
    label: name,
    hint: name === "/agent" ? "[register | request | list | show | grants | …]" : "",
    about: `${bot().name}: ${name === "/agent" ? "agents, their access, and what waits for you" : "a command"}`,
    text: `${name} `, at: name.length + 1, testid: `suggest-${name.slice(1)}`,
  }));
  return { items, eager: !known.includes(text) };
}

function subcommands(text, at) {
  const match = /^\/agent\s+(\S*)(\s.*)?$/s.exec(text);
  if (!match || !bot()?.command_names?.includes("/agent")) return null;
  const [, word, rest] = match;
  if (rest !== undefined) {
    // Past the subcommand: remind of what follows, unless a person is being named.
    const named = mentions(text, at);
    if (named) return named;
    const found = AGENT.find(([name]) => name === word);
    return found && found[1] ? { items: [{ label: `/agent ${found[0]}`, hint: found[1], about: found[2], passive: true }], eager: false } : { items: [], eager: false };
  }
  const items = AGENT.filter(([name]) => name.startsWith(word)).map(([name, hint, about]) => ({
    label: `/agent ${name}`, hint, about, text: `/agent ${name}${hint ? " " : ""}`,
    at: `/agent ${name}${hint ? " " : ""}`.length, testid: `suggest-${name}`,
  }));
  return { items, eager: false };
}

function mentions(text, at) {
  const match = /(?:^|\s)([@#])([\p{L}\p{N}_.-]*)$/u.exec(text.slice(0, at));
  if (!match) return null;
  const [, mark, typed] = match;
  const start = at - typed.length - 1;
  const wanted = typed.toLowerCase();
  // The workspace turns `@name` and `#channel` into references when the text is sent.
  const item = (label, about) => ({
    label, about, hint: "", testid: `suggest-${label}`,
    text: `${text.slice(0, start)}${label} ${text.slice(at)}`, at: start + label.length + 1,
  });
  const items = mark === "@"
    ? store.state.people
        .filter((p) => p.can_sign_in && `${p.name} ${p.real_name}`.toLowerCase().includes(wanted))
        .map((p) => item(`@${p.name}`, [p.real_name, p.title].filter(Boolean).join(" · ")))
    : store.state.channels
        .filter((c) => c.kind !== "dm" && c.name.includes(wanted))
        .map((c) => item(`#${c.name}`, c.topic ?? ""));
  const whole = items.some((found) => found.label === `${mark}${typed}`);
  return items.length ? { items: items.slice(0, 8), eager: !whole } : null;
}

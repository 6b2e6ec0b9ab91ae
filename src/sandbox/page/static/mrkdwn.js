// Slack's mrkdwn, turned into nodes. What does not parse stays visible as it was typed, so
// a text that tries to look like something else is seen for what it is.

import { h, safeUrl } from "./dom.js";
import { timeNode } from "./dates.js";
import { emojiOf, withEmoji } from "./emoji.js";
import { bot, channel, nameOf, person, store } from "./store.js";

const WORD = /[\p{L}\p{N}_]/u;
const STYLES = { "*": "strong", _: "em", "~": "s" };
const MARKER = /^(\s*)([•◦▪‣⁃-]|\d{1,3}[.)])\s+(.*)$/;

/** Undoes Slack's three escapes, and no others. */
export const decode = (text) =>
  text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);

/** A `plain_text` object or string: emoji, but no markup. */
export const plain = (text, emoji = true) => (emoji ? withEmoji(decode(text)) : decode(text));

/** Renders any text object (`mrkdwn` or `plain_text`). */
export function textObject(object) {
  if (!object) return [];
  if (typeof object === "string") return [plain(object)];
  if (object.type === "mrkdwn") return mrkdwn(object.text ?? "", { verbatim: object.verbatim });
  return lines(plain(object.text ?? "", object.emoji !== false));
}

/** The words of a text object, for labels and titles. */
export function words(object) {
  const holder = h("span", {}, textObject(object));
  return holder.textContent;
}

const lines = (text) => text.split("\n").flatMap((line, i) => (i ? [h("br"), line] : [line]));

/** Renders mrkdwn into a list of nodes; `verbatim` switches automatic links off. */
export function mrkdwn(text, options = {}) {
  const nodes = [];
  text.split(/```/).forEach((part, i, parts) => {
    // An odd part lies between two fences; a fence without an end is just three backticks.
    const fenced = i % 2 === 1 && i < parts.length - 1;
    if (fenced) {
      const body = part.replace(/^\n/, "").replace(/\n$/, "");
      nodes.push(h("pre", {}, h("code", {}, inCode(body))));
    } else {
      const literal = i % 2 === 1 ? `\`\`\`${part}` : part;
      const trimmed = i > 0 && i % 2 === 0 ? literal.replace(/^\n/, "") : literal;
      if (trimmed) nodes.push(...paragraphs(trimmed, options));
    }
  });
  return nodes;
}

function paragraphs(text, options) {
  const nodes = [];
  let quote = null;
  let fresh = true; // Nothing stands on this line yet, so no line break is due.
  for (const line of text.split("\n")) {
    const quoted = /^(?:&gt;|>)(?!&gt;|>) ?(.*)$/.exec(line) ?? /^(?:&gt;){3} ?(.*)$/.exec(line);
    if (quoted) {
      if (!quote) {
        quote = h("blockquote");
        nodes.push(quote);
      } else quote.append(h("br"));
      quote.append(...inline(quoted[1], options));
      fresh = true;
      continue;
    }
    quote = null;
    const item = MARKER.exec(line);
    if (item) {
      const depth = Math.min(4, Math.floor(item[1].length / 2));
      nodes.push(h("span", { class: `listline depth-${depth}` },
        h("span", { class: "marker" }, item[2]),
        h("span", {}, inline(item[3], options))));
      fresh = true;
      continue;
    }
    if (!fresh) nodes.push(h("br"));
    nodes.push(...inline(line, options));
    fresh = false;
  }
  return nodes;
}

/** One line: styles, references, code, emoji and links. */
function inline(text, options, within = "") {
  const nodes = [];
  const dead = new Set(); // Marks that have no end further on: looked for once, not per mark.
  let run = "";
  const flush = () => {
    if (run) nodes.push(decode(run));
    run = "";
  };
  const put = (node, length) => {
    flush();
    nodes.push(node);
    return length;
  };
  let i = 0;
  while (i < text.length) {
    const c = text[i];
    const before = i ? text[i - 1] : "";
    let used = 0;
    if (c === "<") {
      const end = text.indexOf(">", i);
      const node = end > i + 1 ? reference(text.slice(i + 1, end)) : null;
      if (node) used = put(node, end - i + 1);
    } else if (c === "`") {
      const end = text.indexOf("`", i + 1);
      if (end > i + 1) used = put(h("code", {}, inCode(text.slice(i + 1, end))), end - i + 1);
    } else if (c === ":" ) {
      const match = /^:([a-z0-9_+-]{1,40}):(?::skin-tone-[2-6]:)?/i.exec(text.slice(i, i + 60));
      const glyph = match && emojiOf(match[1]);
      if (glyph) used = put(h("span", { class: "emoji", title: `:${match[1]}:` }, glyph), match[0].length);
    } else if (STYLES[c] && !within.includes(c) && !dead.has(c) && !WORD.test(before)) {
      const end = closing(text, i, c);
      if (end > 0) used = put(h(STYLES[c], {}, inline(text.slice(i + 1, end), options, within + c)), end - i + 1);
      else dead.add(c);
    } else if (c === "h" && !options.verbatim && !WORD.test(before)) {
      const match = /^https?:\/\/[^\s<>|`]+/i.exec(text.slice(i, i + 3000));
      const url = match?.[0].replace(/[.,;:!?)\]'"*_~]+$/, "");
      if (url && url.length > 8) used = put(link(url, decode(url)), url.length);
    }
    if (used) i += used;
    else {
      run += c;
      i += 1;
    }
  }
  flush();
  return nodes;
}

/** Where the style opened at `start` ends, or 0: it hugs its text and no word follows it. */
function closing(text, start, mark) {
  const next = text[start + 1];
  if (!next || next === mark || /\s/.test(next)) return 0;
  for (let j = start + 1; j < text.length; j += 1) {
    if (text[j] === "`" || text[j] === "<") {
      const end = text.indexOf(text[j] === "`" ? "`" : ">", j + 1);
      if (end > 0) j = end;
      continue;
    }
    if (text[j] !== mark || j === start + 1 || /\s/.test(text[j - 1])) continue;
    const after = text[j + 1];
    if (!after || !WORD.test(after)) return j;
  }
  return 0;
}

/** Inside code only references are read; styles are not. */
function inCode(text) {
  return text.split(/(<[^<>\n]+>)/).map((part, i) => (i % 2 ? reference(part.slice(1, -1)) ?? decode(part) : decode(part)));
}

const link = (url, label) => {
  const href = safeUrl(decode(url));
  return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, label) : null;
};

/** What stands between `<` and `>`; `null` when it is not a reference at all. */
function reference(body) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? null : decode(body.slice(bar + 1));
  if (target.startsWith("@")) return mention(target.slice(1), label);
  if (target.startsWith("#")) return channelLink(target.slice(1), label);
  if (target.startsWith("!date^")) return date(target.slice(6), label, body);
  if (target.startsWith("!subteam^")) return group(target.slice(9), label);
  if (/^!(here|channel|everyone)$/.test(target)) {
    return h("span", { class: "mention mention-me" }, `@${target.slice(1)}`);
  }
  if (target.startsWith("!")) return h("span", { class: "mention" }, label ?? target);
  return link(target, label ?? decode(target).replace(/^mailto:/, ""));
}

/** `@Dana`; one that names the reader stands out. */
export function mention(id, label) {
  const known = person(id) || id === bot()?.user_id;
  const name = known ? nameOf(id) : (label ?? id).replace(/^@/, "");
  return h("span", {
    class: id === store.me ? "mention mention-me" : "mention",
    title: person(id)?.title,
  }, `@${name}`);
}

/** `#support`, which opens the channel when the reader is in it. */
export function channelLink(id, label) {
  const known = channel(id);
  const name = `#${known?.name ?? label ?? id}`;
  if (!known || known.kind === "dm") return h("span", { class: "mention" }, name);
  return h("button", { class: "mention mention-link", type: "button", data: { goto: id } }, name);
}

/** `@security`, a user group. */
export function group(id, label) {
  const known = store.state?.usergroups?.find((g) => g.id === id);
  const handle = (known?.handle ?? label ?? id).replace(/^@/, "");
  return h("span", { class: "mention" }, `@${handle}`);
}

function date(spec, fallback, body) {
  // `unix^format` or `unix^format^link`; the fallback follows the bar.
  const [unix, format, url] = spec.split("^");
  if (!/^-?\d{1,12}$/.test(unix) || !format) return fallback ? document.createTextNode(fallback) : null;
  return timeNode(Number(unix), decode(format), fallback ?? decode(body), url ? safeUrl(decode(url)) : null);
}

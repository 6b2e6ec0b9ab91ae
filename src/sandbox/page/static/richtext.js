// Blocks of formatted text: `rich_text` (Slack's own structure), `markdown` (plain
// CommonMark, the parts that apps use) and `table`.

import { h, safeUrl } from "./dom.js";
import { timeNode } from "./dates.js";
import { emojiFromUnicode, emojiOf } from "./emoji.js";
import { channelLink, decode, group, mention, textObject } from "./mrkdwn.js";

/** The `rich_text` block. */
export function richText(block) {
  return h("div", { class: "rich" }, (block.elements ?? []).map(richPart));
}

function richPart(part) {
  const content = () => (part.elements ?? []).map(richElement);
  switch (part.type) {
    case "rich_text_section": return h("div", { class: "rich-section" }, content());
    case "rich_text_quote": return h("blockquote", {}, content());
    case "rich_text_preformatted": return h("pre", {}, h("code", {}, content()));
    case "rich_text_list": {
      const ordered = part.style === "ordered";
      return h(ordered ? "ol" : "ul", {
        class: `depth-${Math.min(4, part.indent ?? 0)}`,
        start: ordered && part.offset ? part.offset + 1 : null,
      }, (part.elements ?? []).map((item) => h("li", {}, (item.elements ?? []).map(richElement))));
    }
    default: return h("div", { class: "unknown" }, `A part of kind “${part.type}” is not shown here.`);
  }
}

function richElement(element) {
  let node = bare(element);
  const style = element.style ?? {};
  for (const [name, tag] of [["code", "code"], ["strike", "s"], ["italic", "em"], ["bold", "strong"], ["underline", "u"]]) {
    if (style[name]) node = h(tag, {}, node);
  }
  return node;
}

function bare(element) {
  switch (element.type) {
    case "text": return h("span", { class: "pre" }, element.text);
    case "link": {
      const href = safeUrl(element.url);
      const label = element.text || element.url;
      return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, label) : label;
    }
    case "user": return mention(element.user_id);
    case "channel": return channelLink(element.channel_id);
    case "usergroup": return group(element.usergroup_id);
    case "broadcast": return h("span", { class: "mention mention-me" }, `@${element.range}`);
    case "emoji": return (element.unicode && emojiFromUnicode(element.unicode)) || emojiOf(element.name) || `:${element.name}:`;
    case "date": return timeNode(element.timestamp, element.format ?? "{date} at {time}", element.fallback ?? String(element.timestamp), safeUrl(element.url));
    case "color": return h("code", {}, element.value);
    default: return "";
  }
}

/** The `markdown` block. */
export function markdown(text) {
  const out = h("div", { class: "rich" });
  const rows = text.split("\n");
  let i = 0;
  while (i < rows.length) {
    const row = rows[i];
    const fence = /^\s*(```+|~~~+)/.exec(row);
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(row);
    if (fence) {
      const body = [];
      for (i += 1; i < rows.length && !rows[i].trim().startsWith(fence[1]); i += 1) body.push(rows[i]);
      i += 1;
      out.append(h("pre", {}, h("code", {}, body.join("\n"))));
    } else if (heading) {
      out.append(h("p", { class: `md-heading md-h${heading[1].length}` }, spans(heading[2])));
      i += 1;
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(row)) {
      out.append(h("hr"));
      i += 1;
    } else if (/^\s*>/.test(row)) {
      const body = [];
      for (; i < rows.length && /^\s*>/.test(rows[i]); i += 1) body.push(rows[i].replace(/^\s*> ?/, ""));
      out.append(h("blockquote", {}, broken(body)));
    } else if (/^\s*([-*+]|\d+[.)])\s+/.test(row)) {
      i = list(rows, i, out);
    } else if (/^\s*\|.*\|\s*$/.test(row) && /^\s*\|[\s:|-]+\|\s*$/.test(rows[i + 1] ?? "")) {
      const body = [];
      for (; i < rows.length && /^\s*\|/.test(rows[i]); i += 1) body.push(rows[i]);
      out.append(pipeTable(body));
    } else if (row.trim() === "") {
      i += 1;
    } else {
      const body = [];
      for (; i < rows.length && rows[i].trim() && !/^\s*(#{1,6}\s|>|```|[-*+]\s|\d+[.)]\s)/.test(rows[i]); i += 1) body.push(rows[i]);
      if (!body.length) body.push(rows[(i += 1) - 1]);
      out.append(h("p", {}, broken(body)));
    }
  }
  return out;
}

const broken = (rows) => rows.flatMap((row, i) => (i ? [h("br"), ...spans(row)] : spans(row)));

function list(rows, start, out) {
  let i = start;
  const ordered = /^\s*\d/.test(rows[i]);
  const holder = h(ordered ? "ol" : "ul");
  for (; i < rows.length; i += 1) {
    const item = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/.exec(rows[i]);
    if (!item || /^\d/.test(item[2]) !== ordered) break;
    const task = /^\[([ xX])\]\s+(.*)$/.exec(item[3]);
    const depth = Math.min(4, Math.floor(item[1].length / 2));
    holder.append(h("li", { class: `depth-${depth}` },
      task ? [task[1] === " " ? "☐ " : "☑ ", ...spans(task[2])] : spans(item[3])));
  }
  out.append(holder);
  return i;
}

const cells = (row) => row.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());

function pipeTable([head, , ...body]) {
  return tableNode([cells(head), ...body.map(cells)].map((row) => row.map((cell) => spans(cell))), true);
}

/** Emphasis, code, links and emoji of one line. */
function spans(text) {
  const pattern = /(`+)(.+?)\1|\[([^\]]+)\]\(([^)\s]+)\)|\*\*(.+?)\*\*|__(.+?)__|~~(.+?)~~|\*([^*\s][^*]*)\*|(?<![\p{L}\p{N}])_([^_\s][^_]*)_(?![\p{L}\p{N}])|:([a-z0-9_+-]+):|(https?:\/\/[^\s<>)]+)/gu;
  const nodes = [];
  let last = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > last) nodes.push(decode(text.slice(last, match.index)));
    last = match.index + match[0].length;
    const [whole, , code, label, url, bold, bold2, strike, italic, italic2, emoji, bareUrl] = match;
    const href = safeUrl(url ?? bareUrl);
    if (code) nodes.push(h("code", {}, code));
    else if (label || bareUrl) nodes.push(href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, label ?? bareUrl) : whole);
    else if (bold ?? bold2) nodes.push(h("strong", {}, spans(bold ?? bold2)));
    else if (strike) nodes.push(h("s", {}, spans(strike)));
    else if (italic ?? italic2) nodes.push(h("em", {}, spans(italic ?? italic2)));
    else nodes.push(emojiOf(emoji) ?? whole);
  }
  if (last < text.length) nodes.push(decode(text.slice(last)));
  return nodes;
}

/** The `table` block: rows of `raw_text` or `rich_text` cells, the first row as heading. */
export function table(block) {
  const settings = block.column_settings ?? [];
  const rows = (block.rows ?? []).map((row) => row.map((cell) =>
    cell.type === "rich_text" ? richText(cell) : textObject(cell.text)));
  return tableNode(rows, true, settings);
}

function tableNode(rows, headed, settings = []) {
  const line = (row, tag) => h("tr", {}, row.map((cell, i) =>
    h(tag, { class: settings[i]?.align ? `align-${settings[i].align}` : null, scope: tag === "th" ? "col" : null }, cell)));
  const [head, ...body] = rows;
  return h("div", { class: "table-scroll", tabindex: "0", role: "group", "aria-label": "Table" },
    h("table", {},
      headed && head ? h("thead", {}, line(head, "th")) : null,
      h("tbody", {}, body.map((row) => line(row, "td")))));
}

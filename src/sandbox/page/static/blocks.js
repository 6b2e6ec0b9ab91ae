// Block Kit blocks, as nodes. See elements.js for what can be pressed and filled in.

import { h, reconcile, safeUrl, uid } from "./dom.js";
import { element, image, unknown } from "./elements.js";
import { markdown, richText, table } from "./richtext.js";
import { mrkdwn, textObject, words } from "./mrkdwn.js";
import { initialValue } from "./values.js";

/** A context for things that can only be looked at. */
export const inert = { value: (_, el) => initialValue(el), act: async () => {} };

// What a field held at first is no news later: the person's value is kept, and so is the node, with
// its focus and its place.
const settled = (key, value) => (key.startsWith("initial_") ? undefined : value);

/**
 * Shows `blocks` inside `parent`, keeping what did not change since the last time. `errors`
 * maps block ids to words for the person; `salt` forces a redraw when it changes.
 */
export function showBlocks(parent, blocks, ctx, { errors = {}, salt = "" } = {}) {
  const seen = new Map();
  const items = blocks.map((block, i) => {
    const error = Object.hasOwn(errors, block.block_id) ? errors[block.block_id] : null;
    let key = block.block_id ? `id-${block.block_id}` : `at-${i}`;
    if (seen.has(key)) key += `-${i}`;
    seen.set(key, true);
    return { key, sig: `${salt}${error ?? ""}${JSON.stringify(block, settled)}`, build: () => renderBlock(block, ctx, error) };
  });
  return reconcile(parent, items);
}

/** One block. A block that cannot be drawn says so and leaves the others alone. */
export function renderBlock(block, ctx, error = null) {
  let node;
  try {
    node = draw(block, ctx, error);
  } catch (fault) {
    console.error("block", block, fault);
    node = h("p", { class: "unknown" }, `This ${block?.type ?? "block"} could not be shown.`);
  }
  node.classList.add("block", `block-${block.type}`);
  if (block.block_id) node.dataset.block = block.block_id;
  return node;
}

function draw(block, ctx, error) {
  switch (block.type) {
    case "section": return section(block, ctx);
    case "header": return h(`h${Math.min(6, 1 + (block.level ?? 1))}`, {}, textObject(block.text));
    case "divider": return h("hr");
    case "context": return context(block);
    case "actions":
    case "context_actions":
      return h("div", {}, (block.elements ?? []).map((el) => element(el, block, ctx)));
    case "image": return figure(block);
    case "input": return input(block, ctx, error);
    case "rich_text": return richText(block);
    case "markdown": return markdown(block.text ?? "");
    case "table": return table(block);
    case "data_table": return table(block);
    case "alert":
      return h("div", { class: `alert alert-${block.level ?? block.style ?? "info"}`, role: "note" }, textObject(block.text));
    case "card": return card(block, ctx);
    case "carousel": return h("div", {}, (block.elements ?? block.cards ?? []).map((c) => renderBlock({ type: "card", ...c }, ctx)));
    case "container": return container(block, ctx);
    case "plan": return plan(block);
    case "task_card": return task(block);
    case "video": return video(block);
    case "file": return h("p", { class: "unknown" }, `File ${block.external_id ?? ""}`);
    default: return unknown(block.type);
  }
}

function section(block, ctx) {
  const side = block.accessory ? h("div", { class: "accessory" }, element(block.accessory, block, ctx)) : null;
  return h("div", {},
    h("div", { class: "section-main" },
      block.text ? h("div", { class: "text" }, textObject(block.text)) : null,
      block.fields?.length
        ? h("div", { class: "fields" }, block.fields.map((f) => h("div", { class: "text" }, textObject(f))))
        : null),
    side);
}

function context(block) {
  return h("div", {}, (block.elements ?? []).map((el) =>
    el.type === "image" ? image(el, "element-image") : h("span", { class: "text" }, textObject(el))));
}

function figure(block) {
  const title = block.title ? h("figcaption", {}, textObject(block.title)) : null;
  return h("figure", {}, title, image({ ...block, image_url: block.image_url ?? block.slack_file?.url }, "block-image-picture"));
}

function input(block, ctx, error) {
  const label = uid("label");
  const hint = block.hint ? uid("hint") : null;
  const fault = error ? uid("error") : null;
  const id = uid("field");
  const control = element(block.element, block, ctx, {
    id, label,
    describedby: [fault, hint].filter(Boolean).join(" ") || null,
    invalid: Boolean(error),
    required: !block.optional,
    dispatch: block.dispatch_action === true,
  });
  return h("div", { class: error ? "invalid" : null },
    h("label", { id: label, class: "label", for: id }, textObject(block.label),
      block.optional ? h("span", { class: "optional" }, " (optional)") : null),
    control,
    error ? h("p", { id: fault, class: "error", testid: `error-${block.block_id}` }, error) : null,
    hint ? h("p", { id: hint, class: "hint" }, textObject(block.hint)) : null);
}

function card(block, ctx) {
  return h("div", { class: "card" },
    block.hero_image ? image(block.hero_image, "block-image-picture") : null,
    block.title ? h("p", { class: "card-title" }, textObject(block.title)) : null,
    block.subtitle ? h("p", { class: "hint" }, textObject(block.subtitle)) : null,
    block.body ? h("div", { class: "text" }, textObject(block.body)) : null,
    block.actions?.length ? h("div", { class: "block-actions" }, block.actions.map((el) => element(el, block, ctx))) : null);
}

function container(block, ctx) {
  const children = block.blocks ?? block.children ?? block.elements ?? [];
  const body = children.map((child) => renderBlock(child, ctx));
  if (!block.title) return h("div", { class: "card" }, body);
  return h("details", { class: "card", open: block.is_collapsed !== true }, h("summary", {}, words(block.title)), body);
}

const TASK_MARKS = { pending: "○", in_progress: "◐", complete: "✓", error: "✗" };

function task(block) {
  return h("div", { class: "task" },
    h("span", { class: "marker" }, TASK_MARKS[block.status] ?? "○"), h("span", {}, words(block.title)),
    [block.details, block.output].filter(Boolean).map((part) => (part.type === "rich_text" ? richText(part) : h("div", {}, textObject(part)))));
}

function plan(block) {
  return h("div", { class: "card" }, h("p", { class: "card-title" }, words(block.title)), (block.tasks ?? []).map(task));
}

function video(block) {
  const href = safeUrl(block.title_url ?? block.video_url);
  const title = words(block.title) || "Video";
  return h("div", { class: "card" },
    h("p", { class: "card-title" }, href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, title) : title),
    block.description ? h("p", { class: "hint" }, textObject(block.description)) : null);
}

/** A legacy attachment: a coloured bar beside text, fields or blocks. */
export function attachment(att, ctx) {
  const colour = /^#?[0-9a-f]{6}$/i.test(att.color ?? "") ? `#${att.color.replace("#", "")}` : null;
  const named = { good: "var(--good)", warning: "var(--warn)", danger: "var(--bad)" }[att.color];
  const href = safeUrl(att.title_link);
  return h("div", { class: "attachment", vars: colour || named ? { "--bar": named ?? colour } : {} },
    att.pretext ? h("div", { class: "text" }, mrkdwn(att.pretext)) : null,
    att.author_name ? h("p", { class: "hint" }, att.author_name) : null,
    att.title ? h("p", { class: "card-title" }, href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, att.title) : att.title) : null,
    att.blocks ? att.blocks.map((b) => renderBlock(b, ctx)) : att.text ? h("div", { class: "text" }, mrkdwn(att.text)) : null,
    att.fields?.length
      ? h("div", { class: "fields" }, att.fields.map((f) => h("div", { class: "text" }, h("strong", {}, f.title), h("br"), mrkdwn(String(f.value ?? "")))))
      : null,
    !att.blocks && !att.text && att.fallback ? h("div", { class: "text" }, att.fallback) : null,
    att.footer ? h("p", { class: "hint" }, att.footer) : null);
}

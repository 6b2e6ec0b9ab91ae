// The interactive elements of Block Kit: buttons, menus, and (from fields.js) inputs.
//
// A context `ctx` connects an element with the place it stands in:
//   value(block, element)           its value now
//   record(block, element, value)   remembers it (views keep state; messages do not)
//   act(block, element, value)      sends it to the app; resolves when the app has answered

import { h, icon, safeUrl } from "./dom.js";
import { field } from "./fields.js";
import { textObject, words } from "./mrkdwn.js";
import { confirmDialog, showMenu } from "./overlay.js";

const testid = (element) => (element.action_id ? `action-${element.action_id}` : null);

/** Renders any element; `input` carries the ids and state of the input block around it. */
export function element(el, block, ctx, input = null) {
  switch (el?.type) {
    case "button":
    case "workflow_button": return button(el, block, ctx);
    case "overflow": return overflow(el, block, ctx);
    case "image": return image(el, "element-image");
    case "feedback_buttons":
      return h("span", { class: "cluster" },
        [el.positive_button, el.negative_button].filter(Boolean).map((b) =>
          button({ ...b, type: "button", action_id: el.action_id, class: "btn-quiet" }, block, ctx, b.value)));
    case "icon_button": return button({ ...el, class: "btn-quiet" }, block, ctx, el.value);
    case undefined: return h("span");
    default: return field(el, block, ctx, input) ?? unknown(el.type);
  }
}

/** Says what the stand-in does not show, rather than showing nothing. */
export const unknown = (type) => h("p", { class: "unknown" }, `“${type}” is not shown by the stand-in workspace.`);

function button(el, block, ctx, value = null) {
  const url = safeUrl(el.url);
  const style = { primary: "btn-primary", danger: "btn-danger" }[el.style] ?? "";
  let busy = false;
  const press = async (event) => {
    if (busy) {
      event.preventDefault();
      return;
    }
    if (el.confirm) {
      event.preventDefault();
      if (!(await confirmDialog(el.confirm))) return;
      if (url) open(url, "_blank", "noopener,noreferrer");
    }
    busy = true;
    node.classList.add("busy");
    node.setAttribute("aria-busy", "true");
    await ctx.act(block, el, value);
    busy = false;
    node.classList.remove("busy");
    node.removeAttribute("aria-busy");
  };
  const node = h(url ? "a" : "button", {
    class: `btn ${style} ${el.class ?? ""}`,
    type: url ? null : "button",
    href: url, target: url ? "_blank" : null, rel: url ? "noopener noreferrer" : null,
    testid: testid(el),
    "aria-label": el.accessibility_label,
    on: { click: press },
  }, h("span", { class: "btn-label" }, textObject(el.text)), url ? h("span", { class: "btn-out", "aria-hidden": "true" }, "↗") : null);
  return node;
}

function overflow(el, block, ctx) {
  const choose = async (option) => {
    const url = safeUrl(option.url);
    if (el.confirm && !(await confirmDialog(el.confirm))) return;
    if (url) open(url, "_blank", "noopener,noreferrer");
    ctx.act(block, el, option.value ?? null);
  };
  const node = h("button", {
    class: "btn btn-icon", type: "button", testid: testid(el),
    "aria-label": el.accessibility_label ?? "More actions", "aria-haspopup": "menu", "aria-expanded": "false",
    on: {
      click: () => showMenu(node, (el.options ?? []).map((option) => ({
        label: words(option.text),
        description: option.description ? words(option.description) : null,
        testid: `option-${option.value}`,
        run: () => choose(option),
      }))),
    },
  }, icon("more"));
  return node;
}

/**
 * An image. The page never reaches beyond its own server, so a picture that lives elsewhere
 * is shown by its description, with a link to follow.
 */
export function image(el, className) {
  const own = typeof el.image_url === "string" && (/^data:image\//.test(el.image_url) || new URL(el.image_url, location.href).origin === location.origin);
  if (own) return h("img", { class: className, src: el.image_url, alt: el.alt_text ?? "", loading: "lazy" });
  const href = safeUrl(el.image_url);
  const content = [icon("image"), h("span", {}, el.alt_text || "Image")];
  return href && className !== "element-image"
    ? h("a", { class: `${className} image-away`, href, target: "_blank", rel: "noopener noreferrer" }, content)
    : h("span", { class: `${className} image-away`, role: "img", "aria-label": el.alt_text || "Image", title: el.alt_text }, content[0]);
}

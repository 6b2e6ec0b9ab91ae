// Building DOM nodes. Whatever people or apps wrote enters the page through text nodes
// and attributes only; no string is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";
let counter = 0;

/** A fresh element id, for labels and descriptions. */
export const uid = (prefix = "x") => `${prefix}-${(counter += 1)}`;

export const $ = (id) => document.getElementById(id);

/**
 * Builds an element. Props: `class`, `testid`, `data` (dataset), `vars` (CSS custom
 * properties), `on` (listeners), and anything else as an attribute; `true` sets it bare,
 * `false`, `null` and `undefined` leave it out.
 */
export function h(tag, props, ...children) {
  const el = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") el.className = value;
    else if (key === "testid") el.dataset.testid = value;
    else if (key === "data") Object.assign(el.dataset, value);
    else if (key === "vars") for (const [k, v] of Object.entries(value)) el.style.setProperty(k, v);
    else if (key === "on") for (const [k, v] of Object.entries(value)) el.addEventListener(k, v);
    else el.setAttribute(key, value === true ? "" : String(value));
  }
  append(el, children);
  return el;
}

/** Appends nodes and texts, however deeply nested in arrays; empty values are left out. */
export function append(el, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    el.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return el;
}

/** Replaces the content of `el`. */
export function fill(el, ...children) {
  el.replaceChildren();
  return append(el, children);
}

// Stroked paths on a 20×20 grid.
const ICONS = {
  hash: "M7.5 3 6 17M14 3l-1.5 14M3.5 7.5h13.5M3 12.5h13.5",
  lock: "M5.5 9h9v7.5h-9zM7.5 9V6.5a2.5 2.5 0 0 1 5 0V9",
  link: "M8.5 11.5a3 3 0 0 0 4.5.3l2.2-2.2a3 3 0 0 0-4.2-4.2l-1 1M11.5 8.5a3 3 0 0 0-4.5-.3l-2.2 2.2a3 3 0 0 0 4.2 4.2l1-1",
  menu: "M3 5.5h14M3 10h14M3 14.5h14",
  close: "M5 5l10 10M15 5 5 15",
  eye: "M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5zM10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  sun: "M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 1.8v2M10 16.2v2M1.8 10h2M16.2 10h2M4.2 4.2l1.4 1.4M14.4 14.4l1.4 1.4M4.2 15.8l1.4-1.4M14.4 5.6l1.4-1.4",
  moon: "M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7z",
  help: "M10 18a8 8 0 1 0 0-16 8 8 0 0 0 0 16zM7.8 7.8a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.6M10 14v.2",
  send: "M3 10 17 3.5 13 17l-3.2-5.2zM9.8 11.8 17 3.5",
  more: "M4.5 10h.1M10 10h.1M15.5 10h.1",
  down: "M5 8l5 5 5-5",
  clock: "M10 17.5a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM10 5.5V10l3 2",
  back: "M12.5 4.5 7 10l5.5 5.5",
  check: "M4 10.5l4 4 8-9",
  image: "M3 4.5h14v11H3zM3 13l4-4 3.5 3.5L13 10l4 4M13 7.5v.1",
  next: "M4 5l6 5-6 5zM11 5l6 5-6 5z",
  jump: "M10 4v12M5 11l5 5 5-5",
};

/** A small line icon; decorative, so hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name] ?? "");
  svg.append(path);
  return svg;
}

/** The app's mark: two signatures, one over the other. */
export function mark() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "mark");
  svg.setAttribute("aria-hidden", "true");
  for (const d of ["M3.5 12.5l4.5 4.5L17 7", "M9.5 15.8l1.7 1.7L20.5 7"]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** Says something to screen readers without showing it. */
export function announce(text) {
  const region = $("announcer");
  region.append(h("p", {}, text));
  while (region.childElementCount > 5) region.firstChild.remove();
}

/** A short notice at the bottom of the window; errors stay longer. */
export function toast(text, kind = "info") {
  const box = h("div", { class: `toast toast-${kind}`, testid: "toast" }, text);
  $("toasts").append(box);
  setTimeout(() => box.remove(), kind === "error" ? 8000 : 4000);
}

/** Remembers small preferences; a browser that forbids storage just forgets. */
export const memory = {
  get(key) {
    try {
      return localStorage.getItem(`countersign.${key}`);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`countersign.${key}`, value);
    } catch {
      // Private windows may refuse; nothing depends on it.
    }
  },
};

/** Whether a link may be followed: no `javascript:` or other schemes that act. */
export const safeUrl = (url) => (/^(https?:\/\/|mailto:)/i.test(String(url ?? "")) ? String(url) : null);

/**
 * Brings the children of `parent` into the wished order, keeping every node whose `key` and
 * `sig` are unchanged, so that focus, carets and half-typed text survive an update.
 * `items`: `[{ key, sig, build(old) }]`. Returns the keys whose node was replaced.
 */
export function reconcile(parent, items) {
  const active = document.activeElement;
  const held = active && parent.contains(active) ? caretOf(active) : null;
  const known = new Map([...parent.children].map((el) => [el.reconcileKey, el]));
  const wanted = new Map(items.map((item) => [item.key, item.sig]));
  for (const [key, el] of known) {
    if (!wanted.has(key)) el.remove();
  }
  const replaced = [];
  let cursor = parent.firstElementChild;
  for (const item of items) {
    const old = known.get(item.key);
    let el = old;
    if (!old || old.reconcileSig !== item.sig) {
      el = item.build(old);
      el.reconcileKey = item.key;
      el.reconcileSig = item.sig;
      if (old) {
        replaced.push(item.key);
        if (cursor === old) cursor = el;
        old.replaceWith(el);
      }
    }
    if (el === cursor) cursor = el.nextElementSibling;
    else parent.insertBefore(el, cursor);
  }
  if (held && !parent.contains(document.activeElement)) restoreCaret(parent, held);
  return replaced;
}

function caretOf(el) {
  const scope = el.closest("[data-focus-scope]");
  const caret = { testid: el.dataset.testid, scope: scope?.dataset.focusScope };
  try {
    caret.range = [el.selectionStart, el.selectionEnd];
  } catch {
    // Not a text field.
  }
  return caret;
}

function restoreCaret(parent, { testid, scope, range }) {
  if (!testid) return;
  const within = scope
    ? parent.querySelector(`[data-focus-scope="${CSS.escape(scope)}"]`) ?? parent
    : parent;
  const el = within.querySelector(`[data-testid="${CSS.escape(testid)}"]`);
  if (!el) return;
  el.focus({ preventScroll: true });
  try {
    if (range && range[0] !== null) el.setSelectionRange(...range);
  } catch {
    // Number and date fields have no selection.
  }
}

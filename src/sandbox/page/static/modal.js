// Modals: the top of the server's stack of views, in a native dialog (which makes the rest
// of the page inert and is announced by screen readers).

import { post } from "./api.js";
import { showBlocks } from "./blocks.js";
import { $, announce, fill, h, icon, toast } from "./dom.js";
import { words } from "./mrkdwn.js";
import { keepFocusInside } from "./overlay.js";
import { refresh, refreshOthersSoon } from "./sync.js";
import { store } from "./store.js";
import { ViewSession } from "./views.js";
import { fieldProblem } from "./values.js";

const sessions = new Map(); // view id → ViewSession
let shown = null; // { id, session, errors, busy, parts }
let returnTo = null; // What had the focus before the first modal opened.

/** Shows the stack as it is now: opens, redraws or closes. */
export function renderModals() {
  const stack = store.state?.modals ?? [];
  const alive = new Set(stack.map((view) => view.id));
  for (const [id, session] of sessions) {
    if (alive.has(id)) continue;
    session.drop();
    sessions.delete(id);
  }
  const top = stack.at(-1);
  if (!top) return hide();
  const session = sessions.get(top.id);
  if (session) session.update(top);
  else sessions.set(top.id, new ViewSession(top));
  if (shown?.id !== top.id) build(top, sessions.get(top.id));
  draw(stack.length);
}

function hide() {
  if (!shown) return;
  shown = null;
  const dialog = $("modal");
  if (dialog.open) dialog.close();
  fill(dialog);
  if (returnTo?.isConnected) returnTo.focus();
  returnTo = null;
}

function build(view, session) {
  const dialog = $("modal");
  if (!dialog.dataset.ready) {
    dialog.dataset.ready = "true";
    keepFocusInside(dialog);
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      close();
    });
  }
  if (!dialog.open) returnTo = document.activeElement;
  const body = h("div", { class: "dialog-body", testid: "modal-body", on: { input: forgive, change: forgive } });
  const parts = {
    title: h("h2", { id: "modal-title" }),
    back: h("button", { class: "icon-button", type: "button", "aria-label": "Back", testid: "modal-back", on: { click: close } }, icon("back")),
    body,
    trouble: h("p", { class: "error dialog-trouble", role: "alert" }),
    close: h("button", { class: "btn", type: "button", testid: "modal-close", on: { click: close } }),
    submit: h("button", { class: "btn btn-primary", type: "submit", testid: "modal-submit" }),
  };
  shown = { id: view.id, session, errors: {}, busy: false, parts };
  dialog.dataset.viewId = view.id;
  dialog.dataset.focusScope = view.id;
  fill(dialog, h("form", { novalidate: true, class: "dialog-form", on: { submit } },
    h("header", { class: "dialog-head" }, parts.back, parts.title,
      h("button", { class: "icon-button", type: "button", "aria-label": "Close", testid: "modal-dismiss", on: { click: close } }, icon("close"))),
    parts.body,
    h("footer", { class: "dialog-foot" }, parts.trouble, parts.close, parts.submit)));
  draw();
  if (!dialog.open) dialog.showModal();
  const start = parts.body.querySelector("[autofocus]")
    ?? parts.body.querySelector(".block-input :is(input, textarea, select, summary)")
    ?? (parts.submit.hidden ? parts.close : parts.body.querySelector("button, a, input, select") ?? parts.submit);
  start.focus({ preventScroll: true });
}

function draw(depth = store.state.modals.length) {
  const { parts, session, errors, busy } = shown;
  const { view } = session;
  const submits = Boolean(view.submit) || (view.blocks ?? []).some((b) => b.type === "input");
  parts.title.textContent = words(view.title);
  parts.back.hidden = depth < 2;
  parts.submit.hidden = !submits;
  parts.submit.textContent = view.submit ? words(view.submit) : "Submit";
  parts.submit.classList.toggle("busy", busy);
  parts.submit.setAttribute("aria-busy", String(busy));
  parts.close.textContent = view.close ? words(view.close) : submits ? "Cancel" : "Close";
  const changed = showBlocks(parts.body, view.blocks ?? [], session.context(), { errors });
  for (const key of changed) {
    const node = [...parts.body.children].find((el) => el.reconcileKey === key);
    // A field that redraws with its error is no news; a text that now says something else is.
    if (node && !node.classList.contains("block-input")) node.classList.add("fresh");
  }
}

async function submit(event) {
  event.preventDefault();
  if (!shown || shown.busy) return;
  const mine = shown;
  const { session, parts } = mine;
  parts.trouble.textContent = "";
  mine.errors = problems(session);
  if (Object.keys(mine.errors).length) return refuse(mine);

  mine.busy = true;
  draw();
  try {
    await session.flush();
    const answer = await post("submit", { as: store.me, view_id: session.view.id, values: session.values() });
    const { "": whole, ...fields } = answer.errors ?? {};
    mine.errors = fields;
    // What concerns no field in particular stands beside the buttons.
    if (whole) parts.trouble.textContent = whole;
    else if (answer.ok === false && !answer.errors) {
      parts.trouble.textContent = answer.error ?? "We had some trouble connecting. Try again?";
    }
  } catch (error) {
    parts.trouble.textContent = error.message;
  }
  mine.busy = false;
  refreshOthersSoon();
  await refresh({ state: true, channel: store.place.channel });
  if (shown === mine) refuse(mine);
}

/** What is wrong before the app is asked, by block. */
function problems(session) {
  const found = {};
  for (const block of session.view.blocks ?? []) {
    if (block.type !== "input") continue;
    const problem = fieldProblem(block, session.get(block.block_id, block.element?.action_id));
    if (problem) found[block.block_id] = problem;
  }
  return found;
}

/** A field that is being mended no longer complains; it is judged again when the form is sent. */
function forgive(event) {
  const field = event.target.closest("[data-block]");
  const words = shown?.errors[field?.dataset.block];
  if (!words) return;
  delete shown.errors[field.dataset.block];
  field.classList.remove("invalid");
  field.querySelector(".error")?.remove();
  field.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
  // It is now what drawing it without the error would give: nothing is to be drawn anew.
  field.reconcileSig = field.reconcileSig.slice(words.length);
}

/** Shows the errors and takes the person to the first of them. */
function refuse(mine) {
  draw();
  const known = mine.session.view.blocks?.find((b) => Object.hasOwn(mine.errors, b.block_id));
  if (!known) return;
  const field = mine.parts.body.querySelector(`[data-block="${CSS.escape(known.block_id)}"]`);
  const control = field?.querySelector("input, textarea, select, summary, [tabindex]");
  control?.focus({ preventScroll: true });
  field?.scrollIntoView({ block: "nearest" });
  announce(mine.errors[known.block_id]);
}

async function close() {
  if (!shown) return;
  const { session } = shown;
  session.drop();
  try {
    const answer = await post("close", { as: store.me, view_id: session.view.id });
    if (answer.ok === false) toast(answer.error ?? "The form could not be closed.", "error");
  } catch (error) {
    toast(error.message, "error");
  }
  await refresh({ state: true });
}

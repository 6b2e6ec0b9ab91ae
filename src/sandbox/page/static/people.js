// Who is what in the workspace: an account is deactivated, somebody becomes a guest, or a member again.

import { announce, fill, h, icon, uid } from "./dom.js";
import { avatar } from "./messages.js";
import { keepFocusInside } from "./overlay.js";
import { store } from "./store.js";
import { become, setKind } from "./sync.js";

const KINDS = [["member", "Member"], ["guest", "Guest"], ["deactivated", "Deactivated"]];

let open = null;

/** Opens the dialog. */
export function showPeople() {
  if (open) return;
  const title = uid("people");
  const back = document.activeElement;
  const list = h("ul", { class: "people-kinds" });
  const dialog = h("dialog", { class: "dialog dialog-small", "aria-labelledby": title, testid: "people-dialog" });
  const close = () => {
    open = null;
    dialog.close();
    dialog.remove();
    back?.focus?.();
  };
  dialog.append(
    h("header", { class: "dialog-head" },
      h("h2", { id: title }, "People of the workspace"),
      h("button", { class: "icon-button", type: "button", "aria-label": "Close", testid: "people-close", on: { click: close } }, icon("close"))),
    h("div", { class: "dialog-body" },
      h("p", { class: "hint" }, "What an administrator of Slack does here, the app hears of at once. Who answers for an agent and is no member any more leaves it without an owner."),
      list));
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  open = { list, close };
  renderPeople();
  keepFocusInside(dialog);
  document.body.append(dialog);
  dialog.showModal();
}

/** Shows everybody as they are now, while the dialog is open. */
export function renderPeople() {
  if (!open) return;
  const all = store.state.people.filter((p) => p.kind !== "bot" && p.kind !== "outsider");
  const sig = JSON.stringify(all.map((p) => [p.id, p.kind]));
  // Drawn anew only when somebody is something else, so that the focus stays where it is.
  if (open.list.dataset.sig === sig) return;
  open.list.dataset.sig = sig;
  const focused = document.activeElement?.dataset?.testid;
  fill(open.list, all.map(row));
  if (focused) open.list.querySelector(`[data-testid="${focused}"]`)?.focus();
}

function row(p) {
  const kind = p.kind === "single_channel_guest" ? "guest" : p.kind;
  const choice = h("select", {
    "aria-label": `What ${p.real_name} is`, testid: `kind-${p.id}`,
    on: { change: (event) => choose(p, event.target.value) },
  }, KINDS.map(([value, label]) => h("option", { value, selected: value === kind ? "" : null }, label)));
  return h("li", { class: "people-kind" }, avatar(p.id, { size: "avatar-small" }),
    h("span", { class: "people-words" }, h("strong", {}, p.real_name), h("small", {}, p.title)), choice);
}

async function choose(p, kind) {
  // Nobody sits at a deactivated account: somebody else goes on.
  if (kind === "deactivated" && p.id === store.me) {
    const other = store.state.people.find((one) => one.can_sign_in && one.id !== p.id);
    if (other) await become(other.id);
  }
  if (await setKind(p.id, kind)) announce(`${p.real_name}: ${KINDS.find(([value]) => value === kind)[1]}`);
}

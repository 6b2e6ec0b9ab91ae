// Things that open over the page: small menus and confirmation dialogs.

import { h, icon, uid } from "./dom.js";
import { textObject, words } from "./mrkdwn.js";

let openMenu = null;

/**
 * Opens a menu beside `anchor`. `items`: `[{ label, description, testid, run }]`. Arrow keys
 * move, Escape and a click elsewhere close it, and focus returns to the anchor.
 */
export function showMenu(anchor, items, label = "More actions") {
  const again = openMenu?.anchor === anchor;
  openMenu?.close();
  if (again) return;
  const buttons = items.map((item) =>
    h("button", {
      type: "button", role: "menuitem", tabindex: "-1", class: "menu-item", testid: item.testid,
      on: { click: () => { close(true); item.run(); } },
    }, h("span", {}, item.label), item.description ? h("small", {}, item.description) : null));
  const menu = h("div", { class: "menu", role: "menu", "aria-label": label, testid: "menu" }, buttons);
  // Inside an open dialog everything else is inert, so the menu has to live there too.
  (anchor.closest("dialog") ?? document.body).append(menu);
  anchor.setAttribute("aria-expanded", "true");

  const box = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.max(8, Math.min(box.right - width, innerWidth - width - 8));
  const below = box.bottom + 4 + height < innerHeight;
  menu.style.left = `${left}px`;
  menu.style.top = `${below ? box.bottom + 4 : Math.max(8, box.top - height - 4)}px`;

  const move = (step) => {
    const at = buttons.indexOf(document.activeElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  };
  const onKey = (event) => {
    const moves = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key === "Escape") close(true);
    else if (event.key === "Tab") return close(false);
    else if (event.key in moves) move(moves[event.key]);
    else if (event.key === "Home") buttons[0]?.focus();
    else if (event.key === "End") buttons.at(-1)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onPress = (event) => {
    if (!menu.contains(event.target) && !anchor.contains(event.target)) close(false);
  };
  function close(refocus) {
    if (openMenu?.menu !== menu) return;
    openMenu = null;
    menu.remove();
    anchor.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", onPress, true);
    removeEventListener("resize", drop);
    if (refocus) anchor.focus();
  }
  const drop = () => close(false);
  menu.addEventListener("keydown", onKey);
  document.addEventListener("pointerdown", onPress, true);
  addEventListener("resize", drop);
  openMenu = { menu, anchor, close };
  buttons[0]?.focus();
}

/** Asks with a Block Kit `confirm` object; resolves to whether the person agreed. */
export function confirmDialog(confirm) {
  return new Promise((resolve) => {
    const title = uid("confirm");
    const back = document.activeElement;
    const dialog = h("dialog", { class: "dialog dialog-small", "aria-labelledby": title, testid: "confirm" });
    const finish = (answer) => {
      dialog.close();
      dialog.remove();
      back?.focus?.();
      resolve(answer);
    };
    const danger = confirm.style === "danger";
    dialog.append(
      h("header", { class: "dialog-head" },
        h("h2", { id: title }, words(confirm.title) || "Are you sure?"),
        h("button", { class: "icon-button", type: "button", "aria-label": "Close", on: { click: () => finish(false) } }, icon("close"))),
      h("div", { class: "dialog-body text" }, textObject(confirm.text)),
      h("footer", { class: "dialog-foot" },
        h("button", { class: "btn", type: "button", testid: "confirm-deny", on: { click: () => finish(false) } },
          words(confirm.deny) || "Cancel"),
        h("button", { class: danger ? "btn btn-danger" : "btn btn-primary", type: "button", testid: "confirm-ok", on: { click: () => finish(true) } },
          words(confirm.confirm) || "Yes")));
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      finish(false);
    });
    keepFocusInside(dialog);
    document.body.append(dialog);
    dialog.showModal();
  });
}

const FOCUSABLE = "a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea:not([disabled]), summary, [tabindex]:not([tabindex='-1'])";

/** Makes Tab go round inside a dialog instead of leaving it for the browser's own buttons. */
export function keepFocusInside(dialog) {
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const all = [...dialog.querySelectorAll(FOCUSABLE)].filter((el) => el.checkVisibility?.() ?? true);
    const first = all[0];
    const last = all.at(-1);
    if (event.shiftKey && document.activeElement === first) {
      event.preventDefault();
      last.focus();
    } else if (!event.shiftKey && document.activeElement === last) {
      event.preventDefault();
      first?.focus();
    }
  });
}

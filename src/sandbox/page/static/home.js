// The app's own place: the Home tab, drawn from the view that the app published.

import { showBlocks } from "./blocks.js";
import { $, fill, h, mark } from "./dom.js";
import { bot, store } from "./store.js";
import { ViewSession } from "./views.js";

let session = null; // { person, id, view: ViewSession }

/** Draws the Home tab for the person we play. */
export function renderHome() {
  const holder = $("home");
  holder.hidden = !store.place?.home;
  if (holder.hidden) return;
  const view = store.state.home?.view;
  const key = `${store.me} ${view?.id ?? ""}`;
  if (!view) {
    session = null;
    fill(holder, h("div", { class: "empty" }, mark(),
      h("h2", {}, bot().name),
      h("p", {}, `${bot().name} has not published a home for you yet.`)));
    return;
  }
  if (session?.key !== key) {
    session = { key, view: new ViewSession(view), body: h("div", { class: "home-body", testid: "home-view" }) };
    session.body.dataset.focusScope = `home-${view.id}`;
    fill(holder, session.body);
  } else session.view.update(view);
  if (!holder.contains(session.body)) fill(holder, session.body);
  showBlocks(session.body, view.blocks ?? [], session.view.context());
}

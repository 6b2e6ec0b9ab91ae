// Where the page starts: wires the parts, chooses a person, follows the server.

import { renderClock, setUpClock } from "./clock.js";
import { renderComposer, setUpComposer } from "./composer.js";
import { refreshTimes } from "./dates.js";
import { $, fill, h, icon, mark, memory } from "./dom.js";
import { renderHome } from "./home.js";
import { renderMessages, setUpMessages } from "./messages.js";
import { renderModals } from "./modal.js";
import { renderPeople, showPeople } from "./people.js";
import { whenReleased } from "./press.js";
import { renderSidebar, setUpSidebar } from "./sidebar.js";
import { store } from "./store.js";
import { become, readAddress, refreshOthersSoon, subscribe } from "./sync.js";
import { setUpTour } from "./tour.js";

function render() {
  if (!store.state || !store.place) return;
  document.body.classList.remove("loading");
  renderSidebar();
  renderClock();
  renderMessages();
  renderHome();
  renderComposer();
  renderModals();
  renderPeople();
  refreshTimes();
}

// ---- light and dark -----------------------------------------------------------------

const dark = matchMedia("(prefers-color-scheme: dark)");

function applyTheme(theme) {
  document.documentElement.dataset.theme = theme;
  const isDark = theme === "dark" || (theme === "auto" && dark.matches);
  fill($("theme"), icon(isDark ? "sun" : "moon"));
  $("theme").setAttribute("aria-label", isDark ? "Switch to light colours" : "Switch to dark colours");
  $("theme").title = $("theme").getAttribute("aria-label");
}

function setUpTheme() {
  let theme = memory.get("theme") ?? "auto";
  applyTheme(theme);
  dark.addEventListener("change", () => applyTheme(theme));
  $("theme").addEventListener("click", () => {
    const isDark = theme === "dark" || (theme === "auto" && dark.matches);
    theme = isDark ? "light" : "dark";
    memory.set("theme", theme);
    applyTheme(theme);
  });
}

// ---- start --------------------------------------------------------------------------

/** The person of the address, of the last visit, or the first whom the server offers. */
async function start() {
  const { as, place } = readAddress();
  for (const candidate of new Set([as, memory.get("person"), null, "U0DANA"])) {
    if (candidate === null && as) continue;
    await become(candidate, place);
    if (store.state) break;
  }
  if (!store.state) {
    fill($("messages"), h("div", { class: "empty" }, mark(), h("h2", {}, "The workspace does not answer"),
      h("p", {}, "Start it with ", h("code", {}, "countersign sandbox"), " and load this page again.")));
    document.body.classList.remove("loading");
    return;
  }
  refreshOthersSoon(0);
}

setUpTheme();
setUpMessages();
setUpComposer();
setUpSidebar();
setUpClock();
setUpTour();
fill($("brand-mark"), mark());
fill($("help"), icon("help"), h("span", {}, "What to try"));
fill($("tour-close"), icon("close"));
fill($("send"), icon("send"));
fill($("people-more"), icon("more"));
$("people-more").addEventListener("click", showPeople);
$("drawer-icon").append(icon("menu"));
$("pill").prepend(icon("jump"));
$("clock-icon").append(icon("clock"));
subscribe(whenReleased(render));
start();

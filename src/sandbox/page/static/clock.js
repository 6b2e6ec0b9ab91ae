// The workspace's clock: it runs with real time and can be moved forward.

import { $, announce, fill, h, icon } from "./dom.js";
import { clockTime, dayKey, duration, fullTime, refreshTimes } from "./dates.js";
import { moveClock } from "./sync.js";
import { store, workspaceNow } from "./store.js";

const STEPS = [["+10 min", "clock-10m", 600], ["+1 h", "clock-1h", 3600], ["+1 day", "clock-1d", 86_400], ["+30 days", "clock-30d", 2_592_000]];

let moving = false;
let minute = "";

/** Shows the time, how far ahead it is, and the next deadline. */
export function renderClock() {
  const now = workspaceNow();
  const ahead = store.state.offset_seconds ?? 0;
  const time = $("now");
  const text = fullTime(now);
  if (time.textContent !== text) time.textContent = text;
  time.setAttribute("datetime", now.toISOString());
  time.dataset.offset = String(ahead);
  $("offset").textContent = ahead > 30 ? `${duration(ahead)} ahead` : "real time";

  const next = store.state.next_deadline ? new Date(store.state.next_deadline) : null;
  const button = $("clock-next");
  button.disabled = !next || moving;
  const when = next && (dayKey(next) === dayKey(now) ? clockTime(next) : fullTime(next));
  const left = next ? Math.round((next - now) / 1000) : 0;
  const rest = left > 0 ? ` · in ${duration(left)}` : " · due";
  const label = next ? `${when}${rest}` : "none";
  // Drawn anew only when it says something else, so that a click is never cut in two.
  if (button.dataset.label !== label) {
    button.dataset.label = label;
    fill(button, icon("next"), h("span", {}, "Next", h("span", { class: "wide" }, " deadline")),
      h("span", { class: "dim" }, when ?? "none", next ? h("span", { class: "wide" }, rest) : null));
  }
  button.title = next ? `Move the clock to ${fullTime(next)}` : "Nothing is due";
  for (const step of $("clock-steps").children) step.disabled = moving;
}

async function move(body, label) {
  if (moving) return;
  moving = true;
  renderClock();
  const ok = await moveClock(body);
  moving = false;
  renderClock();
  refreshTimes();
  if (!ok) return;
  announce(`${label}. It is now ${fullTime(workspaceNow())}.`);
  $("now").classList.remove("moved");
  requestAnimationFrame(() => $("now").classList.add("moved"));
}

/** Wires the bar once and keeps it running. */
export function setUpClock() {
  fill($("clock-steps"), STEPS.map(([label, testid, seconds]) =>
    h("button", { type: "button", class: "chip-button", testid, "aria-label": `Move the clock ${label}`,
      on: { click: () => move({ advance_seconds: seconds }, `Clock moved ${label}`) } }, label)));
  $("clock-next").addEventListener("click", () => move({ to: "next_deadline" }, "Clock moved to the next deadline"));
  setInterval(() => {
    if (!store.state) return;
    renderClock();
    // Relative times only change with the minute.
    const key = fullTime(workspaceNow());
    if (key !== minute) {
      minute = key;
      refreshTimes();
    }
  }, 1000);
}

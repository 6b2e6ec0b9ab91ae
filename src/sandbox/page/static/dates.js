// Times as people read them: in the reader's zone, relative to the workspace's own clock.

import { h } from "./dom.js";
import { workspaceNow } from "./store.js";

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August",
  "September", "October", "November", "December"];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const two = (n) => String(n).padStart(2, "0");

/** `14:40` */
export const clockTime = (date) => `${two(date.getHours())}:${two(date.getMinutes())}`;

/** `Tue 14 Jan 2025, 14:40` */
export const fullTime = (date) =>
  `${DAYS[date.getDay()].slice(0, 3)} ${date.getDate()} ${MONTHS[date.getMonth()].slice(0, 3)} ${date.getFullYear()}, ${clockTime(date)}`;

/** A key that two moments of one local day share. */
export const dayKey = (date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;

function dayWord(date, now) {
  for (const [shift, word] of [[-1, "yesterday"], [0, "today"], [1, "tomorrow"]]) {
    const other = new Date(now.getFullYear(), now.getMonth(), now.getDate() + shift);
    if (dayKey(other) === dayKey(date)) return word;
  }
  return null;
}

function ordinal(n) {
  const tail = n % 100 >= 11 && n % 100 <= 13 ? "th" : { 1: "st", 2: "nd", 3: "rd" }[n % 10] ?? "th";
  return `${n}${tail}`;
}

/** `Today`, or `Tuesday, January 14th` (with the year when it is far away). */
export function dayTitle(date, now = workspaceNow()) {
  const word = dayWord(date, now);
  return word ? word[0].toUpperCase() + word.slice(1) : expand("date_long", date, now);
}

/** `2 h 5 min`, `3 days`: at most two units, never zero. */
export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < MINUTE) return `${s} s`;
  if (s < HOUR) return `${Math.round(s / MINUTE)} min`;
  const [big, small, smallWord] = s < DAY ? [HOUR, MINUTE, "min"] : [DAY, HOUR, "h"];
  const whole = Math.floor(s / big);
  const rest = Math.floor((s % big) / small);
  const bigWord = big === HOUR ? "h" : whole === 1 ? "day" : "days";
  return rest ? `${whole} ${bigWord} ${rest} ${smallWord}` : `${whole} ${bigWord}`;
}

/** `3 minutes ago`, `in 2 hours`, `just now`. */
export function ago(date, now = workspaceNow()) {
  const seconds = Math.round((date - now) / 1000);
  const size = Math.abs(seconds);
  if (size < 10) return "just now";
  const [unit, word] = [[365 * DAY, "year"], [30 * DAY, "month"], [DAY, "day"], [HOUR, "hour"],
    [MINUTE, "minute"], [1, "second"]].find(([u]) => size >= u);
  const n = Math.round(size / unit);
  const words = `${n} ${word}${n === 1 ? "" : "s"}`;
  return seconds < 0 ? `${words} ago` : `in ${words}`;
}

function expand(token, date, now) {
  const name = MONTHS[date.getMonth()];
  // Slack leaves the year out of dates less than six months away.
  const near = Math.abs(date - now) < 182 * DAY * 1000;
  const year = near ? "" : `, ${date.getFullYear()}`;
  const long = `${name} ${ordinal(date.getDate())}${year}`;
  switch (token) {
    case "date_num": return dayKey(date);
    case "date_slash": return `${two(date.getMonth() + 1)}/${two(date.getDate())}/${date.getFullYear()}`;
    case "date": return long;
    case "date_short": return `${name.slice(0, 3)} ${date.getDate()}${year}`;
    case "date_long": return `${DAYS[date.getDay()]}, ${long}`;
    case "date_pretty": return dayWord(date, now) ?? expand("date", date, now);
    case "date_short_pretty": return dayWord(date, now) ?? expand("date_short", date, now);
    case "date_long_pretty": return dayWord(date, now) ?? expand("date_long", date, now);
    case "day_divider_pretty": return dayTitle(date, now);
    case "time": return clockTime(date);
    case "time_secs": return `${clockTime(date)}:${two(date.getSeconds())}`;
    case "ago": return ago(date, now);
    default: return null;
  }
}

/** Fills a format such as `{date_short_pretty} at {time}`; `null` when a token is unknown. */
export function formatDate(unix, format, now = workspaceNow()) {
  const date = new Date(unix * 1000);
  if (Number.isNaN(date.getTime())) return null;
  let known = true;
  const text = format.replace(/\{([a-z_]+)\}/g, (whole, token) => {
    const value = expand(token, date, now);
    if (value === null) known = false;
    return value ?? whole;
  });
  return known ? text : null;
}

/** A time that keeps itself right: see `refreshTimes`. */
export function timeNode(unix, format, fallback, link) {
  const text = formatDate(unix, format) ?? fallback;
  const date = new Date(unix * 1000);
  const time = h("time", {
    class: "stamp",
    datetime: Number.isNaN(date.getTime()) ? null : date.toISOString(),
    title: Number.isNaN(date.getTime()) ? null : fullTime(date),
    data: { unix, format },
  }, text);
  return link ? h("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, time) : time;
}

/** Writes every relative time anew, after the clock moved or a minute passed. */
export function refreshTimes(root = document) {
  for (const el of root.querySelectorAll("time[data-unix]")) {
    const text = formatDate(Number(el.dataset.unix), el.dataset.format);
    if (text !== null && el.textContent !== text) el.textContent = text;
  }
}

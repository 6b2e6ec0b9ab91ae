// What the test asks inside of the page. Put into every document before its own scripts run.

const visible = (el) => Boolean(el) && el.checkVisibility({ visibilityProperty: true }) && el.getClientRects().length > 0;

/** The visible element with this name; inside the form, if one is open, before anything else. */
const here = (testid) => within(document, testid);

const within = (root, testid) =>
  [...(root?.querySelectorAll(`[data-testid="${CSS.escape(testid)}"]`) ?? [])].findLast(visible) ?? null;

const messages = () => [...document.querySelectorAll("[data-testid=message]")].filter(visible);
const holds = (words) => (el) => words.every((word) => el.innerText.includes(word));

/** The last message with all these words. */
const message = (...words) => messages().findLast(holds(words)) ?? null;

/** The last message with all these words that only this person sees. */
const told = (...words) => messages().filter((el) => el.dataset.ephemeral === "true").findLast(holds(words)) ?? null;

/** The middle of an element, once it is enabled, at rest, on the screen and before all others. */
function spot(el) {
  if (!visible(el) || el.disabled) return null;
  const box = el.getBoundingClientRect();
  const where = { x: box.left + box.width / 2, y: box.top + box.height / 2 };
  const top = document.elementFromPoint(where.x, where.y);
  if (!top || !(el.contains(top) || top.contains(el))) {
    // Off the screen, or below the edge of what scrolls: brought to where it can be seen.
    el.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    return null;
  }
  const before = spot.last;
  spot.last = { el, ...where };
  return before?.el === el && before.x === where.x && before.y === where.y ? where : null;
}

/** Where a message stands, as wide as messages get, once it is wholly on the screen and at rest. */
function frame(el) {
  if (!el) return null;
  el.scrollIntoView({ block: "center", behavior: "instant" });
  const { x, y, width, height } = el.getBoundingClientRect();
  const at = { x, y, width: Math.min(width, 740), height };
  const rests = JSON.stringify(frame.last) === JSON.stringify(at);
  frame.last = at;
  return rests && y >= 0 && y + height <= innerHeight ? at : null;
}

/** Chooses in a menu; the browser's own list is not part of the page. */
function choose(testid, value) {
  const menu = here(testid);
  menu.value = value;
  menu.dispatchEvent(new Event("change", { bubbles: true }));
}

/** Asks again and again until there is an answer. What many messages say anew, Slack takes slowly. */
function wait(question, patience = 25_000) {
  const end = performance.now() + patience;
  return new Promise((resolve) => {
    const ask = async () => {
      let value = null;
      let fault = "";
      try {
        value = await question();
      } catch (error) {
        fault = `${error}\n`;
      }
      if (value) resolve({ ok: true, value: value instanceof Node ? true : value });
      else if (performance.now() > end) resolve({ ok: false, seen: fault + document.body.innerText.slice(-6000) });
      else setTimeout(ask, 15);
    };
    ask();
  });
}

/** What does not fit into the window: the elements that make it scroll sideways, or lie on others. */
function tooWide() {
  const found = [];
  const [next, help] = ["#clock-next", "#help"].map((id) => document.querySelector(id).getBoundingClientRect());
  if (next.right > help.left && next.left < help.right && next.bottom > help.top && next.top < help.bottom) found.push("the next deadline lies on the help");
  for (const el of document.querySelectorAll("html, .main, #scroller, #home, .dialog-body, .msg-main, .block")) {
    if (visible(el) && el.scrollWidth > el.clientWidth + 1) found.push(`${el.tagName}.${el.className}: ${el.innerText.slice(0, 80)}`);
  }
  return found;
}

/** Texts that are hard to read: a contrast below WCAG's 4.5 to what is behind them. */
function hardToRead() {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((x) => (x / 255 <= 0.04045 ? x / 255 / 12.92 : ((x / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (el) => {
    const layers = [];
    for (let at = el; at; at = at.parentElement) {
      const layer = rgba(getComputedStyle(at).backgroundColor);
      if (layer[3] > 0) layers.push(layer);
      if (layer[3] === 255) break;
    }
    return layers.reduceRight((below, [r, g, b, a]) => [r, g, b].map((x, i) => (x * a + below[i] * (255 - a)) / 255), [255, 255, 255]);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const el = node.parentElement;
    if (!node.data.trim() || !visible(el) || el.closest(".sr, .skip, :disabled, script, noscript")) continue;
    const style = getComputedStyle(el);
    const ground = behind(el);
    const [r, g, b, a] = rgba(style.color);
    const ink = [r, g, b].map((x, i) => (x * a + ground[i] * (255 - a)) / 255);
    const [high, low] = [light(ink), light(ground)].sort((x, y) => y - x);
    const contrast = (high + 0.05) / (low + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && Number(style.fontWeight) >= 700);
    if (contrast < (large ? 3 : 4.5)) found.push(`${contrast.toFixed(2)}: ${node.data.trim().slice(0, 60)} (${el.className || el.tagName})`);
  }
  return found;
}

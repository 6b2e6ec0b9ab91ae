// Nothing is redrawn under a mouse button that is down: a click is a press and a release on one
// element, and if that was replaced between the two, the browser swallows the click.

/** Whether a button of the mouse, or a finger, is down. */
let down = false;
let held = null;

/** `draw`, put off until the mouse is released. What came of the release is done before. */
export function whenReleased(draw) {
  return () => {
    if (!down) return draw();
    held = draw;
    document.body.dataset.redraw = "held";
  };
}

function released() {
  down = false;
  // The click follows the release.
  setTimeout(() => {
    if (down || !held) return;
    const draw = held;
    held = null;
    delete document.body.dataset.redraw;
    draw();
  });
}

addEventListener("pointerdown", () => (down = true), true);
for (const end of ["pointerup", "pointercancel", "dragend"]) addEventListener(end, released, true);
// A release outside of the window may not be told.
addEventListener("blur", (event) => event.target === window && released());
addEventListener("pointermove", (event) => down && !event.buttons && released(), true);

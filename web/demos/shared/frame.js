// Drawing at the screen's pace.

// A function that has `draw` called with the next frame, once however often it was called before.
export function oncePerFrame(draw) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      draw();
    });
  };
}

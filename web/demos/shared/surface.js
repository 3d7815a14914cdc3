// Canvases that are sharp on every screen and follow the colours of the page.

// A custom property of the page, such as css('--accent').
export function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// The same for a colour, which the style sheet writes as #rrggbb: [red, green, blue], each of 0 to 255.
export function cssColour(name) {
  const digits = css(name);
  return [1, 3, 5].map((at) => parseInt(digits.slice(at, at + 2), 16));
}

// Gives the canvas as many pixels as the screen shows of it, and returns a cleared drawing context whose unit is the CSS
// pixel, with the size in that unit.
export function fitCanvas(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio || 1;
  const [columns, rows] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== columns || canvas.height !== rows) [canvas.width, canvas.height] = [columns, rows];
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

export function onThemeChange(callback) {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => callback());
}

// Calls back once at first, and then whenever the element's size changes.
export function onResize(element, callback) {
  new ResizeObserver(() => callback()).observe(element);
}

import { readPhotograph, sizeText } from './photographs.js';
import { bytesOfOklab } from '../shared/oklab.js';
import { rgb } from '../shared/plot.js';
import { applyField } from './recolour.js';
import { addPalette, fieldOf, matchPalettes } from './transfer.js';
import { debounce } from '../shared/pace.js';
import { runTask } from '../shared/shell.js';
import { fitCanvas, onResize } from '../shared/surface.js';

const element = (id) => document.getElementById(id);
const figures = { source: document.querySelector('[data-side=source]'), target: document.querySelector('[data-side=target]') };
const sides = Object.keys(figures);

const waiting = { source: bundled('china.jpg'), target: bundled('flower.jpg') }; // photographs to be read: { name, open }
const photographs = {}; // by side, as read
let match; // of the palettes: the last transport, with what it was computed from
let shown; // what the result shows: { photograph, moved }

function bundled(name) {
  return { name, open: async () => (await fetch(`images/${name}`)).blob() };
}

// The task: from whatever has changed to the result

async function recolour({ context, signal, progress }) {
  const times = { palette: 0, transport: 0, pixel: 0 };
  const timed = async (part, work) => {
    const start = performance.now();
    const value = await work();
    times[part] += performance.now() - start;
    return value;
  };
  verdict('Working. The result below is the last one.');
  element('comparison').classList.toggle('stale', shown !== undefined);
  try {
    progress(undefined, 'Reading the photographs');
    const readings = await Promise.allSettled(sides.map((side) => readWaiting(side, signal)));
    for (const { reason } of readings) if (reason) throw reason;
    const size = Number(element('size').value);
    for (const [i, side] of sides.entries()) {
      const photograph = photographs[side];
      const text = `Palette of ${photograph.name}`;
      progress(0.1 + 0.2 * i, text);
      await timed('palette', () => addPalette(photograph, size, signal, (part) => progress(0.1 + 0.2 * (i + part), text)));
      drawPalette(side);
    }
    const { source, target } = photographs;
    const epsilon = relativeEpsilon();
    const key = [source.palette, target.palette, epsilon];
    if (!match || match.key.some((part, i) => part !== key[i])) {
      progress(0.5, 'Transport');
      match = await timed('transport', () => matchPalettes(context, source.palette, target.palette, epsilon, {
        signal,
        // How many there will be is unknown: the bar slows down and never arrives too early.
        onProgress: ({ iterations }) => progress(0.5 + 0.3 * (1 - 1 / (1 + iterations / 500)), `Transport, iteration ${iterations.toLocaleString('en')}`),
      }));
      match.key = key;
    }
    await timed('pixel', async () => {
      progress(0.8, 'Pixels');
      match.field ??= await fieldOf(source, match.moved, signal);
      const strength = Number(element('strength').value);
      const result = await applyField(match.field, source.image, strength, signal, (part) => progress(0.8 + 0.2 * part, 'Pixels'));
      show(source, result);
    });
    return report(times);
  } catch (error) {
    const kept = shown ? 'The result below is the last one.' : '';
    verdict(error.kind === 'invalid-input' ? `✗ ${error.message} ${kept}` : `No result. ${kept}`, 'bad');
    throw error;
  }
}

async function readWaiting(side, signal) {
  const request = waiting[side];
  if (!request) return;
  try {
    photographs[side] = await readPhotograph(await request.open(), request.name, signal);
  } catch (error) {
    // What cannot be read is let go of: the page stays with the photograph that it has, and Retry works with that.
    if (error.kind === 'invalid-input' && photographs[side] && waiting[side] === request) waiting[side] = undefined;
    throw error;
  }
  if (waiting[side] === request) waiting[side] = undefined;
  drawPhotograph(side);
}

function report(times) {
  const part = (id, milliseconds) => {
    element(`${id}-time`).textContent = milliseconds > 1 ? `${milliseconds.toFixed(0)} ms` : 'as before';
  };
  for (const [id, milliseconds] of Object.entries(times)) part(id, milliseconds);
  const total = times.palette + times.transport + times.pixel;
  part('total', total);
  element('transport-cost').textContent = match.transportCost.toPrecision(6);
  element('transport-cost').classList.toggle('bad', !match.converged);
  element('iteration-count').textContent = match.iterations.toLocaleString('en');
  element('marginal-error').textContent = match.marginalError.toExponential(2);
  element('variant').textContent = match.variant;
  const { source, target } = photographs;
  const colours = `${source.palette.weights.length} colours to ${target.palette.weights.length}`;
  if (match.converged) {
    verdict(`✓ ${colours}, converged in ${match.iterations.toLocaleString('en')} iterations.`, 'good');
    return `${colours}; palettes, transport and pixels took ${total.toFixed(0)} ms.`;
  }
  const text = `Not converged: after ${match.iterations.toLocaleString('en')} iterations the marginals are off by `
    + `${match.marginalError.toExponential(1)}.`;
  verdict(`✗ ${text} The colours are not quite those of the other photograph. Raise ε.`, 'bad');
  return { text, caution: true };
}

// Pictures

function put(canvas, image) {
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext('2d').putImageData(image, 0, 0);
}

function drawPhotograph(side) {
  const { name, image, original, scaled } = photographs[side];
  put(figures[side].querySelector('.picture canvas'), image);
  figures[side].querySelector('figcaption').textContent = scaled
    ? `${name}, scaled from ${sizeText(original)} to ${sizeText(image)} pixels`
    : `${name}, ${sizeText(image)} pixels`;
}

function drawPalette(side) {
  const palette = photographs[side]?.palette;
  if (palette) swatches(figures[side].querySelector('.swatches'), palette.colours, palette.weights);
}

// Colours side by side, each as wide as it weighs.
function swatches(canvas, colours, weights) {
  const { context, width, height } = fitCanvas(canvas);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const bytes = [0, 0, 0];
  let left = 0;
  weights.forEach((weight, k) => {
    bytesOfOklab(colours[3 * k], colours[3 * k + 1], colours[3 * k + 2], bytes, 0);
    context.fillStyle = rgb(bytes);
    context.fillRect(left, 0, width - left, height); // the rest, to be painted over: no gaps from rounding
    left += (weight / total) * width;
  });
}

function show(photograph, result) {
  put(element('before'), photograph.image);
  put(element('after'), result);
  const ratio = result.width / result.height;
  element('comparison').style.aspectRatio = ratio;
  element('comparison').style.maxWidth = `${80 * ratio}vh`; // the whole of it is to be seen at once
  shown = { name: photograph.name, palette: photograph.palette, moved: match.moved };
  element('comparison').classList.remove('stale');
  element('download').disabled = false;
  drawMatch();
}

function drawMatch() {
  if (!shown) return;
  swatches(element('palette-before'), shown.palette.colours, shown.palette.weights);
  swatches(element('palette-after'), shown.moved, shown.palette.weights);
}

function verdict(text, quality = '') {
  element('verdict').textContent = text;
  element('verdict').className = `verdict ${quality}`;
}

// What the visitor does

const recolourSoon = debounce(() => runTask(recolour));

function relativeEpsilon() {
  return 10 ** element('epsilon').value;
}

function showSettings() {
  element('size-value').textContent = element('size').value;
  element('epsilon-value').textContent = `${(100 * relativeEpsilon()).toPrecision(2)} %`;
  element('strength-value').textContent = `${Math.round(100 * element('strength').value)} %`;
}

function take(side, file) {
  waiting[side] = { name: file.name || 'the pasted picture', open: async () => file };
  runTask(recolour);
}

for (const id of ['size', 'epsilon', 'strength']) {
  element(id).addEventListener('input', () => {
    showSettings();
    recolourSoon();
  });
}
element('solve').addEventListener('click', () => {
  match = undefined;
  for (const side of sides) if (photographs[side]) photographs[side].paletteSize = undefined;
  runTask(recolour);
});
element('swap').addEventListener('click', () => {
  [photographs.source, photographs.target] = [photographs.target, photographs.source];
  [waiting.source, waiting.target] = [waiting.target, waiting.source];
  for (const side of sides) if (photographs[side]) drawPhotograph(side);
  runTask(recolour);
});

for (const side of sides) {
  const figure = figures[side];
  const input = element(`${side}-file`);
  input.addEventListener('change', () => {
    if (input.files.length > 0) take(side, input.files[0]);
    input.value = ''; // so that the same file can be chosen again
  });
  figure.addEventListener('dragover', () => figure.classList.add('over'));
  for (const end of ['dragleave', 'drop']) figure.addEventListener(end, () => figure.classList.remove('over'));
  onResize(figure.querySelector('.swatches'), () => drawPalette(side));
}
addEventListener('dragover', (event) => event.preventDefault()); // or a dropped photograph would replace the page
addEventListener('drop', (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer.files;
  if (file) take(event.target.closest?.('[data-side]')?.dataset.side ?? 'source', file);
});
addEventListener('paste', ({ clipboardData }) => {
  const [file] = clipboardData.files;
  if (file) take(document.activeElement.closest('[data-side]')?.dataset.side ?? 'source', file);
});
element('seam').addEventListener('input', placeSeam);
element('download').addEventListener('click', () => {
  const name = shown.name.replace(/\.\w+$/, '');
  element('after').toBlob((blob) => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(blob);
    link.download = `${name}-recoloured.png`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
});
onResize(element('palette-before'), drawMatch);

function placeSeam() {
  element('comparison').style.setProperty('--seam', `${element('seam').value}%`);
}

placeSeam();
showSettings();
runTask(recolour);

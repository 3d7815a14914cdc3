// What every page shares: the header, the strip at the foot of the window that says where the numbers come from and
// what is going on, and one running task at a time.
const pages = [
  ['transport.html', 'Transport'], ['colours.html', 'Colours'], ['divergences.html', 'Divergences'],
  ['bessel.html', 'Bessel'], ['check.html', 'Check'],
];
const strip = document.createElement('footer');
const part = (name) => strip.querySelector(`#${name}`);
let context; // undefined until opened, and again once the device is lost
let current; // the newest run: { controller, ended }
let lastTask;

// Runs by itself as this module loads, so that a page has its header while the WebAssembly module is still on its way;
// a second call does nothing.
export function mount() {
  if (strip.isConnected) return;
  const header = document.createElement('header');
  header.className = 'site';
  const here = location.pathname.split('/').at(-1) || 'index.html';
  const link = ([file, name]) => `<a href="${file}"${file === here ? ' aria-current="page"' : ''}>${name}</a>`;
  header.innerHTML = `<a class="skip" href="#main">Skip to the page</a>${link(['index.html', 'kantor'])}
    <nav aria-label="Demos">${pages.map(link).join('')}</nav>`;
  strip.className = 'strip';
  strip.innerHTML = `<p class="machine"><span id="adapter"></span> <span id="precision"></span></p>
    <p id="message" role="status" aria-live="polite"><span class="text"></span> <span class="note"></span></p>
    <progress id="progress" max="1" aria-label="Progress" hidden></progress>
    <button id="cancel" type="button" hidden>Cancel</button><button id="retry" type="button" hidden>Retry</button>`;
  document.body.prepend(header);
  document.body.append(strip);
  document.querySelector('main').id ||= 'main';
  part('cancel').addEventListener('click', cancel);
  part('retry').addEventListener('click', () => {
    // A module that has stopped stays so: only a new page has a new one.
    if (document.querySelector('main').dataset.kind === 'internal') location.reload();
    else if (lastTask) runTask(lastTask);
    else openContext();
  });
  addEventListener('pagehide', cancel); // nobody waits for the answer any more
  // What nobody caught, such as a module that cannot be loaded: the browser has written it to the console already.
  addEventListener('error', ({ error, message }) => error && unexpected(message));
  addEventListener('unhandledrejection', ({ reason }) => unexpected(reason?.message ?? reason));
}

// Whether an adapter that runs shaders on the CPU is as welcome as any, as it is to who checks adapters. Elsewhere the twin
// is faster.
let anyAdapter = false;

export function welcomeAnyAdapter() {
  anyAdapter = true;
}

async function create(Context) {
  const backend = new URL(location).searchParams.get('backend');
  if (backend) return Context.create({ backend });
  if (anyAdapter) return Context.create({ backend: 'webgpu' }).catch(() => Context.create());
  return Context.create();
}

// The context of the page, opened if there is none; undefined if that failed, which the strip then says.
export async function openContext() {
  if (context) return context;
  enter('loading', 'Opening a context…');
  let opened;
  try {
    const { Context } = await import('./kantor.js');
    opened = await create(Context);
  } catch (error) {
    fail(error);
    return undefined;
  }
  context = opened;
  part('adapter').textContent = opened.adapter;
  part('precision').textContent = `${opened.precision} precision`;
  strip.querySelector('.note').textContent = opened.fallbackReason ? `Without a GPU: ${opened.fallbackReason}.` : '';
  opened.device?.lost.then(({ message, reason }) => lose(opened, message || `“${reason}” is all that the browser says`));
  enter('ready', 'Ready.');
  return opened;
}

// The next task, or Retry, opens another context.
function lose(lost, cause) {
  if (context !== lost) return; // known already
  context = undefined;
  current?.controller.abort();
  const reason = cause.replace(/^the device was lost: |\.$/g, '');
  fail({ kind: 'device-lost', message: `The GPU device was lost: ${reason}. Press Retry.` });
  lost.free();
}

// Runs `task({ context, signal, progress })` once whatever ran before has ended, which it is told to do at once. The task
// may return what the strip should add: a text, or `{ text, caution: true }` for a result to be careful with. True if
// it ran to its end; false if it failed (which the strip shows), was cancelled or replaced by a newer one.
export function runTask(task) {
  lastTask = task;
  const run = { controller: new AbortController() };
  const previous = current;
  current = run;
  previous?.controller.abort();
  run.ended = execute(task, run, previous?.ended);
  return run.ended;
}

async function execute(task, run, previousEnded) {
  await previousEnded;
  const { signal } = run.controller;
  const isNewest = () => current === run;
  if (!isNewest() || signal.aborted) return false;
  const device = await openContext();
  if (!device || !isNewest()) return false;
  enter('running', 'Working…');
  const progress = (fraction, text) => {
    if (!isNewest() || signal.aborted) return;
    if (fraction === undefined) part('progress').removeAttribute('value');
    else part('progress').value = fraction;
    if (text) say(text);
  };
  const start = performance.now();
  const elapsed = () => `${((performance.now() - start) / 1000).toFixed(2)} s`;
  try {
    signal.throwIfAborted();
    const outcome = await task({ context: device, signal, progress });
    if (!isNewest() || context !== device) return false;
    const { text = '', caution = false } = typeof outcome === 'string' ? { text: outcome } : outcome ?? {};
    enter('done', `${caution ? 'Ended after' : 'Done in'} ${elapsed()}. ${text}`, caution);
    return true;
  } catch (error) {
    if (!isNewest() || context !== device) return false; // what the strip says now is newer than this error
    if (error?.kind === 'cancelled' || error?.name === 'AbortError') enter('cancelled', `Cancelled after ${elapsed()}.`);
    else if (error?.kind === 'device-lost') lose(device, error.message); // sooner than the device says so itself
    else fail(error);
    return false;
  }
}

function cancel() {
  current?.controller.abort();
}

function say(text) {
  strip.querySelector('.text').textContent = text;
}

function enter(state, text, caution = false, kind = undefined) {
  const main = document.querySelector('main');
  main.dataset.state = state;
  if (kind) main.dataset.kind = kind;
  else delete main.dataset.kind;
  strip.dataset.state = caution ? 'caution' : state;
  const busy = state === 'running' || state === 'loading';
  part('message').ariaBusy = busy; // or a screen reader would read every step
  part('progress').hidden = !busy;
  part('progress').removeAttribute('value');
  part('cancel').hidden = state !== 'running';
  part('retry').hidden = state !== 'failed' && state !== 'cancelled';
  say(text);
}

function fail(error) {
  if (error?.kind === undefined) {
    console.error('kantor demo:', error);
    unexpected(error?.message ?? error);
  } else {
    enter('failed', error.message, false, error.kind);
  }
}

function unexpected(message) {
  enter('failed', `Something unexpected happened: ${message}`, false, 'unexpected');
}

mount();

// Keeping the page responsive while it computes.

let turn = 0; // when the browser last had one

// Gives the browser a turn: input, painting, other tasks. Long loops await it before 50 ms have passed. With a signal
// it rejects with an AbortError once that is aborted.
export async function pause(signal) {
  await new Promise((resolve) => {
    // A timer would wait at least 4 ms, and scheduler.yield() lets the page's other messages and timers starve.
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
  turn = performance.now();
  signal?.throwIfAborted();
}

// Calls `step(i)` for i = 0 … count − 1 and pauses whenever the browser has had no turn for `budget` milliseconds, be it
// in this loop or in those before.
export async function paced(count, step, { signal, onPause, budget = 12 } = {}) {
  for (let i = 0; i < count; i++) {
    step(i);
    if (performance.now() - turn < budget) continue;
    onPause?.((i + 1) / count);
    await pause(signal);
  }
}

// A function that waits until it has not been called for `delay` milliseconds, then calls back with the newest arguments.
export function debounce(callback, delay = 60) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(callback, delay, ...values);
  };
}

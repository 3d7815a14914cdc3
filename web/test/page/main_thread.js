// Watches how long the main thread of a page is kept from doing anything else.

/** The longest that a timer of 4 ms came late, from now until `stop()`, which gives it. */
function heartbeat() {
  const period = 4; // browsers wait no less; a heart that beats without a pause would be the load it measures
  let [longest, last] = [0, performance.now()];
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - period);
    last = now;
  }, period);
  return { stop: () => (clearInterval(timer), longest) };
}

/** The browser's own observation of tasks above 50 ms; undefined where it makes none. */
function longTasks() {
  if (!PerformanceObserver.supportedEntryTypes.includes('longtask')) return undefined;
  const durations = [];
  const note = (list) => durations.push(...list.getEntries().map(({ duration }) => duration));
  const observer = new PerformanceObserver(note);
  observer.observe({ type: 'longtask' });
  return { stop: () => (note({ getEntries: () => observer.takeRecords() }), observer.disconnect(), durations) };
}

let watching;

/** Begins to watch. */
export function watch() {
  watching = { beat: heartbeat(), tasks: longTasks(), start: performance.now() };
}

/** Milliseconds since `watch()`, and of the longest blocks in that time. */
export function watched() {
  const { beat, tasks, start } = watching;
  return { took: performance.now() - start, longestGap: beat.stop(), longTasks: tasks?.stop() };
}

// The end of the module. A panic, memory that is not to be had and a broken rule of WebAssembly all stop it in the middle
// of what it does: what it has begun never ends, and what it holds is no longer to be trusted. Every call into the module
// passes here (kantor_web.js is written so), also those that the browser makes, so that this is seen wherever it happens:
// all pending promises are rejected at once, and every later call fails with the same.

import { failure, isMistake } from './failure.js';

let cause; // what stopped the module
let depth = 0; // calls into the module that are under way, one within the other
const waiting = new Set(); // how to reject the promises that are pending

/** What every call fails with once the module has stopped. */
function stopped() {
  const message = `kantor’s module has stopped (${cause?.message ?? cause}) and cannot go on: load the page again, or `
    + 'start another worker, to have a new one. It may have run out of memory.';
  return failure(Error, message, 'internal', cause);
}

function stop(error) {
  if (cause !== undefined) return;
  cause = error ?? new Error('for no reason given');
  for (const reject of waiting) reject(stopped());
  waiting.clear();
}

// What the browser calls, and nobody would catch: timers, promises and the collector. Their error is that of the promises
// that waited for them.
const nothing = []; // as the bindings read it: no value, no error
const ofBrowser = /closures.*invoke|_free$|^__wbindgen_destroy_closure$/;

function guard(name, call) {
  const quiet = ofBrowser.test(name);
  return (...parameters) => {
    if (cause === undefined) {
      depth++;
      try {
        return call(...parameters);
      } catch (error) {
        // Whatever else is thrown through the module leaves it in the middle of something.
        if (isMistake(error)) throw error;
        stop(error);
      } finally {
        depth--;
      }
    }
    if (quiet && depth === 0) return nothing;
    throw stopped();
  };
}

/** The exports of the module, every function of which is watched. */
export function guarded(exports) {
  const watched = Object.create(null);
  for (const [name, value] of Object.entries(exports)) {
    watched[name] = typeof value === 'function' ? guard(name, value) : value;
  }
  return watched;
}

/** The promise, which the end of the module rejects. */
export function outlived(promise) {
  return new Promise((resolve, reject) => {
    if (cause !== undefined) reject(stopped());
    waiting.add(reject);
    const settling = (settle) => (value) => {
      waiting.delete(reject);
      settle(value);
    };
    promise.then(settling(resolve), settling(reject));
  });
}

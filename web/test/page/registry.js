// The tests of a module, by name: an object of functions `({ context, twin }) => notes to print, or nothing`.
import { contexts } from './contexts.js';

/** The names of the tests in `module`, in their order. */
export async function names(module) {
  return Object.keys((await import(`./${module}`)).tests);
}

/** Runs one of them. */
export async function run(module, name) {
  const { tests } = await import(`./${module}`);
  return tests[name](await contexts());
}

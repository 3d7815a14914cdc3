// Runs a function of a module of test/page/ in a tab: what it throws comes back as an error here.

/** The bare document of the tests, with the import map of a user's page. */
export const blank = '/test/page/blank.html';

/** Calls `name` of test/page/`module` with `parameters` in the page, and gives what it returned. */
export async function call(page, module, name, ...parameters) {
  // Errors as data: Firefox cannot hand over a thrown object that has no stack.
  const { value, error, stack } = await page.evaluate(async (url, name, parameters) => {
    try {
      const functions = await import(url);
      return { value: await functions[name](...parameters) };
    } catch (error) {
      return { error: error instanceof Error ? `${error.name}: ${error.message}` : String(error), stack: error?.stack };
    }
  }, `/test/page/${module}`, name, parameters);
  if (error === undefined) return value;
  const thrown = new Error(error);
  // Where it happened in the page; the way from here to there is the same for all.
  const frames = (stack ?? '').split('\n').filter((line) => line.includes('/test/page/') || line.includes('/pkg/'));
  thrown.stack = [error, ...frames.slice(0, 6)].join('\n');
  throw thrown;
}

/** Every test that a module of test/page/ exports as `tests`, each as a subtest of `t`, in one tab. */
export async function runAll(t, page, module) {
  for (const name of await call(page, 'registry.js', 'names', module)) {
    await t.test(name, async (t) => {
      for (const note of (await call(page, 'registry.js', 'run', module, name)) ?? []) t.diagnostic(note);
    });
  }
}

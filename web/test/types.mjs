// The package's types, from the tarball, in a strict TypeScript project.
import { command, run, withEmptyProject } from './harness/empty_project.mjs';

const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'esnext', '--lib', 'esnext,dom',
  '--types', ''];

export async function types(t) {
  for (const modules of [['--module', 'nodenext'], ['--module', 'esnext', '--moduleResolution', 'bundler']]) {
    await t.test(`tsc ${modules.join(' ')}`, () => withEmptyProject(['types/uses.ts'], async (project) => {
      await run(command('tsc'), [...options, ...modules, 'uses.ts'], { cwd: project });
    }));
  }
}

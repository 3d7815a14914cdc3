// An empty project with the package in it, as a user has it: packed with `npm pack`, installed from the tarball.
import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { test, web } from './folders.mjs';

const execute = promisify(execFile);

/** Runs a program; what it printed, or an error with it. */
export async function run(program, parameters, options) {
  try {
    const { stdout, stderr } = await execute(program, parameters, { maxBuffer: 2 ** 26, timeout: 300_000, ...options });
    return { stdout, stderr };
  } catch (error) {
    const output = `${error.stdout ?? ''}${error.stderr ?? ''}`;
    throw new Error(`${path.basename(program)} ${parameters.join(' ')}: ${error.code ?? error.signal}\n${output.slice(0, 1500)}`);
  }
}

/** The command `name` of a development dependency. */
export const command = (name) => path.join(web, 'node_modules/.bin', name);

let packed;

/** Packs web/pkg once; the tarball and what npm says of it. */
export function pack() {
  packed ??= (async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'kantor-pack-'));
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: path.join(web, 'pkg') });
    const [description] = JSON.parse(stdout);
    const remove = () => fs.rm(folder, { recursive: true, force: true });
    return { tarball: path.join(folder, description.filename), description, remove };
  })();
  return packed;
}

/**
 * Calls `use` with the folder of an empty project into which the tarball is installed and the named files of test/ are
 * copied, and removes it afterwards.
 */
export async function withEmptyProject(files, use) {
  const { tarball } = await pack();
  const project = await fs.mkdtemp(path.join(os.tmpdir(), 'kantor-project-'));
  try {
    await fs.writeFile(path.join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
    await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', tarball], { cwd: project });
    for (const file of files) await fs.copyFile(path.join(test, file), path.join(project, path.basename(file)));
    return await use(project);
  } finally {
    await fs.rm(project, { recursive: true, force: true });
  }
}

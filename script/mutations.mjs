// npm run test:mutations [-- FILTER]: each patch in test/mutations breaks one promise on purpose; its tests must fail then.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { removeTree } from './engine-leftovers.mjs';
import { findOrStartEngine } from './engine.mjs';
import { ensureImages } from './images.mjs';
import { CommandFailed, read, seconds } from './run.mjs';
import { ROOT, installDependencies, log, runScript } from './setup.mjs';

/** @typedef {{ name: string, patch: string, project: string, files: string[] }} Mutation */

const FOLDER = join(ROOT, 'test/mutations');
const HEADER = /^Tests: (\S+) (.+)$/m;
/** The test's own words, not those of a file that could not be loaded. */
const FAILED = /Tests\s+(\d+) failed/;

await runScript(async (onEnd) => {
  await installDependencies();
  const filter = process.argv[2] ?? '';
  const mutations = readdirSync(FOLDER)
    .filter((name) => name.endsWith('.patch') && name.includes(filter))
    .map(mutationOf);
  const copy = await copyOfTree();
  onEnd(() => removeTree(copy));
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, NO_COLOR: '1' };
  if (mutations.some(({ project }) => project !== 'unit')) {
    const engine = await findOrStartEngine({ log });
    onEnd(() => engine.stop());
    env['DOCKER_HOST'] = engine.host;
    await ensureImages(engine.host, undefined, { log });
  }
  let missed = 0;
  for (const mutation of mutations) if (!(await isCaught(mutation, copy, env))) missed += 1;
  log(`${String(mutations.length - missed)} mutations caught, ${String(missed)} missed`);
  if (missed > 0 || mutations.length === 0) process.exitCode = 1;
});

/** @param {string} file @returns {Mutation} */
function mutationOf(file) {
  const patch = readFileSync(join(FOLDER, file), 'utf8');
  const [, project = '', files = ''] = HEADER.exec(patch) ?? [];
  if (project === '') throw new Error(`test/mutations/${file} has no line such as "Tests: unit test/unit/app/loop".`);
  return { name: file.replace(/\.patch$/, ''), patch, project, files: files.split(' ') };
}

/** What git knows of, as it is in the working tree, with the same dependencies. */
async function copyOfTree() {
  const copy = mkdtempSync(join(tmpdir(), 'fairlead-mutations-'));
  const listed = await read('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  for (const path of listed.split('\0').filter((each) => each !== '')) {
    mkdirSync(join(copy, dirname(path)), { recursive: true });
    cpSync(join(ROOT, path), join(copy, path));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** @param {Mutation} mutation @param {string} copy @param {NodeJS.ProcessEnv} env */
async function isCaught({ name, patch, project, files }, copy, env) {
  const since = performance.now();
  await read('git', ['apply', '-'], { cwd: copy, input: patch });
  try {
    if (project !== 'unit') await read(process.execPath, ['script/build.mjs'], { cwd: copy, env });
    const output = await outputOf(
      ['node_modules/vitest/vitest.mjs', 'run', '--project', `${project}*`, ...files],
      copy,
      env,
    );
    const [, count] = FAILED.exec(output) ?? [];
    log(`${count === undefined ? 'MISSED' : 'caught'}  ${name}: ${count ?? 'no'} tests failed, ${seconds(since)}`);
    return count !== undefined;
  } finally {
    await read('git', ['apply', '--reverse', '-'], { cwd: copy, input: patch });
  }
}

/** What vitest printed, also where it failed. @param {string[]} argv @param {string} cwd @param {NodeJS.ProcessEnv} env */
async function outputOf(argv, cwd, env) {
  try {
    return await read(process.execPath, argv, { cwd, env, keep: Infinity });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    return error.message;
  }
}

// npm test [-- SUITE... FILTER...]: all suites, or those named, or only the files whose path contains a filter.
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from './engine-leftovers.mjs';
import { findOrStartEngine } from './engine.mjs';
import { ensureImages } from './images.mjs';
import { CommandFailed, messageOf, run, seconds } from './run.mjs';
import { ROOT, build, installDependencies, log, runScript, tool } from './setup.mjs';

/** @typedef {{ passed: number, failed: number }} Count */
/** @typedef {{ numPassedTests?: number, numFailedTests?: number, numPendingTests?: number, numTodoTests?: number }} Results */

/** Other random cases each time, but the same ones in all suites, and again where somebody gives the number. */
const { CASES, SEED = String(randomInt(2 ** 31)) } = process.env;
const SUITES = ['unit', 'contract', 'e2e'];

const filters = process.argv.slice(2).filter((word) => !SUITES.includes(word));
const named = SUITES.filter((suite) => process.argv.slice(2).includes(suite));
const suites = named.length > 0 ? named : SUITES;
/** With a filter, a suite may have no file for it. */
const filtered = filters.length > 0 ? ['--passWithNoTests', ...filters] : [];

/** @type {Count[]} */
const counts = [];
await runScript(async (onEnd) => {
  onEnd(sayCounts);
  await installDependencies();
  const env = { ...process.env };
  if (CASES !== undefined) {
    env['SEED'] = SEED;
    log(`CASES=${CASES} SEED=${SEED}`);
  }
  if (suites.some((suite) => suite !== 'unit')) {
    await build();
    const engine = await findOrStartEngine({ log });
    onEnd(() => engine.stop());
    env['DOCKER_HOST'] = engine.host;
    await ensureImages(engine.host, undefined, { log });
  }
  for (const suite of suites) counts.push(await runSuite(suite, env));
});

/** The last line: a suite that did not run counts as a failure. */
function sayCounts() {
  const passed = counts.reduce((total, count) => total + count.passed, 0);
  const failed = counts.reduce((total, count) => total + count.failed, suites.length - counts.length);
  if (failed > 0 || passed === 0) process.exitCode = 1;
  log(`${String(passed)} passed, ${String(failed)} failed`);
  return Promise.resolve();
}

/**
 * The tests' temporary files are in a folder that goes with them, also when they were interrupted.
 * @param {string} suite @param {NodeJS.ProcessEnv} env @returns {Promise<Count>}
 */
async function runSuite(suite, env) {
  const since = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-'));
  const output = join(folder, 'results.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${output}`];
  const argv = [tool('vitest/vitest.mjs'), 'run', '--project', `${suite}*`, ...reporters, ...filtered];
  const isGreen = await ran(argv, { ...env, TMPDIR: folder });
  const count = countIn(output, suite, isGreen);
  await removeTree(folder);
  log(`suite ${suite}: ${String(count.passed)} passed, ${String(count.failed)} failed, ${seconds(since)}`);
  return count;
}

/** Runs vitest; gives whether it was content. @param {string[]} argv @param {NodeJS.ProcessEnv} env */
async function ran(argv, env) {
  try {
    await run(process.execPath, argv, { cwd: ROOT, env });
    return true;
  } catch (error) {
    if (error instanceof CommandFailed) return false;
    throw error;
  }
}

/**
 * Skipped tests, a suite without tests and errors outside of tests are failures too.
 * @param {string} output @param {string} suite @param {boolean} isGreen
 * @returns {Count}
 */
function countIn(output, suite, isGreen) {
  const results = resultsIn(output, suite);
  const skipped = (results.numPendingTests ?? 0) + (results.numTodoTests ?? 0);
  if (skipped > 0) log(`${suite}: ${String(skipped)} tests were skipped, which counts as failing`);
  const passed = results.numPassedTests ?? 0;
  const failed = (results.numFailedTests ?? 0) + skipped;
  const isEmpty = passed === 0 && filters.length === 0;
  return { passed, failed: !isGreen || isEmpty ? Math.max(failed, 1) : failed };
}

/** @param {string} output @param {string} suite @returns {Results} */
function resultsIn(output, suite) {
  try {
    return JSON.parse(readFileSync(output, 'utf8'));
  } catch (error) {
    log(`${suite}: vitest left no results: ${messageOf(error)}`);
    return {};
  }
}

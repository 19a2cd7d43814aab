// Everything that needs no engine, in well under a minute: types, lint, format, unused code, unit tests, generated files.
import { availableParallelism } from 'node:os';
import { messageOf, read, seconds } from './run.mjs';
import { ROOT, installDependencies, log, runScript, tool } from './setup.mjs';

/** Tools that make many short-lived objects spend less time on clearing them away where the young ones have more room. */
const NODE_OPTIONS = `${process.env['NODE_OPTIONS'] ?? ''} --max-semi-space-size=64`;

/** The slowest first: as many run at once as there are processors. @type {[string, string[]][]} */
const PARTS = [
  ['unit tests', [tool('vitest/vitest.mjs'), 'run', '--project', 'unit', '--silent=passed-only']],
  ['lint', [tool('eslint/bin/eslint.js'), '.', '--max-warnings', '0']],
  ['lint by types', [tool('oxlint/bin/oxlint'), '--deny-warnings', '--report-unused-disable-directives']],
  ['types', [tool('typescript-native/bin/tsc'), '--noEmit']],
  ['unused code', [tool('knip/bin/knip.js')]],
  ['format', [tool('prettier/bin/prettier.cjs'), '--check', '--cache', '--cache-strategy', 'content', '.']],
  ['generated files', ['script/generate.mjs', '--check']],
];

await runScript(async () => {
  const since = performance.now();
  await installDependencies();
  const waiting = [...PARTS];
  /** @type {string[]} */
  const failed = [];
  const worker = async () => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      if (!(await passes(part))) failed.push(part[0]);
    }
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker));
  log(`check took ${seconds(since)}`);
  if (failed.length > 0) throw new Error(`check failed: ${failed.join(', ')}`);
});

/** @param {[string, string[]]} part @returns {Promise<boolean>} */
async function passes([name, argv]) {
  const since = performance.now();
  try {
    await read(process.execPath, argv, { cwd: ROOT, env: { ...process.env, NODE_OPTIONS }, keep: 20_000 });
    log(`ok      ${name.padEnd(16)} ${seconds(since)}`);
    return true;
  } catch (error) {
    log(`FAILED  ${name.padEnd(16)} ${seconds(since)}\n${messageOf(error)}`);
    return false;
  }
}

// npm run test:long: all suites with many more random cases and every point of every walk, then each promise broken once.
import { run } from './run.mjs';
import { ROOT, runScript } from './setup.mjs';

const CASES = process.env['CASES'] ?? '20';

await runScript(async () => {
  await run(process.execPath, ['script/test.mjs'], { cwd: ROOT, env: { ...process.env, CASES } });
  await run(process.execPath, ['script/mutations.mjs'], { cwd: ROOT });
});

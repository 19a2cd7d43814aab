// npm run bench: medians of what is measured, on a real engine.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findOrStartEngine } from './engine.mjs';
import { ensureImages } from './images.mjs';
import { run } from './run.mjs';
import { ROOT, build, installDependencies, log, runScript } from './setup.mjs';

const MEASURES = 'bench/main.ts';
const IMAGES = ['lab/busybox:1', 'lab/haproxy:3.0', 'lab/app:v1', 'lab/app:v2'];

await runScript(async (onEnd) => {
  await installDependencies();
  await build();
  const engine = await findOrStartEngine({ log });
  onEnd(() => engine.stop());
  await ensureImages(engine.host, IMAGES, { log });
  if (!existsSync(join(ROOT, MEASURES))) throw new Error(`The measures, ${MEASURES}, are not written yet.`);
  const env = { ...process.env, DOCKER_HOST: engine.host, TSX_DISABLE_CACHE: '1' };
  await run(process.execPath, ['--import', 'tsx', MEASURES, ...process.argv.slice(2)], { cwd: ROOT, env });
});

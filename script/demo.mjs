// npm run demo: the whole story on a real engine, on a machine with nothing but Node, npm and an engine or Debian.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findOrStartEngine } from './engine.mjs';
import { ensureImages } from './images.mjs';
import { run } from './run.mjs';
import { ROOT, build, installDependencies, log, runScript } from './setup.mjs';

const STORY = 'test/lab/demo.ts';
const IMAGES = ['lab/haproxy:3.0', 'lab/app:v1', 'lab/app:v2', 'lab/app:v3'];

await runScript(async (onEnd) => {
  await installDependencies();
  await build();
  const engine = await findOrStartEngine({ log });
  onEnd(() => engine.stop());
  await ensureImages(engine.host, IMAGES, { log });
  if (!existsSync(join(ROOT, STORY))) throw new Error(`The demo's story, ${STORY}, is not written yet.`);
  const env = { ...process.env, DOCKER_HOST: engine.host, TSX_DISABLE_CACHE: '1' };
  await run(process.execPath, ['--import', 'tsx', STORY], { cwd: ROOT, env });
});

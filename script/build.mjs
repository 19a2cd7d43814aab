import { build, installDependencies, runScript } from './setup.mjs';

await runScript(async () => {
  await installDependencies();
  await build();
});

import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Scenario } from '../test/support/scenario.ts';
import { composed, sleepers } from './manifests.ts';
import { median, remark, row, timed } from './measure.ts';

const SERVICES = 50;
const ROUNDS = 5;
/** Of what compose takes. */
const RATIO = 1.15;

/** Creating and replacing, docker compose doing the same in turn where it is installed. */
export async function apply(): Promise<void> {
  await using scenario = await Scenario.create();
  const hasCompose = await compose(scenario, 'version').then(
    () => true,
    () => false,
  );
  if (!hasCompose) remark('docker compose is not installed here: nothing to compare with');
  const ours = { create: [] as number[], replace: [] as number[], roll: [] as number[], idle: [] as number[] };
  const theirs = { create: [] as number[], replace: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    ours.create.push(await timed(() => applied(scenario, 'a')));
    ours.idle.push(await timed(() => applied(scenario, 'a')));
    ours.replace.push(await timed(() => applied(scenario, 'b')));
    ours.roll.push(await timed(() => applied(scenario, 'c', 'rolling')));
    await applied(scenario, undefined);
    if (!hasCompose) continue;
    theirs.create.push(await timed(() => composeUp(scenario, 'a')));
    theirs.replace.push(await timed(() => composeUp(scenario, 'b')));
    await compose(scenario, 'down', '--timeout', '1');
  }
  const beside = (times: readonly number[]) => (hasCompose ? { beside: median(times), ratioBar: RATIO } : {});
  row(`create ${SERVICES} services (fairlead apply; of compose up --wait)`, median(ours.create), beside(theirs.create));
  row(`replace ${SERVICES} services (recreate; of compose)`, median(ours.replace), beside(theirs.replace));
  row(`replace ${SERVICES} services (rolling)`, median(ours.roll));
  row('nothing to do (fairlead apply, whole process)', median(ours.idle));
}

async function applied(scenario: Scenario, value: string | undefined, strategy?: string): Promise<void> {
  const folder = await scenario.manifests(value === undefined ? '' : sleepers(SERVICES, value, strategy));
  const { code, stderr } = await scenario.fairlead('apply', folder, '--yes', '--prune-all');
  if (code !== 0) throw new Error(`fairlead apply ended with ${String(code)}:\n${stderr}`);
}

async function composeUp(scenario: Scenario, value: string): Promise<void> {
  await writeFile(join(scenario.directory, 'compose.yaml'), composed(SERVICES, value));
  await compose(scenario, 'up', '--detach', '--wait', '--timeout', '1');
}

async function compose({ directory, host }: Scenario, ...args: string[]): Promise<void> {
  await promisify(execFile)('docker', ['--host', host, 'compose', ...args], { cwd: directory });
}

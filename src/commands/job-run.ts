import { setTimeout as delay } from 'node:timers/promises';
import { fetchPolicy, isAsWanted, runSlot } from '../core/jobs/decide.ts';
import { hasBegun, hasEnded } from '../core/jobs/run.ts';
import type { DesiredJob, DesiredState } from '../core/desire.ts';
import { isUp, type Run } from '../core/observed.ts';
import type { Runtime } from '../core/ports.ts';
import { EXIT } from './exit.ts';
import type { Terminal } from './terminal.ts';

export interface JobRunOptions {
  readonly name: string;
  /** What the cluster is kept equal to. */
  readonly desired: DesiredState;
  readonly runtime: Runtime;
  /** Do not wait for its end. */
  readonly detached: boolean;
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  /** Told before it begins. */
  readonly record: (message: string) => Promise<void>;
}

const POLL = 250;
/** Lines of a log; a run that has more shows its last ones. */
const TAIL = 100_000;

/** Runs a job now and prints what it prints; its own exit code, or 1 where it cannot be begun. */
export async function runJob(options: JobRunOptions): Promise<number> {
  const { name, desired, runtime, terminal, signal } = options;
  const job = desired.jobs.find((each) => each.name === name);
  if (job === undefined) return refuse(terminal, unknownJob(desired, name));
  if (!job.job.enabled) return refuse(terminal, `${name} is disabled: set \`enabled: true\` in its manifest.`);
  if (desired.withheld.includes(name)) return refuse(terminal, `The host's policy does not allow ${name} any more.`);
  const { runs } = await runtime.observe({ signal });
  const own = runs.filter((each) => each.service === name);
  const running = own.filter(isUp);
  const [first] = running;
  if (first !== undefined && job.job.concurrency === 'forbid')
    return refuse(terminal, `${name} runs already: run ${first.slot}. Wait for its end, or set its \`concurrency\`.`);
  if (job.job.concurrency === 'replace') for (const each of running) await runtime.end(each, signal);
  const run = own.find((each) => !hasBegun(each) && isAsWanted(job, each)) ?? (await make(job, own, options));
  await options.record(`ran the job ${name}`);
  await runtime.start(run);
  terminal.err(`${name}@${run.release}, run ${run.slot}, has begun.\n`);
  return options.detached ? EXIT.done : await follow(run, options);
}

function refuse(terminal: Terminal, why: string): number {
  terminal.err(`${why}\n`);
  return EXIT.error;
}

function unknownJob({ jobs }: DesiredState, name: string): string {
  const others = jobs.length === 0 ? 'It has none' : `Its jobs: ${jobs.map((each) => each.name).join(', ')}`;
  return `The revision that this cluster is kept equal to has no job ${name}. ${others}.`;
}

async function make(job: DesiredJob, own: readonly Run[], options: JobRunOptions): Promise<Run> {
  const { runtime, desired, signal } = options;
  const { image, networks } = job.job.container;
  const { id } = await runtime.pull(image, fetchPolicy(own, job), signal);
  await runtime.ensureNetworks(networks);
  const slot = runSlot({ runs: own, revision: desired.revision.id, now: Date.now() }, job);
  await runtime.prepare({ ...slot, imageId: id }, signal);
  return await find(runtime, (each) => each.service === job.name && each.slot === slot.slot);
}

async function find(runtime: Runtime, isIt: (run: Run) => boolean): Promise<Run> {
  const { runs } = await runtime.observe();
  const found = runs.find(isIt);
  if (found === undefined) throw new Error('The run is gone: somebody has removed its container.');
  return found;
}

/** Docker ends a log at the end of each try. */
async function follow({ id }: Run, { runtime, signal, terminal, name }: JobRunOptions): Promise<number> {
  let printed = '';
  for (;;) {
    const run = await find(runtime, (each) => each.id === id);
    const before = printed;
    for await (const { at, stream, text } of runtime.logs(run, { tail: TAIL, follow: true, signal })) {
      if (at <= before) continue;
      if (at > printed) printed = at;
      if (stream === 'stdout') terminal.out(`${text}\n`);
      else terminal.err(`${text}\n`);
    }
    if (signal.aborted) return refuse(terminal, `${name} goes on; fairlead status ${name} tells how it ends.`);
    const now = await find(runtime, (each) => each.id === id);
    if (hasEnded(now)) return now.stopped ? EXIT.error : (now.exitCode ?? EXIT.error);
    await delay(POLL, undefined, { signal }).catch(() => undefined);
  }
}

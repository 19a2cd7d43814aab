import { setTimeout as delay } from 'node:timers/promises';
import { fetchPolicy, imageOfRelease, isAsWanted, runSlot } from '../core/jobs/make.ts';
import { hasBegun, hasEnded } from '../core/jobs/run.ts';
import type { DesiredJob, DesiredState } from '../core/desire.ts';
import { isUp, type Run } from '../core/observed.ts';
import type { Runtime, SlotSpec } from '../core/ports.ts';
import { ReasonError } from '../core/reason.ts';
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
  readonly now: () => number;
  readonly terminal: Terminal;
  /** Told before it begins. */
  readonly record: (message: string) => Promise<void>;
}

const POLL = 250;
/** Lines of a log; a run that has more shows its last ones. */
const TAIL = 100_000;
/** So long somebody else has to end a run whose time is over. */
const GRACE = 5_000;
/** A timer takes no more. */
const LONGEST = 2 ** 31;

/** Runs a job now and prints what it prints; its own exit code, or 1 where it cannot be begun. */
export async function runJob(options: JobRunOptions): Promise<number> {
  const { name, desired, runtime, terminal } = options;
  const job = desired.jobs.find((each) => each.name === name);
  if (job === undefined) return refuse(terminal, unknownJob(desired, name));
  if (!job.job.enabled) return refuse(terminal, `${name} is disabled: set \`enabled: true\` in its manifest.`);
  if (desired.withheld.includes(name)) return refuse(terminal, `The host's policy does not allow ${name} any more.`);
  const own = await runsOf(options);
  const busy = await makeWay(job, own.filter(isUp), options);
  if (busy !== undefined) return refuse(terminal, busy);
  const run = own.find((each) => !hasBegun(each) && isAsWanted(job, each)) ?? (await make(job, own, options));
  // To make it may have taken long.
  const come = (await runsOf(options)).filter((each) => isUp(each) && each.id !== run.id);
  const taken = await makeWay(job, come, options);
  if (taken !== undefined) return refuse(terminal, taken);
  await options.record(`ran the job ${name}`);
  await runtime.start(run);
  terminal.err(`${name}@${run.release}, run ${run.slot}, has begun.\n`);
  return options.detached ? EXIT.done : await follow(run, job, options);
}

function refuse(terminal: Terminal, why: string): number {
  terminal.err(`${why}\n`);
  return EXIT.error;
}

function unknownJob({ jobs }: DesiredState, name: string): string {
  const others = jobs.length === 0 ? 'It has none' : `Its jobs: ${jobs.map((each) => each.name).join(', ')}`;
  return `The revision that this cluster is kept equal to has no job ${name}. ${others}.`;
}

async function runsOf({ runtime, name, signal }: JobRunOptions): Promise<readonly Run[]> {
  const { runs } = await runtime.observe({ signal });
  return runs.filter((each) => each.service === name);
}

/** Ends what it takes the place of; why it may not begin beside what runs, or undefined. */
async function makeWay(
  { job, name }: DesiredJob,
  running: readonly Run[],
  { runtime, signal }: JobRunOptions,
): Promise<string | undefined> {
  const [first] = running;
  if (first !== undefined && job.concurrency === 'forbid')
    return `${name} runs already: run ${first.slot}. Wait for its end, or set its \`concurrency\`.`;
  if (job.concurrency === 'replace') for (const each of running) await runtime.end(each, signal);
  return undefined;
}

async function make(job: DesiredJob, own: readonly Run[], options: JobRunOptions): Promise<Run> {
  const { runtime, desired, signal, now } = options;
  const { name, release } = job;
  const { image, networks } = job.job.container;
  const slot = runSlot({ runs: own, revision: desired.revision.id, now: now() }, job);
  const known = imageOfRelease(own, release);
  await runtime.ensureNetworks(networks);
  if (known === undefined || !(await isMade({ ...slot, imageId: known }, options))) {
    const { id } = await runtime.pull(image, fetchPolicy(own, job), signal);
    await runtime.prepare({ ...slot, imageId: id }, signal);
  }
  return await find(runtime, (each) => each.service === name && each.release === release && each.slot === slot.slot);
}

/** Not where somebody has taken its image away. */
async function isMade(slot: SlotSpec, { runtime, signal }: JobRunOptions): Promise<boolean> {
  try {
    await runtime.prepare(slot, signal);
    return true;
  } catch (error) {
    if (error instanceof ReasonError && error.reason === 'image-not-found') return false;
    throw error;
  }
}

async function find(runtime: Runtime, isIt: (run: Run) => boolean): Promise<Run> {
  const { runs } = await runtime.observe();
  const found = runs.find(isIt);
  if (found === undefined) throw new Error('The run is gone: somebody has removed its container.');
  return found;
}

/** Its own reconciler ends a run that takes too long, where there is one; else who waits for it does. */
async function follow({ id }: Run, job: DesiredJob, options: JobRunOptions): Promise<number> {
  const { runtime, signal, terminal, name } = options;
  const { timeout = Infinity } = job.job;
  const late = options.now() + timeout + GRACE;
  let printed = '';
  for (;;) {
    const left = late - options.now();
    printed = await print(await find(runtime, (each) => each.id === id), printed, left, options);
    if (signal.aborted) return refuse(terminal, `${name} goes on; fairlead status ${name} tells how it ends.`);
    const run = await find(runtime, (each) => each.id === id);
    if (hasEnded(run)) return run.stopped ? EXIT.error : (run.exitCode ?? EXIT.error);
    if (left <= 0) await endLate(run, timeout, options);
    else await delay(POLL, undefined, { signal }).catch(() => undefined);
  }
}

/** What has come since, as long as there is time left; Docker ends a log at the end of each try. Gives the time of its last line. */
async function print(run: Run, before: string, left: number, options: JobRunOptions): Promise<string> {
  const { runtime, terminal, signal } = options;
  const inTime = left > 0 && left < LONGEST ? AbortSignal.any([signal, AbortSignal.timeout(left)]) : signal;
  let printed = before;
  for await (const { at, stream, text } of runtime.logs(run, { tail: TAIL, follow: true, signal: inTime })) {
    if (at <= before) continue;
    if (at > printed) printed = at;
    if (stream === 'stdout') terminal.out(`${text}\n`);
    else terminal.err(`${text}\n`);
  }
  return printed;
}

async function endLate(run: Run, timeout: number, { runtime, terminal, signal, name }: JobRunOptions): Promise<void> {
  terminal.err(`${name} has run for longer than its timeout of ${timeout / 1000} s, and is stopped.\n`);
  await runtime.end(run, signal);
}

import { setTimeout as delay } from 'node:timers/promises';
import type { Reporter } from '../app/reporter.ts';
import type { SettleOptions } from '../app/settle.ts';
import type { DesiredState } from '../core/desire.ts';
import { plan, type Plan, type PrunePermission } from '../core/plan/plan.ts';
import type { Clock } from '../core/ports.ts';
import { courseAfter, courseBefore, endOf, restartOf, whyNotKept, type End } from '../core/restart.ts';
import type { Decision } from '../core/rollout/decide.ts';
import { NO_MEMORY, type Memory } from '../core/rollout/memory.ts';
import type { ServiceStatus, StatusReport } from '../core/status/status.ts';
import { tellTrouble } from './apply.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { look, type Seeing } from './look.ts';
import { Progress } from './progress.ts';
import type { Terminal } from './terminal.ts';
import { unknownName } from './unknown-name.ts';

export interface RestartOptions extends Omit<Seeing, 'now'> {
  readonly name: string;
  /** Looks with eyes of its own: what others do to names and routes is told to those who listen, and seen by who looks for the first time. */
  readonly anew: <Result>(look: (seeing: Pick<Seeing, 'runtime' | 'balancer'>) => Promise<Result>) => Promise<Result>;
  /** What the cluster is kept equal to; undefined: nothing has been taken up yet. */
  readonly desired: () => Promise<DesiredState | undefined>;
  /** Passes of this process; undefined: another one makes them, for now. */
  readonly passes: () => Promise<Passes | undefined>;
  readonly reporter: Pick<Reporter, 'status'>;
  readonly prune: PrunePermission;
  readonly clock: Pick<Clock, 'now'>;
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  /** Told before it begins. */
  readonly record: (message: string) => Promise<void>;
}

export type Passes = Omit<SettleOptions, 'desired' | 'onStatus'>;

const NEXT = 20;
const POLL = 250;

/** Replaces all instances of a service by new ones of the same release, as its update policy has it. */
export async function restart(options: RestartOptions): Promise<ExitCode> {
  const { name, runtime, signal, terminal } = options;
  const { instances } = await runtime.observe({ signal });
  const known = instances.map(({ service }) => service);
  const desired = await options.desired();
  const isJob = desired?.jobs.some((each) => each.name === name) ?? false;
  if (!known.includes(name) && !isJob) return refuse(terminal, unknownName(name, known));
  if (desired === undefined) return refuse(terminal, NOTHING_TAKEN_UP);
  const ended = endedBy(signal);
  const before = await Promise.race([ended, watch(desired, NO_MEMORY, options)]);
  const asked = restartOf(name, desired, before.plan.decisions);
  if (asked.status === 'refused') return refuse(terminal, `${asked.why}\n`);
  await options.record(`asked for a restart of ${name}`);
  try {
    for (const each of asked.instances) await Promise.race([ended, runtime.askForRestart(each)]);
    const count = asked.instances.length;
    terminal.err(`${name}: ${count === 1 ? 'its instance is' : `${count} instances are`} replaced.\n`);
    return await follow(before, ended, options);
  } catch (error) {
    if (!signal.aborted) throw error;
    return refuse(terminal, `It goes on; fairlead status ${name} tells how far it is.\n`);
  }
}

const NOTHING_TAKEN_UP =
  'Nothing has been taken up from this state directory yet, so that nobody knows what to replace them by.\n';

function refuse(terminal: Terminal, why: string): ExitCode {
  terminal.err(why);
  return EXIT.error;
}

/** Rejects when the signal comes: not every look at the cluster listens to it. */
function endedBy(signal: AbortSignal): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    const end = () => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
  ended.catch(() => undefined);
  return ended;
}

/** One look at the cluster, and what is made of it. */
interface Seen {
  readonly desired: DesiredState;
  readonly plan: Plan;
  readonly report: StatusReport;
  /** Until it is worth another look. */
  readonly rest: () => Promise<void>;
}

/** To its end, whoever makes the passes. */
async function follow(before: Seen, ended: Promise<never>, options: RestartOptions): Promise<ExitCode> {
  const { name, terminal } = options;
  const progress = new Progress(terminal);
  const [decision, { problem }] = partOf(before, name);
  let course = courseBefore(decision, problem);
  for (let seen = before; ;) {
    const passes = await options.passes();
    if (passes === undefined) seen = await Promise.race([ended, watchAgain(seen, options)]);
    else seen = await pass(passes, seen.desired, options);
    if (passes !== undefined) progress.show(seen.report);
    const why = whyNotKept(name, seen.desired);
    if (why !== undefined) return refuse(terminal, `${why}\n`);
    const [now, status] = partOf(seen, name);
    course = courseAfter(course, now, status.problem);
    const end = endOf(course, now, status.problem);
    if (end !== undefined) return conclude(end, status, terminal);
    await seen.rest();
  }
}

function conclude(end: End, status: ServiceStatus, terminal: Terminal): ExitCode {
  if (end.status === 'stuck') {
    tellTrouble(status, end.message, terminal);
    return EXIT.error;
  }
  terminal.out(`${status.name} was restarted.\n`);
  return EXIT.done;
}

/** What a look says of one service that is wanted. */
function partOf({ plan: { decisions }, report: { services } }: Seen, name: string): [Decision, ServiceStatus] {
  const decision = decisions.find(({ view }) => view.name === name);
  const status = services.find((each) => each.name === name);
  if (decision === undefined || status === undefined) throw new Error(`Nothing is known of a service ${name}.`);
  return [decision, status];
}

/** What another process keeps the cluster equal to may change at any time. */
async function watchAgain(last: Seen, options: RestartOptions): Promise<Seen> {
  return await watch((await options.desired()) ?? last.desired, last.plan.memory, options);
}

async function watch(desired: DesiredState, memory: Memory, options: RestartOptions): Promise<Seen> {
  const { reporter, prune, clock, signal, anew } = options;
  const state = await anew((seeing) => look({ ...options, ...seeing, now: clock.now() }, desired));
  const made = plan(desired, state, memory, clock.now(), prune);
  const tried = desired.revision.id;
  const report = await reporter.status(desired, { state, plan: made, steady: false }, { tried, problems: [] });
  return { desired, plan: made, report, rest: () => delay(POLL, undefined, { signal }) };
}

async function pass(passes: Passes, desired: DesiredState, { signal }: RestartOptions): Promise<Seen> {
  const { reconciler, reporter, wake } = passes;
  const made = await reconciler.pass(desired, signal);
  const report = await reporter.status(desired, made, { tried: desired.revision.id, problems: [] });
  const rest = async () => {
    await wake.sleep(made.moved ? NEXT : POLL, signal, made.rest);
    signal.throwIfAborted();
  };
  return { desired, plan: made.plan, report, rest };
}

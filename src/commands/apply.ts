import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { settle, type SettleOptions } from '../app/settle.ts';
import { desire } from '../core/desire.ts';
import { isServing } from '../core/status/serving.ts';
import type { JobStatus, LoadBalancerStatus, ServiceStatus, StatusReport } from '../core/status/status.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { plan, type PlanOptions } from './plan.ts';
import { Progress } from './progress.ts';
import type { Terminal } from './terminal.ts';

export interface ApplyOptions extends Omit<PlanOptions, 'format' | 'detailedExitCode'> {
  /** Do not ask. */
  readonly yes: boolean;
  /** Where the answer comes from, if anybody can be asked. */
  readonly input: NodeJS.ReadStream;
  /** Makes these manifests the ones that the cluster is kept equal to. */
  readonly takeUp: () => Promise<unknown>;
  readonly passes: Omit<SettleOptions, 'desired' | 'onStatus'>;
  readonly signal: AbortSignal;
}

/** Passes until nothing is left to do, with live progress. */
export async function apply(options: ApplyOptions): Promise<ExitCode> {
  const { terminal, set, cluster, revision, signal } = options;
  const planned = await plan({ ...options, format: 'text', detailedExitCode: true });
  if (planned === EXIT.error || planned === EXIT.invalid) return planned;
  if (planned === EXIT.changes && !options.yes && !(await confirm(options))) return EXIT.error;
  await options.takeUp();
  const progress = new Progress(terminal);
  const desired = desire(set.manifests, { cluster, revision });
  const status = await settle({ ...options.passes, desired, onStatus: (each) => progress.show(each) }, signal);
  return conclude(status, terminal);
}

async function confirm({ input, terminal, signal }: ApplyOptions): Promise<boolean> {
  if (!input.isTTY) {
    terminal.err('Nobody can be asked here whether to go on: add --yes.\n');
    return false;
  }
  const questions = createInterface({ input, output: process.stderr });
  try {
    // A question that nobody answers any more never ends by itself.
    const left = once(questions, 'close').then(() => '');
    const answer = await Promise.race([questions.question('Apply this plan? (yes/no) ', { signal }), left]);
    if (answer.trim() === 'yes') return true;
  } finally {
    questions.close();
  }
  terminal.err('Nothing was changed.\n');
  return false;
}

/** What has come of it, and the exit code that says so. */
function conclude(status: StatusReport, terminal: Terminal): ExitCode {
  const { palette } = terminal;
  const services = status.services.filter((each) => each.state !== 'steady' && each.state !== 'disabled');
  const jobs = status.jobs.filter((each) => each.problem !== undefined);
  const loadBalancers = status.loadBalancers.filter((each) => !isServing(each));
  for (const each of [...jobs, ...services, ...loadBalancers]) tellTrouble(each, each.problem?.message, terminal);
  for (const problem of status.problems) terminal.err(`${palette.bad(problem.reason)}: ${problem.message}\n`);
  if (!status.ready) return EXIT.error;
  const done = status.jobs.filter((each) => each.state === 'succeeded').length;
  const runs = done === 0 ? '' : `, ${done} ${done === 1 ? 'job' : 'jobs'} done`;
  terminal.out(palette.good(`Done: ${status.services.length} of ${status.services.length} services steady${runs}.\n`));
  return EXIT.done;
}

/** What is wrong with a service, a job or a load balancer, in a sentence, with the last lines of its log. */
export function tellTrouble(
  { name, state, problem }: Pick<ServiceStatus | JobStatus | LoadBalancerStatus, 'name' | 'state' | 'problem'>,
  message: string | undefined,
  { err, palette }: Terminal,
): void {
  err(`${palette.bad(`${name} is ${state}`)}${message === undefined ? '' : `: ${message}`}\n`);
  for (const line of problem?.logTail ?? []) err(`    ${line}\n`);
}

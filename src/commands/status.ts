import type { Reporter } from '../app/reporter.ts';
import type { DesiredState } from '../core/desire.ts';
import { NO_MEMORY } from '../core/rollout/memory.ts';
import { plan, type PrunePermission } from '../core/plan/plan.ts';
import type { Balancer, Runtime } from '../core/ports.ts';
import type { Problem } from '../core/reason.ts';
import { verdictOf } from '../core/status/markdown.ts';
import type { ServiceStatus, StatusReport } from '../core/status/status.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { desiredOf, type LastGood } from './last-good.ts';
import type { Terminal } from './terminal.ts';

export interface StatusOptions {
  readonly name?: string;
  readonly format: 'text' | 'json';
  readonly lastGood: LastGood;
  /** Why services of it are held back. */
  readonly refused: readonly Problem[];
  /** What `run` has said last. */
  readonly lastStatus?: StatusReport;
  readonly cluster: string;
  readonly runtime: Runtime;
  readonly balancer: Balancer;
  readonly reporter: Reporter;
  readonly prune: PrunePermission;
  readonly now: number;
  readonly terminal: Terminal;
}

/** What Docker and HAProxy say now, beside what the last good revision wants. */
export async function status(options: StatusOptions): Promise<ExitCode> {
  const { lastGood, cluster, terminal, name } = options;
  const desired = desiredOf(lastGood, cluster);
  const report = await observed(options, desired);
  const services = report.services.filter((each) => name === undefined || each.name === name);
  if (name !== undefined && services.length === 0) {
    terminal.err(`${name}: unknown. It has never been deployed here.\n`);
    return EXIT.error;
  }
  if (options.format === 'json') terminal.out(`${JSON.stringify({ ...report, services }, null, 2)}\n`);
  else terminal.out(text({ ...report, services }, name !== undefined, terminal));
  return EXIT.done;
}

async function observed(options: StatusOptions, desired: DesiredState): Promise<StatusReport> {
  const { runtime, balancer, reporter, prune, now } = options;
  const state = { runtime: await runtime.observe(), balancer: await balancer.observe() };
  const made = plan(desired, state, NO_MEMORY, now, prune);
  const steady = made.decisions.every((each) => each.steady);
  const known = options.lastGood === undefined ? [] : [...options.refused, ...made.problems];
  return await reporter.status(
    desired,
    { state, plan: { ...made, problems: [] }, steady },
    {
      tried: options.lastStatus?.revision.tried ?? desired.revision.id,
      problems: [...ofRepository(options.lastStatus, known), ...known],
    },
  );
}

/** Why the repository, or its newest revision, was not taken when `run` last looked; only it looks there. */
function ofRepository(lastStatus: StatusReport | undefined, known: readonly Problem[]): Problem[] {
  const told = new Set(known.map(({ message }) => message));
  const problems = lastStatus?.problems ?? [];
  return problems.filter(({ layer, message }) => (layer === 'git' || layer === 'validation') && !told.has(message));
}

function text(report: StatusReport, isDetailed: boolean, terminal: Terminal): string {
  const { palette } = terminal;
  const { lastGood, message } = report.revision;
  const revision =
    lastGood === ''
      ? 'nothing has been deployed from this state directory'
      : `${lastGood.slice(0, 10)} ${message.split('\n')[0] ?? ''}`;
  const lines = [
    `${palette.bold(report.cluster)}: ${verdictOf(report)}`,
    palette.dim(revision),
    ...report.services.flatMap((each) => [serviceLine(each, terminal), ...details(each, isDetailed)]),
    ...report.loadBalancers.map((each) => `${each.name} → ${each.service}  ${each.state}  ${each.urls.join(' ')}`),
    ...report.problems.map((each) => `${placeOf(each)}${palette.bad(each.reason)}: ${each.message}`),
  ];
  return `${lines.join('\n')}\n`;
}

function placeOf({ file, line = 1, column = 1 }: Problem): string {
  return file === undefined ? '' : `${file}:${line}:${column}: `;
}

function serviceLine({ name, state, release, running, desired, image }: ServiceStatus, { palette }: Terminal): string {
  const paint = state === 'steady' ? palette.good : state === 'disabled' ? palette.dim : palette.warn;
  return `${paint(state.padEnd(12))} ${palette.bold(name)}  ${running}/${desired}  ${release}  ${image}`;
}

function details({ instances, problem, rollout, warnings = [] }: ServiceStatus, isDetailed: boolean): string[] {
  const trouble =
    problem === undefined
      ? []
      : [`    ${problem.reason}: ${problem.message}`, ...(problem.logTail ?? []).map((line) => `      ${line}`)];
  const notes = warnings.map(({ code, message }) => `    warning (${code}): ${message}`);
  const way =
    rollout === undefined
      ? []
      : [`    ${rollout.from} → ${rollout.to}: ${rollout.step}, ${rollout.ready} of ${rollout.total} ready`];
  if (!isDetailed) return [...way, ...trouble, ...notes];
  const rows = instances.map((each) => {
    const ports = each.ports.map((port) => `${port.hostPort}→${port.port}/${port.protocol}`).join(' ');
    const since = each.since === undefined ? '' : `since ${each.since}`;
    return `    ${each.release}/${each.slot}  ${each.state}  ${each.health}  ${each.address ?? ''} ${ports} ${since}  restarts ${each.restarts}${each.error === undefined ? '' : `  ${each.error}`}`;
  });
  return [...way, ...rows, ...trouble, ...notes];
}

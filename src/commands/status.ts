import type { Reporter } from '../app/reporter.ts';
import { backendsText } from '../core/backends.ts';
import type { DesiredState } from '../core/desire.ts';
import { NO_MEMORY } from '../core/rollout/memory.ts';
import { plan, type PrunePermission } from '../core/plan/plan.ts';
import type { Problem } from '../core/reason.ts';
import { lastRunWords, verdictOf } from '../core/status/markdown.ts';
import type {
  JobStatus,
  LoadBalancerStatus,
  NodeStatus,
  ProblemStatus,
  ServiceStatus,
  StatusReport,
} from '../core/status/status.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { desiredOf, type LastGood } from './last-good.ts';
import { look, type Seeing } from './look.ts';
import type { Terminal } from './terminal.ts';

export interface StatusOptions extends Seeing {
  readonly name?: string;
  readonly format: 'text' | 'json';
  readonly lastGood: LastGood;
  /** Why services of it are held back. */
  readonly refused: readonly Problem[];
  /** What `run` has said last. */
  readonly lastStatus?: StatusReport;
  readonly cluster: string;
  readonly reporter: Reporter;
  readonly prune: PrunePermission;
  readonly terminal: Terminal;
}

/** What Docker and HAProxy say now, beside what the last good revision wants. */
export async function status(options: StatusOptions): Promise<ExitCode> {
  const { lastGood, cluster, terminal, name } = options;
  const desired = desiredOf(lastGood, cluster);
  const report = await observed(options, desired);
  const isAsked = (each: { readonly name: string }) => name === undefined || each.name === name;
  const shown = {
    ...report,
    services: report.services.filter(isAsked),
    jobs: report.jobs.filter(isAsked),
    loadBalancers: report.loadBalancers.filter((each) => isAsked(each) || leadsTo(each, name)),
  };
  if (name !== undefined && shown.services.length + shown.jobs.length + shown.loadBalancers.length === 0) {
    terminal.err(`${name}: unknown. It has never been deployed here.\n`);
    return EXIT.error;
  }
  if (options.format === 'json') terminal.out(`${JSON.stringify(shown, null, 2)}\n`);
  else terminal.out(text(shown, name !== undefined, terminal));
  return EXIT.done;
}

function leadsTo({ backends, members }: LoadBalancerStatus, name: string | undefined): boolean {
  return [...backends, ...members].some(({ service }) => service === name);
}

async function observed(options: StatusOptions, desired: DesiredState): Promise<StatusReport> {
  const { reporter, prune, now } = options;
  const state = await look(options, desired);
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
    ...report.jobs.flatMap((each) => [jobLine(each, terminal), ...jobDetails(each, isDetailed)]),
    ...report.loadBalancers.flatMap((each) => [loadBalancerLine(each), ...loadBalancerDetails(each, isDetailed)]),
    ...report.nodes.flatMap((each) => nodeWarnings(each, terminal)),
    ...report.problems.map((each) => `${placeOf(each)}${palette.bad(each.reason)}: ${each.message}`),
  ];
  return `${lines.join('\n')}\n`;
}

function loadBalancerLine({ name, backends, state, urls }: LoadBalancerStatus): string {
  return `${name} → ${backendsText(backends)}  ${state}  ${urls.join(' ')}`;
}

function loadBalancerDetails(loadBalancer: LoadBalancerStatus, isDetailed: boolean): string[] {
  const { certificate, problem, warnings = [] } = loadBalancer;
  const shown =
    certificate === undefined
      ? []
      : [`    certificate of ${certificate.issuer} for ${certificate.names.join(', ')}, until ${certificate.expires}`];
  const notes = warnings.map(({ code, message }) => `    warning (${code}): ${message}`);
  return [...(isDetailed ? [...memberLines(loadBalancer), ...shown] : []), ...troubleOf(problem), ...notes];
}

function memberLines({ members, queue }: LoadBalancerStatus): string[] {
  const rows = members.map((each) => {
    const figures = (['weight', 'sessions', 'requests', 'errors', 'queue'] as const).map(
      (what) => `${what} ${each[what]}`,
    );
    const who = `${each.service}@${each.release}/${each.instance}`;
    return `    ${who}  ${each.address}  ${each.state}  ${each.description}  ${figures.join('  ')}`;
  });
  const waiting = queue === 0 ? [] : [`    ${queue} waiting`];
  return [...rows, ...waiting];
}

function nodeWarnings({ name, warnings = [] }: NodeStatus, { palette }: Terminal): string[] {
  return warnings.map(({ code, message }) => `${palette.warn(code)}: ${name}: ${message}`);
}

function placeOf({ file, line = 1, column = 1 }: Problem): string {
  return file === undefined ? '' : `${file}:${line}:${column}: `;
}

function serviceLine({ name, state, release, running, desired, image }: ServiceStatus, { palette }: Terminal): string {
  const paint = state === 'steady' ? palette.good : state === 'disabled' ? palette.dim : palette.warn;
  return `${paint(state.padEnd(12))} ${palette.bold(name)}  ${running}/${desired}  ${release}  ${image}`;
}

function jobLine({ name, state, release, runs: [last], nextRun, image }: JobStatus, { palette }: Terminal): string {
  const isWell = state === 'succeeded' || state === 'scheduled';
  const paint = isWell ? palette.good : state === 'disabled' ? palette.dim : palette.warn;
  const run = last === undefined ? '' : `  run ${lastRunWords(last)}`;
  const next = nextRun === undefined ? '' : `  next ${nextRun}`;
  return `${paint(state.padEnd(12))} ${palette.bold(name)}  job  ${release}  ${image}${run}${next}`;
}

function jobDetails({ runs, problem, schedule }: JobStatus, isDetailed: boolean): string[] {
  const trouble = troubleOf(problem);
  if (!isDetailed) return trouble;
  const rows = runs.map(({ run, release, state, startedAt = '', finishedAt = '', exitCode, retries }) => {
    const end = exitCode === undefined ? '' : `  ${finishedAt}  exit code ${exitCode}`;
    return `    run ${run}  ${release}  ${state}  ${startedAt}${end}${retries === 0 ? '' : `  retries ${retries}`}`;
  });
  return [...(schedule === undefined ? [] : [`    schedule ${schedule}`]), ...rows, ...trouble];
}

function troubleOf(problem: ProblemStatus | undefined): string[] {
  if (problem === undefined) return [];
  return [`    ${problem.reason}: ${problem.message}`, ...(problem.logTail ?? []).map((line) => `      ${line}`)];
}

function details({ instances, problem, rollout, warnings = [] }: ServiceStatus, isDetailed: boolean): string[] {
  const trouble = troubleOf(problem);
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

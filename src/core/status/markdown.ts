import { isServing } from './serving.ts';
import type { JobStatus, LoadBalancerStatus, RunStatus, ServiceStatus, StatusReport } from './status.ts';

/** STATUS.md: the report for people who look at the branch. Its text depends on the report's meaning alone. */
export function statusMarkdown(status: StatusReport): string {
  const sections = [
    headline(status),
    revision(status),
    table('Services', ['Service', 'State', 'Release', 'Ready', 'Image'], status.services.map(serviceRow)),
    table('Jobs', ['Job', 'State', 'Release', 'Last run', 'Next run'], status.jobs.map(jobRow)),
    table(
      'Load balancers',
      ['Load balancer', 'State', 'Address', 'Members'],
      status.loadBalancers.map(loadBalancerRow),
    ),
    problems(status),
    warnings(status),
    events(status),
  ];
  return `${sections.filter((each) => each !== '').join('\n\n')}\n`;
}

/** The one line that says it all; also the subject of the status commit. */
export function verdictOf(status: StatusReport): string {
  const { services, jobs, loadBalancers, problems, unscheduled } = status;
  const steady = services.filter((each) => each.state === 'steady' || each.state === 'disabled').length;
  const troubled = services.filter((each) => each.state !== 'steady' && each.state !== 'disabled');
  if (status.ready) return `${services.length} of ${services.length} services steady`;
  const parts = [
    ...[...troubled, ...jobs.filter(isOpen)].map((each) => `${each.name} ${each.state}`).slice(0, 5),
    ...loadBalancers
      .filter((each) => !isServing(each))
      .map(routeTrouble)
      .slice(0, 5),
    ...(problems.length > 0 ? [`${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`] : []),
    ...(unscheduled.length > 0 ? [`${unscheduled.length} unscheduled`] : []),
  ];
  return `${steady} of ${services.length} services steady; ${parts.join(', ')}`;
}

/** `the route shop pending`, or what is wrong with one that serves. */
function routeTrouble({ name, state, problem }: LoadBalancerStatus): string {
  return `the route ${name} ${state === 'serving' ? (problem?.reason ?? state) : state}`;
}

/** It keeps the whole from being as it should be. */
function isOpen({ state, schedule, problem }: JobStatus): boolean {
  return problem !== undefined || state === 'pending' || (state === 'running' && schedule === undefined);
}

function headline(status: StatusReport): string {
  return `# ${status.cluster}: ${verdictOf(status)}`;
}

function revision({ revision: { tried, applied, lastGood, message } }: StatusReport): string {
  const subject = message.split('\n')[0] ?? '';
  const lines = [`Revision kept: \`${short(lastGood)}\` ${escape(subject)}`];
  if (applied !== lastGood)
    lines.push(`Last one reached in full: ${applied === '' ? 'none yet' : `\`${short(applied)}\``}`);
  if (tried !== lastGood) lines.push(`Newest, not taken: \`${short(tried)}\``);
  return lines.join('  \n');
}

function short(id: string): string {
  return /^[0-9a-f]{40,}/.test(id) ? id.slice(0, 10) : id;
}

function serviceRow(service: ServiceStatus): string[] {
  const { name, state, release, running, desired, image } = service;
  return [name, state, release, `${running} of ${desired}`, image];
}

function jobRow({ name, state, release, runs: [last], nextRun }: JobStatus): string[] {
  return [name, state, release, last === undefined ? '' : lastRunWords(last), nextRun ?? ''];
}

/** `3 succeeded 2026-11-30T03:00:04Z` */
export function lastRunWords({ run, state, startedAt, finishedAt }: RunStatus): string {
  return `${run} ${state} ${finishedAt ?? startedAt ?? ''}`.trimEnd();
}

function loadBalancerRow({ name, state, urls, members }: LoadBalancerStatus): string[] {
  const healthy = members.filter((each) => each.state === 'healthy').length;
  return [name, state, urls.join(' '), `${healthy} of ${members.length} healthy`];
}

function problems(status: StatusReport): string {
  const own = status.problems.map((each) => {
    const place = each.file === undefined ? '' : `${each.file}:${each.line ?? 1}:${each.column ?? 1}: `;
    return `- \`${each.reason}\` ${place}${escape(each.message)}`;
  });
  const ofServices = [...status.services, ...status.jobs, ...status.loadBalancers].flatMap(({ name, problem }) => {
    if (problem === undefined) return [];
    const log = (problem.logTail ?? []).map((line) => `      ${line}`);
    return [`- \`${problem.reason}\` ${name}: ${escape(problem.message)}`, ...(log.length > 0 ? ['', ...log, ''] : [])];
  });
  const lines = [...own, ...ofServices];
  return lines.length === 0 ? '' : `## Problems\n\n${lines.join('\n')}`;
}

function warnings({ services, loadBalancers, nodes }: StatusReport): string {
  const lines = [...nodes, ...services, ...loadBalancers].flatMap(({ name, warnings: own = [] }) =>
    own.map(({ code, message }) => `- \`${code}\` ${name}: ${escape(message)}`),
  );
  return lines.length === 0 ? '' : `## Warnings\n\n${lines.join('\n')}`;
}

function events({ events: list }: StatusReport): string {
  const lines = list.slice(0, 20).map(({ at, object, message }) => `- ${at} ${object}: ${escape(message)}`);
  return lines.length === 0 ? '' : `## Events\n\n${lines.join('\n')}`;
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]) => `| ${cells.map(escape).join(' | ')} |`;
  return [`## ${title}\n`, line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Texts of manifests, commits and servers are shown, never rendered. */
function escape(text: string): string {
  return text.replaceAll('\n', ' ').replace(/[\\`*_{}[\]<>|#]/g, '\\$&');
}

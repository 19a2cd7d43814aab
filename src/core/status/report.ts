import type { DesiredState } from '../desire.ts';
import { diskWarning, type Disk } from '../disk.ts';
import { backendsText, byService } from '../backends.ts';
import type { Backend, LoadBalancer } from '../model.ts';
import type { CheckResult, ObservedState } from '../observed.ts';
import type { Placement, Unscheduled } from '../placement.ts';
import type { Plan } from '../plan/plan.ts';
import { layerOf, type Problem } from '../reason.ts';
import type { JobDecision } from '../jobs/decide.ts';
import type { Decision } from '../rollout/decide.ts';
import { leadsTo } from '../rollout/weights.ts';
import { failuresByRelease, sharedFailures, type Failure } from '../rollout/memory.ts';
import { groupBy } from '../group.ts';
import { servicesOfSet, type Colour, type Member, type Pool, type Route } from '../routing.ts';
import { evidenceOf } from '../rollout/decide.ts';
import { jobStatus } from './job-status.ts';
import { sightings, type Sighting } from './moved-tag.ts';
import { serviceStatus } from './service-status.ts';
import type {
  Capacity,
  DiskStatus,
  EventStatus,
  JobStatus,
  LoadBalancerStatus,
  MemberStatus,
  NodeStatus,
  ProblemStatus,
  QuarantineStatus,
  RevisionStatus,
  StatusReport,
} from './status.ts';

export interface ReportContext {
  readonly desired: DesiredState;
  readonly state: ObservedState;
  readonly plan: Plan;
  readonly revision: RevisionStatus;
  /** What is wrong beside the services: with the newest revision, with git, with the balancer. */
  readonly problems: readonly Problem[];
  readonly events: readonly EventStatus[];
  /** Last lines of what failed, by service. */
  readonly logTails: Readonly<Record<string, readonly string[]>>;
  /** The balancer's own port, for addresses. */
  readonly httpPort: number;
  readonly observedAt: Date;
}

const MB = 1024 * 1024;

/** The context by what is looked up in it for each service and load balancer. */
export interface IndexedContext extends ReportContext {
  /** By load balancer. */
  readonly routes: ReadonlyMap<string, Route>;
  /** By service. */
  readonly loadBalancers: ReadonlyMap<string, readonly LoadBalancer[]>;
  readonly decisions: ReadonlyMap<string, Decision>;
  /** By job. */
  readonly jobs: ReadonlyMap<string, JobDecision>;
  readonly refused: ReadonlyMap<string, readonly Unscheduled[]>;
  /** What steps ran into last, by release: `web@3f9c1a2`. */
  readonly failures: ReadonlyMap<string, readonly Failure[]>;
  /** By service, as far as they have been looked for. */
  readonly problemsSeen: Map<string, ProblemStatus | undefined>;
  /** By image reference. */
  readonly sightings: ReadonlyMap<string, readonly Sighting[]>;
}

/** What is there, what is wrong, and where: the whole of it from one pass. */
export function report(given: ReportContext): StatusReport {
  const context = indexed(given);
  const { desired, state, plan, revision, events, observedAt } = context;
  const wanted = plan.decisions.filter((each) => each.view.desired !== undefined);
  const services = wanted.map((each) => serviceStatus(each, context));
  const jobs = plan.jobs.flatMap((each) => jobStatus(each, context));
  const loadBalancers = desired.loadBalancers.map((each) => loadBalancerStatus(each, context));
  const problems = [...context.problems, ...plan.problems, ...sharedProblems(state, plan)];
  const isFine =
    services.every((each) => each.state === 'steady' || each.state === 'disabled') &&
    jobs.every(isInOrder) &&
    loadBalancers.every((each) => each.state === 'serving' || each.state === 'no-members');
  return {
    version: 1,
    cluster: desired.cluster,
    runtime: 'engine',
    revision,
    ready: isFine && problems.length === 0 && plan.unscheduled.length === 0,
    services,
    jobs,
    loadBalancers,
    nodes: [nodeStatus(state, plan)],
    unscheduled: plan.unscheduled,
    quarantined: wanted.flatMap((each) => quarantine(each, revision)),
    problems,
    events,
    observedAt: observedAt.toISOString(),
  };
}

/** It has done what it is there for, or will when its time comes. */
function isInOrder({ state, schedule, problem }: JobStatus): boolean {
  const isQuiet = state === 'succeeded' || state === 'scheduled' || state === 'disabled';
  return problem === undefined && (isQuiet || (state === 'running' && schedule !== undefined));
}

/** The report of who has not seen anything yet. */
export function blankReport(cluster: string, observedAt: Date): StatusReport {
  return {
    version: 1,
    cluster,
    runtime: 'engine',
    revision: { tried: '', applied: '', lastGood: '', message: '', author: '', at: new Date(0).toISOString() },
    ready: false,
    services: [],
    jobs: [],
    loadBalancers: [],
    nodes: [],
    unscheduled: [],
    quarantined: [],
    problems: [],
    events: [],
    observedAt: observedAt.toISOString(),
  };
}

function indexed(context: ReportContext): IndexedContext {
  const { desired, state, plan } = context;
  return {
    ...context,
    routes: new Map((state.balancer.table?.routes ?? []).map((each) => [each.loadBalancer, each])),
    loadBalancers: byService(desired.loadBalancers),
    decisions: new Map(plan.decisions.map((each) => [each.view.name, each])),
    jobs: new Map(plan.jobs.map((each) => [each.view.name, each])),
    refused: groupBy(plan.unscheduled, (each) => each.service),
    sightings: sightings(plan.decisions, plan.memory),
    failures: failuresByRelease(plan.memory),
    problemsSeen: new Map(),
  };
}

/** What is wrong with what belongs to no one service: the balancer's own word counts more than that of our last try. */
function sharedProblems({ balancer: { problem } }: ObservedState, { memory }: Plan): Problem[] {
  const own: Problem[] =
    problem === undefined ? [] : [{ layer: layerOf(problem.reason), reason: problem.reason, message: problem.message }];
  const tried = Object.values(sharedFailures(memory)).map((each) => each.problem);
  return [...own, ...tried.filter((each) => each.reason !== problem?.reason)];
}

function quarantine({ view, progress }: Decision, revision: RevisionStatus): QuarantineStatus[] {
  const evidence = progress && evidenceOf(progress);
  if (progress === undefined || evidence === undefined) return [];
  const reason = view.conditions.get(evidence.id)?.description ?? 'failed';
  return [{ service: view.name, release: `${view.name}@${evidence.release}`, revision: revision.tried, reason }];
}

function loadBalancerStatus(loadBalancer: LoadBalancer, context: IndexedContext): LoadBalancerStatus {
  const { state, routes, decisions } = context;
  const { name, backends } = loadBalancer;
  const route = routes.get(name);
  const members = route === undefined ? [] : [...membersOf(route, 'a', state), ...membersOf(route, 'b', state)];
  const queue = state.balancer.queues?.[name] ?? 0;
  const base = { name, backends, urls: urlsOf(loadBalancer, context), queue, members };
  if (route === undefined) return { ...base, state: 'pending' };
  const pool = route.pools[route.active];
  if (pool.set !== '' && !leadsTo(pool, backends)) {
    const message = `${name} still leads to ${currentText(pool)}: ${waitsFor(backends, pool).join(' and ')} not ready as a whole.`;
    return { ...base, state: 'target-not-ready', problem: { layer: 'lb', reason: 'target-not-ready', message } };
  }
  const serving = members.filter((each) => each.weight > 0);
  if (serving.some((each) => each.state === 'healthy')) return { ...base, state: 'serving' };
  if (serving.some((each) => each.state === 'starting')) return { ...base, state: 'pending' };
  const counts = backends
    .filter(({ weight }) => weight > 0)
    .map(
      ({ service }) => `${service} has no ready instance of ${decisions.get(service)?.view.desired?.instances ?? 0}`,
    );
  const message = `${name} answers 503: ${counts.join(', ')}.`;
  return { ...base, state: 'no-members', problem: { layer: 'lb', reason: 'no-members', message } };
}

/** What it leads to for now. */
function currentText({ set, weights }: Pool): string {
  return backendsText(servicesOfSet(set).map((service) => ({ service, weight: weights?.[service] ?? 100 })));
}

/** `web is`, or those of several that are to join, or to get more. */
function waitsFor(backends: readonly Backend[], { set }: Pool): readonly string[] {
  const wanted = backends.filter(({ weight }) => weight > 0).map(({ service }) => service);
  const missing = wanted.filter((each) => !servicesOfSet(set).includes(each));
  return (missing.length > 0 ? missing : wanted).map((each) => `${each} is`);
}

/** Where clients find it. */
export function urlsOf(
  { listen, hostnames, path }: Pick<LoadBalancer, 'listen' | 'hostnames' | 'path'>,
  { httpPort, state }: Pick<ReportContext, 'httpPort' | 'state'>,
): string[] {
  if (listen !== undefined) return [`tcp://${state.runtime.node.name}:${listen}`];
  const port = httpPort === 80 ? '' : `:${httpPort}`;
  return hostnames.map((hostname) => `http://${hostname}${port}${path}`);
}

function membersOf(route: Route, colour: Colour, { balancer }: ObservedState): MemberStatus[] {
  return route.pools[colour].members.map((member) => {
    const check = balancer.checks[`${member.check}/${member.id}`];
    const figures = balancer.members[`${route.loadBalancer}/${colour}/${member.id}`];
    return {
      service: member.service,
      release: member.release,
      instance: member.slot,
      address: `${member.address}:${member.port}`,
      state: memberState(member, check),
      description: check?.description ?? 'not checked yet',
      weight:
        colour === route.active && member.state === 'active'
          ? (route.pools[colour].weights?.[member.service] ?? 100)
          : 0,
      sessions: figures?.sessions ?? 0,
      requests: figures?.requests ?? 0,
      errors: figures?.errors ?? 0,
      queue: figures?.queue ?? 0,
    };
  });
}

function memberState(member: Member, check: CheckResult | undefined): MemberStatus['state'] {
  if (member.state === 'draining') return 'draining';
  if (check === undefined || check.check === 'starting') return 'starting';
  return check.check === 'up' ? 'healthy' : 'unhealthy';
}

function nodeStatus({ runtime }: ObservedState, plan: Pick<Plan, 'free'>): NodeStatus {
  const { name, capabilities, engineVersion, cpu, memory, disk } = runtime.node;
  const warning = disk && diskWarning(disk);
  return {
    name,
    availability: 'active',
    state: 'ready',
    capabilities,
    engineVersion,
    cpu: capacity(cpu, plan.free.cpu, (cores) => Math.round(cores * 1000) / 1000),
    memory: capacity(memory, plan.free.memory, inMegabytes),
    ...(disk && { disk: diskStatus(disk) }),
    ...(warning && { warnings: [warning] }),
  };
}

function diskStatus({ size, free }: Disk): DiskStatus {
  return { total: inMegabytes(size), used: inMegabytes(size - free), free: inMegabytes(free) };
}

function inMegabytes(bytes: number): number {
  return Math.floor(bytes / MB);
}

function capacity(total: number, free: Placement['free']['cpu'], rounded: (value: number) => number): Capacity {
  return { total: rounded(total), reserved: rounded(total - free), free: rounded(free) };
}

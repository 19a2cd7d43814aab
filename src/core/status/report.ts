import type { DesiredState } from '../desire.ts';
import { diskWarning, type Disk } from '../disk.ts';
import { byService } from '../backends.ts';
import type { LoadBalancer } from '../load-balancer.ts';
import type { ObservedState } from '../observed.ts';
import type { Placement, Unscheduled } from '../placement.ts';
import type { Plan } from '../plan/plan.ts';
import { layerOf, type Problem } from '../reason.ts';
import type { JobDecision } from '../jobs/decide.ts';
import type { Decision } from '../rollout/decide.ts';
import { failuresByRelease, sharedFailures, type Failure } from '../rollout/memory.ts';
import { groupBy } from '../group.ts';
import type { Route } from '../routing.ts';
import { evidenceOf } from '../rollout/decide.ts';
import { jobStatus } from './job-status.ts';
import { loadBalancerStatus } from './load-balancer-status.ts';
import { isServing } from './serving.ts';
import { sightings, type Sighting } from './moved-tag.ts';
import { serviceStatus } from './service-status.ts';
import type {
  Capacity,
  DiskStatus,
  EventStatus,
  JobStatus,
  NodeStatus,
  ProblemStatus,
  QuarantineStatus,
  RevisionStatus,
  StatusReport,
} from './status.ts';

export interface BalancerPorts {
  readonly http: number;
  readonly https: number;
}

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
  /** The balancer's own ports, for addresses. */
  readonly balancerPorts: BalancerPorts;
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
    loadBalancers.every(isServing);
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

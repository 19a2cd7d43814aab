import { groupBy } from '../group.ts';
import type { Layer } from '../reason.ts';
import { canonicalJson } from '../release.ts';
import type {
  InstanceStatus,
  JobStatus,
  LoadBalancerStatus,
  MemberStatus,
  NodeStatus,
  ProblemStatus,
  ServiceStatus,
  StatusReport,
} from './status.ts';

/** The report without what changes all the time: two reports with one meaning are worth one commit. */
export function meaningOf({ observedAt: _, ...status }: StatusReport): string {
  const events = groupBy(status.events, ({ type, object, message }) => `${type} ${object} ${message}`);
  return canonicalJson({
    ...status,
    services: status.services.map(meaningOfService),
    jobs: status.jobs.map(meaningOfJob),
    loadBalancers: status.loadBalancers.map(meaningOfLoadBalancer),
    nodes: status.nodes.map(meaningOfNode),
    // What happens again and again is news at 1, 2, 4, 8 … times.
    events: [...events].map(([text, same]) => `${text} ×${magnitude(same.length)}`).sort(),
  });
}

function meaningOfService({ instances, problem, ...service }: ServiceStatus): object {
  return { ...service, instances: instances.map(meaningOfInstance), problem: problem && meaningOfProblem(problem) };
}

function meaningOfJob({ problem, runs, ...job }: JobStatus): object {
  const meant = runs.map((each) => ({ ...each, retries: magnitude(each.retries) }));
  return { ...job, runs: meant, problem: problem && meaningOfProblem(problem) };
}

/** While Docker starts it again and again, what it is at this very moment is no news, nor is when it last started. */
function meaningOfInstance(instance: InstanceStatus): object {
  if (instance.restarts === 0) return instance;
  const { since: _, state, health, error, ...lasting } = instance;
  const isSettled = health === 'ready' || health === 'stopped';
  return { ...lasting, restarts: magnitude(instance.restarts), ...(isSettled && { state, health, error }) };
}

/** The next power of two: a restart loop is news at 1, 2, 4, 8 … */
function magnitude(count: number): number {
  return count === 0 ? 0 : 2 ** Math.ceil(Math.log2(count));
}

/** Their words count restarts and tell of the last one; what else they say, an event does. */
const OF_INSTANCES: readonly Layer[] = ['container', 'health'];

/** Last lines of a log are worth a commit only together with what they are about. */
function meaningOfProblem({ layer, reason, message, evidence, logTail }: ProblemStatus): object {
  const words = OF_INSTANCES.includes(layer) ? undefined : message;
  return { layer, reason, evidence, words, hasLog: logTail !== undefined };
}

function meaningOfLoadBalancer({ members, queue: _queue, ...loadBalancer }: LoadBalancerStatus): object {
  return { ...loadBalancer, members: members.map(withoutFigures) };
}

function withoutFigures(each: MemberStatus): object {
  const { sessions: _sessions, requests: _requests, errors: _errors, queue: _queue, ...member } = each;
  return member;
}

/** What other clusters take of it is their news; what ours takes is told with its services. Of a disk the warning counts. */
function meaningOfNode({ cpu, memory, disk: _disk, ...node }: NodeStatus): object {
  return { ...node, cpu: cpu.total, memory: memory.total };
}

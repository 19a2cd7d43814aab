import { backendsText } from '../backends.ts';
import type { Backend, LoadBalancer } from '../load-balancer.ts';
import type { CheckResult, ObservedState } from '../observed.ts';
import { leadsTo } from '../rollout/weights.ts';
import { entryStatus, isOutOfReach } from './entry-status.ts';
import { servicesOfSet, type Colour, type Member, type Pool, type Route } from '../routing.ts';
import type { IndexedContext, ReportContext } from './report.ts';
import type { LoadBalancerStatus, MemberStatus } from './status.ts';

/** Where a load balancer leads, to whom, and what keeps it from leading where it should. */
export function loadBalancerStatus(loadBalancer: LoadBalancer, context: IndexedContext): LoadBalancerStatus {
  const { state, routes, decisions } = context;
  const { name, backends } = loadBalancer;
  const route = routes.get(name);
  const members = route === undefined ? [] : [...membersOf(route, 'a', state), ...membersOf(route, 'b', state)];
  const queue = state.balancer.queues?.[name] ?? 0;
  const urls = urlsOf(loadBalancer, context);
  const base = { name, backends, urls, queue, members, ...entryStatus(loadBalancer, route, state) };
  if (route === undefined) return { ...base, state: 'pending' };
  if (isOutOfReach(loadBalancer, route, state)) return { ...base, state: 'refused' };
  if (!loadBalancer.entry.http && route.certificate === undefined && loadBalancer.listen === undefined)
    return { ...base, state: 'pending' };
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
  { listen, externalIPs, hostnames, path, entry }: LoadBalancer,
  { balancerPorts, state }: Pick<ReportContext, 'balancerPorts' | 'state'>,
): string[] {
  if (listen !== undefined)
    return (externalIPs ?? [state.runtime.node.name]).map((host) => `tcp://${hostText(host)}:${listen}`);
  const schemes = (['https', 'http'] as const).filter(
    (scheme) => entry[scheme] && !(scheme === 'http' && entry.forceHttps),
  );
  return schemes.flatMap((scheme) => {
    const port = balancerPorts[scheme] === USUAL_PORTS[scheme] ? '' : `:${balancerPorts[scheme]}`;
    return hostnames.map((hostname) => `${scheme}://${hostname}${port}${path}`);
  });
}

const USUAL_PORTS = { http: 80, https: 443 };

function hostText(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
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

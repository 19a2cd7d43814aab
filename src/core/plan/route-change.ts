import type { Certificate } from '../certificate.ts';
import type { DesiredState } from '../desire.ts';
import { NONE, type Details } from './details.ts';
import { durationText, fieldChanges } from './fields.ts';
import { backendsText } from '../backends.ts';
import type { Backend, LoadBalancer, RouteCheck } from '../load-balancer.ts';
import type { ObservedBalancer, ObservedState } from '../observed.ts';
import type { Change } from './plan.ts';
import { servedCertificate } from '../rollout/table.ts';
import { placesOf, servicesOfSet, type Pool, type Route } from '../routing.ts';

/** What happens to the routes of the balancer, for people. */
export function routeChanges(desired: DesiredState, state: ObservedState): Change[] {
  const recorded = state.balancer.table?.routes ?? [];
  const routes = new Map(recorded.map((each) => [each.loadBalancer, each]));
  const wanted = new Set(desired.loadBalancers.map((each) => each.name));
  const known = new Map(desired.services.map(({ name, service }) => [name, service.update.preview]));
  return [
    ...desired.loadBalancers.map((each) => {
      const isAlone = each.backends.length === 1 && each.listen === undefined;
      const previews = isAlone ? each.backends.flatMap(({ service }) => known.get(service) ?? []) : [];
      return routeChange(each, previews, routes.get(each.name), state);
    }),
    ...(state.balancer.state === 'absent' ? [] : recorded)
      .filter((route) => !wanted.has(route.loadBalancer))
      .map((route) => removedRoute(route, desired)),
  ];
}

function routeChange(
  loadBalancer: LoadBalancer,
  previews: readonly string[],
  route: Route | undefined,
  state: ObservedState,
): Change {
  const details = routeDetails(loadBalancer, previews, route, state);
  return { kind: 'LoadBalancer', name: loadBalancer.name, warnings: [], ...details };
}

function routeDetails(
  loadBalancer: LoadBalancer,
  previews: readonly string[],
  route: Route | undefined,
  state: ObservedState,
): Details {
  const { name, backends } = loadBalancer;
  const to = backendsText(backends);
  const base = { drift: false, fields: [], steps: [`route ${addressOf(loadBalancer)} to ${to}`] };
  if (route === undefined) return { ...base, action: 'create', because: newWords(name, state), to };
  // Only members know their port: without any there is nothing to compare.
  const known = route.pools[route.active].members.find(({ state }) => state === 'active')?.port ?? loadBalancer.port;
  const certificate = servedCertificate(loadBalancer, state.certificates?.[name], route);
  const said = { ...fieldsOf(loadBalancer, loadBalancer.port, previews), ...certificateFields(certificate) };
  const fields = fieldChanges(
    { ...fieldsOf(route, known, route.previews), ...certificateFields(route.certificate) },
    said,
    false,
  );
  const before = backendsOf(route.pools[route.active]);
  const from = backendsText(before);
  if (from !== '' && from !== to) {
    const path = before.length === 1 && backends.length === 1 ? 'service' : 'backends';
    return {
      ...base,
      action: 'route',
      because: `${path} ${from} → ${to}`,
      from,
      to,
      fields: [...fields, { path, from, to, forcesReplacement: false }],
    };
  }
  if (fields.length > 0)
    return {
      ...base,
      action: 'route',
      because: fields.map((each) => `${each.path} ${each.from ?? '(none)'} → ${each.to ?? '(none)'}`).join('; '),
      fields,
    };
  const drift = balancerDrift(state.balancer);
  return drift === undefined ? NONE : { ...base, action: 'update', drift: true, ...drift };
}

function balancerDrift({ state, deviation }: ObservedBalancer): Pick<Change, 'because' | 'steps'> | undefined {
  if (state !== 'running') return { because: `the balancer is ${state}`, steps: ['start the balancer'] };
  if (deviation === undefined) return undefined;
  return { because: `the balancer was changed: ${deviation}`, steps: ["write the balancer's files anew", 'reload it'] };
}

/** Where the balancer is gone, what it led to is gone with it: nobody knows any more what is new. */
function newWords(name: string, { balancer, runtime }: ObservedState): string {
  const isThere = balancer.state !== 'absent' || runtime.instances.length === 0;
  return isThere ? `${name} is new` : `${name} is new, or was lost with the balancer's container`;
}

function removedRoute(route: Route, desired: DesiredState): Change {
  const message = `The route ${addressOf(route)} is removed${afterwards(route, desired)}.`;
  return {
    kind: 'LoadBalancer',
    name: route.loadBalancer,
    action: 'remove',
    because: desired.disabledLoadBalancers.includes(route.loadBalancer) ? 'enabled: false' : 'no manifest any more',
    drift: false,
    fields: [],
    steps: [`remove the route ${addressOf(route)}`],
    warnings: [{ code: 'removal', message }],
  };
}

/** What a pool leads to. */
function backendsOf({ set, weights }: Pool): readonly Backend[] {
  return servicesOfSet(set).map((service) => ({ service, weight: weights?.[service] ?? 100 }));
}

/** What becomes of the services that the route leads to. */
function afterwards(route: Route, { services }: DesiredState): string {
  const names = servicesOfSet(route.pools[route.active].set);
  const isGone = (name: string) => !services.some((each) => each.name === name);
  const gone = names.filter(isGone);
  const staying = services.filter((each) => names.includes(each.name) && each.instances > 0);
  const withIt = gone.length === 0 ? '' : `, and ${gone.map((each) => `the service ${each}`).join(' and ')} with it`;
  const on = staying.map(({ name }) => name).join(' and ');
  return `${withIt}${on === '' ? '' : `; ${on} ${staying.length === 1 ? 'goes' : 'go'} on running`}`;
}

function addressOf(route: Pick<LoadBalancer, 'listen' | 'hostnames' | 'path'>): string {
  return route.listen === undefined ? `${route.hostnames.join(', ')}${route.path}` : placesOf(route).join();
}

type Said = Pick<
  LoadBalancer,
  'listen' | 'externalIPs' | 'hostnames' | 'path' | 'stripPath' | 'entry' | 'traffic' | 'healthCheck' | 'timeouts'
>;

/** As a manifest spells it; `previews`: the host names that its services have for their other sets. */
function fieldsOf(
  { listen, externalIPs, hostnames, path, stripPath, entry, traffic, healthCheck, timeouts }: Said,
  port: number,
  previews: readonly string[],
): object {
  const { drain, ...others } = traffic;
  return {
    ...{ listen, externalIPs, hostnames, path, stripPath, ...others, drain: durationText(drain) },
    ...{ forceHttps: entry.forceHttps, ports: { http: entry.http, https: entry.https } },
    ...(healthCheck && { healthCheck: checkFields(healthCheck) }),
    ...{ timeouts, port, update: { preview: previews } },
  };
}

/** The key is no business of people who read plans: another one is another certificate to them. */
function certificateFields(certificate: Certificate | undefined): object {
  if (certificate === undefined) return {};
  const { id, names, notAfter } = certificate;
  const expires = new Date(notAfter).toISOString();
  return { tls: { certificate: `${id.slice(0, 7)} for ${names.join(', ')}, expires ${expires}` } };
}

function checkFields({ http, interval, timeout, ...others }: RouteCheck): object {
  return { ...http, ...others, interval: durationText(interval), timeout: durationText(timeout) };
}

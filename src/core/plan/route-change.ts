import type { DesiredState } from '../desire.ts';
import { NONE, type Details } from './details.ts';
import { durationText, fieldChanges } from './fields.ts';
import type { LoadBalancer, TrafficPolicy } from '../model.ts';
import type { ObservedBalancer, ObservedState } from '../observed.ts';
import type { Change } from './plan.ts';
import { serviceOfSet } from '../rollout/members.ts';
import type { Route } from '../routing.ts';

/** What happens to the routes of the balancer, for people. */
export function routeChanges(desired: DesiredState, state: ObservedState): Change[] {
  const recorded = state.balancer.table?.routes ?? [];
  const routes = new Map(recorded.map((each) => [each.loadBalancer, each]));
  const wanted = new Set(desired.loadBalancers.map((each) => each.name));
  const previews = new Map(desired.services.map(({ name, service }) => [name, service.update.preview]));
  return [
    ...desired.loadBalancers.map((each) => routeChange(each, previews.get(each.service), routes.get(each.name), state)),
    ...(state.balancer.state === 'absent' ? [] : recorded)
      .filter((route) => !wanted.has(route.loadBalancer))
      .map((route) => removedRoute(route, desired)),
  ];
}

function routeChange(
  loadBalancer: LoadBalancer,
  preview: string | undefined,
  route: Route | undefined,
  state: ObservedState,
): Change {
  const details = routeDetails(loadBalancer, preview, route, state);
  return { kind: 'LoadBalancer', name: loadBalancer.name, warnings: [], ...details };
}

function routeDetails(
  loadBalancer: LoadBalancer,
  preview: string | undefined,
  route: Route | undefined,
  state: ObservedState,
): Details {
  const { name, service } = loadBalancer;
  const base = { drift: false, fields: [], steps: [`route ${addressOf(loadBalancer)} to ${service}`] };
  if (route === undefined) return { ...base, action: 'create', because: newWords(name, state), to: service };
  const fields = fieldChanges(fieldsOfRoute(route, loadBalancer.port), fieldsOf(loadBalancer, preview), false);
  const from = serviceOfSet(route.pools[route.active].set);
  if (from !== '' && from !== service) {
    return {
      ...base,
      action: 'route',
      because: `service ${from} → ${service}`,
      from,
      to: service,
      fields: [...fields, { path: 'service', from, to: service, forcesReplacement: false }],
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

/** What becomes of the service that the route leads to. */
function afterwards(route: Route, { services }: DesiredState): string {
  const name = serviceOfSet(route.pools[route.active].set);
  if (name === '') return '';
  const service = services.find((each) => each.name === name);
  if (service === undefined) return `, and the service ${name} with it`;
  return service.instances > 0 ? `; ${name} goes on running` : '';
}

function addressOf({ hostnames, path }: Pick<LoadBalancer, 'hostnames' | 'path'>): string {
  return `${hostnames.join(', ')}${path}`;
}

/** With the one that its service has for its other set. */
function fieldsOf({ traffic, ...others }: LoadBalancer, preview: string | undefined): object {
  const { hostnames, path, stripPath, timeouts, port } = others;
  return { hostnames, path, stripPath, ...trafficFields(traffic), timeouts, port, update: { preview } };
}

function trafficFields({ drain, ...others }: TrafficPolicy): object {
  return { ...others, drain: durationText(drain) };
}

/** Only members know their port: without any there is nothing to compare. */
function fieldsOfRoute(route: Route, port: number): object {
  const { hostnames, path, stripPath, traffic, timeouts, previews, pools, active } = route;
  const update = { preview: previews[0] };
  const known = pools[active].members[0]?.port ?? port;
  return { hostnames, path, stripPath, ...trafficFields(traffic), timeouts, port: known, update };
}

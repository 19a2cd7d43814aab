import type { Route } from '../core/routing.ts';
import { allowedLines } from './allowed.ts';
import { endpoint, mapFile, type ConfigSettings } from './settings.ts';
import { listenerKey } from './names.ts';

/** The frontend of a route that takes connections; none where the host has no such port for it. */
export function connectionFrontend(route: Route, settings: ConfigSettings): readonly (readonly string[])[] {
  const binds = connectionEndpoints(route, settings).filter((each) => !settings.admission.closed.has(each));
  if (binds.length === 0) return [];
  const { loadBalancer, timeouts, traffic } = route;
  return [
    [
      `frontend tcp:${loadBalancer}`,
      'mode tcp',
      ...binds.map((each) => `bind ${each}`),
      `timeout client ${timeouts.client}ms`,
      ...(traffic.allow.length === 0
        ? []
        : [...allowedLines(traffic.allow), 'tcp-request connection reject unless allowed']),
      `use_backend %[str(${listenerKey(route)}),map(${mapFile(settings)})]`,
    ],
  ];
}

/** Where it is to listen. */
export function connectionEndpoints(
  { listen, externalIPs }: Pick<Route, 'listen' | 'externalIPs'>,
  { tcp }: Pick<ConfigSettings, 'tcp'>,
): readonly string[] {
  if (listen === undefined || tcp === undefined || listen < tcp.from || listen > tcp.to) return [];
  return (externalIPs ?? [tcp.address]).map((address) => endpoint(address, listen));
}

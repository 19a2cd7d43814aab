import type { Route } from '../core/routing.ts';
import { allowedLines } from './allowed.ts';
import { endpoint, mapFile, type ConfigSettings } from './settings.ts';
import { listenerKey } from './names.ts';

/** The frontend of a route that takes connections; none where the host has no such port for it. */
export function listener(
  { loadBalancer, listen, traffic: { allow }, timeouts }: Route,
  settings: ConfigSettings,
): readonly (readonly string[])[] {
  const { tcp } = settings;
  if (listen === undefined || tcp === undefined || listen < tcp.from || listen > tcp.to) return [];
  return [
    [
      `frontend tcp:${loadBalancer}`,
      'mode tcp',
      `bind ${endpoint(tcp.address, listen)}`,
      `timeout client ${timeouts.client}ms`,
      ...(allow.length === 0 ? [] : [...allowedLines(allow), 'tcp-request connection reject unless allowed']),
      `use_backend %[str(${listenerKey(listen)}),map(${mapFile(settings)})]`,
    ],
  ];
}

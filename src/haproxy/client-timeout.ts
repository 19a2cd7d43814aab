import type { Route } from '../core/routing.ts';
import { backendName } from './names.ts';

const DEFAULT = 50_000;
/** HAProxy decides as it reads the config: before 3.0 it knows none but that of the frontend, which all routes share. */
const OWN_ONES = '.if version_atleast(3.0)';

/** For the whole frontend: where it is shared no route may be cut short. */
export function sharedClientTimeout(routes: readonly Route[]): readonly string[] {
  const longest = Math.max(DEFAULT, ...routes.map((route) => route.timeouts.client));
  const own = `timeout client ${DEFAULT}ms`;
  return longest === DEFAULT ? [own] : [OWN_ONES, own, '.else', `timeout client ${longest}ms`, '.endif'];
}

/** For each request, once its backend is known. */
export function ownClientTimeouts(routes: readonly Route[]): readonly string[] {
  const rules = routes
    .filter(({ timeouts }) => timeouts.client !== DEFAULT)
    .map(({ loadBalancer, timeouts }) => {
      const backends = `${backendName(loadBalancer, 'a')} ${backendName(loadBalancer, 'b')}`;
      return `http-request set-timeout client ${timeouts.client}ms if { var(txn.backend) -m str ${backends} }`;
    });
  return rules.length === 0 ? [] : [OWN_ONES, ...rules.sort(), '.endif'];
}

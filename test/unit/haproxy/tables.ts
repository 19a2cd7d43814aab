import {
  PLAIN_ENTRY,
  PLAIN_TRAFFIC,
  type CheckPool,
  type Member,
  type Route,
  type RoutingTable,
} from '../../../src/core/routing.ts';
import { NOTHING_REFUSED } from '../../../src/haproxy/admission.ts';
import type { ConfigSettings } from '../../../src/haproxy/settings.ts';

export const POOL: CheckPool = {
  name: 'web.http.8080.1a2b3c4',
  service: 'web',
  check: { type: 'http', path: '/health', port: 8080, status: '200-399' },
  timeout: 1000,
  servers: [
    { id: 'web-1', address: '10.0.0.1' },
    { id: 'web-2', address: '10.0.0.2' },
  ],
};

export function member(id: string, address: string, change: Partial<Member> = {}): Member {
  const { name: check } = POOL;
  return {
    id,
    instance: id,
    service: 'web',
    release: '3f9c1a2',
    slot: 1,
    address,
    port: 8080,
    check,
    state: 'active',
    since: 0,
    ...change,
  };
}

export const ROUTE: Route = {
  loadBalancer: 'web',
  hostnames: ['web.example.com'],
  path: '/',
  stripPath: false,
  entry: PLAIN_ENTRY,
  traffic: PLAIN_TRAFFIC,
  timeouts: { connect: 10_000, client: 50_000, server: 50_000, tunnel: 3_600_000 },
  active: 'a',
  switchedAt: 0,
  pools: { a: { set: 'web', members: [member('web-1', '10.0.0.1')] }, b: { set: '', members: [] } },
  previews: [],
};

export const TABLE: RoutingTable = { version: 1, checks: [POOL], routes: [ROUTE] };

export const SETTINGS: ConfigSettings = {
  directory: '/files',
  http: { address: '0.0.0.0', port: 80, shown: 80 },
  hardStopAfter: 60_000,
  workerId: 99,
  control: { address: '127.1.2.3', port: 20_000, secret: 'fd00::1' },
  admission: NOTHING_REFUSED,
  accessLog: true,
};

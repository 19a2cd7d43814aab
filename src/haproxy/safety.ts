import { isIP } from 'node:net';
import { ReasonError } from '../core/reason.ts';
import type { CheckPool, Member, Route, RoutingTable } from '../core/routing.ts';

const NAME = /^[a-z0-9][a-z0-9-]*$/;
const SERVER = /^[A-Za-z0-9][A-Za-z0-9.-]*$/;
const HOST = /^[a-z0-9*][a-z0-9.*_-]*$/;
const ALGORITHM = /^(?:roundrobin|leastconn|source)$/;
const AFFINITY = /^(?:none|cookie|source)$/;
const CIDR = /^[0-9a-f.:]+\/\d{1,3}$/;
/** What RFC 3986 allows in a path and query, without the quote: it ends HAProxy's own quoting. */
const PATH = /^\/[A-Za-z0-9\-._~!$&()*+,;=:@%/?]*$/;
const CERTIFICATE = /^[0-9a-f]+$/;
const THUMBPRINT = /^[\w-]+$/;
const PROTOCOL = /^h2c$/;
const CODES = /^\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*$/;

/** Throws where a value could mean more to HAProxy than itself. Manifests are validated before; this is the last gate. */
export function assertSafe(table: RoutingTable): void {
  table.checks.forEach(assertSafePool);
  table.routes.forEach(assertSafeRoute);
}

function assertSafePool(pool: CheckPool): void {
  const where = `the check ${pool.name} of service ${pool.service}`;
  must(SERVER.test(pool.name), where, 'name', pool.name);
  must(NAME.test(pool.service), where, 'service', pool.service);
  must(isPort(pool.check.port), where, 'port', pool.check.port);
  must(isDuration(pool.timeout), where, 'timeout', pool.timeout);
  const { interval, rise, fall } = pool.pace ?? { interval: 1, rise: 1, fall: 1 };
  must(isDuration(interval), where, 'interval', interval);
  [rise, fall].forEach((count) => must(Number.isInteger(count) && count > 0, where, 'count', count));
  pool.servers.forEach((server) => assertSafeServer(server, where));
  if (pool.check.type !== 'http') return;
  must(PATH.test(pool.check.path), where, 'path', pool.check.path);
  must(CODES.test(pool.check.status), where, 'status', pool.check.status);
}

function assertSafeRoute(route: Route): void {
  const where = `load balancer ${route.loadBalancer}`;
  must(NAME.test(route.loadBalancer), where, 'name', route.loadBalancer);
  must(PATH.test(route.path), where, 'path', route.path);
  must(isPort(route.listen ?? 1), where, 'port', route.listen ?? 1);
  route.externalIPs?.forEach((address) => must(isIP(address) !== 0, where, 'address', address));
  must(CERTIFICATE.test(route.certificate?.id ?? '0'), where, 'certificate', route.certificate?.id ?? '');
  must(THUMBPRINT.test(route.challenge ?? '0'), where, 'challenge', route.challenge ?? '');
  [...route.hostnames, ...route.previews].forEach((host) => must(HOST.test(host), where, 'hostname', host));
  Object.entries(route.timeouts).forEach(([name, value]) =>
    must(isDuration(value as number), where, `timeout ${name}`, value as number),
  );
  const { algorithm, affinity, allow, maxConnections = 1, drain = 0 } = route.traffic;
  must(ALGORITHM.test(algorithm), where, 'algorithm', algorithm);
  must(AFFINITY.test(affinity), where, 'affinity', affinity);
  allow.forEach((cidr) => must(CIDR.test(cidr), where, 'address', cidr));
  must(Number.isInteger(maxConnections) && maxConnections > 0, where, 'limit', maxConnections);
  must(drain === 0 || isDuration(drain), where, 'drain', drain);
  [...route.pools.a.members, ...route.pools.b.members].forEach((member) => assertSafeMember(member, where));
}

function assertSafeMember(member: Member, where: string): void {
  assertSafeServer(member, where);
  must(SERVER.test(member.check), where, 'check', member.check);
  must(isPort(member.port), where, 'port', member.port);
  must(PROTOCOL.test(member.protocol ?? 'h2c'), where, 'protocol', member.protocol ?? '');
  must(isWeight(member.weight ?? 0), where, 'weight', member.weight ?? 0);
}

function assertSafeServer({ id, address }: { readonly id: string; readonly address: string }, where: string): void {
  must(SERVER.test(id), where, 'server', id);
  must(isIP(address) !== 0, where, 'address', address);
}

function isWeight(weight: number): boolean {
  return Number.isInteger(weight) && weight >= 0 && weight <= 256;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65_536;
}

/** HAProxy's timers are 32 bits of milliseconds. */
function isDuration(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value < 2 ** 31;
}

function must(holds: boolean, where: string, what: string, value: string | number): void {
  if (holds) return;
  throw new ReasonError(
    'config-rejected',
    `The ${what} ${JSON.stringify(value)} of ${where} cannot stand in HAProxy's configuration; change it in the manifest.`,
  );
}

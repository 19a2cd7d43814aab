import { createHash } from 'node:crypto';
import type { Colour, Member, Route } from '../core/routing.ts';

/** What things are called inside HAProxy. A colon never occurs in a load balancer's name, so the two kinds cannot meet. */

/** Begins keys of the map that are no host names: they stand in one map with the routes, and change in one step with them. */
export const MARK = '!';

/** Key of a route that takes connections. */
export function listenerKey({ listen, externalIPs }: Pick<Route, 'listen' | 'externalIPs'>): string {
  return `${MARK}tcp:${externalIPs === undefined ? '' : `${externalIPs.join()}:`}${listen}`;
}

/** Key of what an authority is answered that asks for a host name. */
export function challengeKey(hostname: string): string {
  return `${MARK}acme:${hostname}`;
}

export function backendName(loadBalancer: string, colour: Colour): string {
  return `${loadBalancer}.${colour}`;
}

/** The load balancer of a backend; undefined: it is none of a route, but the frontend where no route was found. */
export function loadBalancerOf(backend: string): string | undefined {
  return /^([^.]+)\.[ab]$/.exec(backend)?.[1];
}

export function checkBackend(pool: string): string {
  return `check:${pool}`;
}

export function slotName(index: number): string {
  return `s${index + 1}`;
}

/**
 * The server of a member. HAProxy cannot change what a server tracks, so the name covers that too: another port,
 * protocol or check is another server, which joins before the old one leaves.
 */
export function serverName(member: Member, slot: string): string {
  return `${member.id}-${digest(`${member.port} ${member.check} ${slot}${member.protocol ?? ''}`, 6)}`;
}

/** Service, release, slot, address, and what `serverName` adds. */
const SERVER = /^(.+)-([0-9a-f]{7})-(\d+)-(?:\d+-){4}[0-9a-f]{6}$/;

/** Whose server it is; undefined: nobody's, as where HAProxy answers by itself. */
export function memberOf(server: string): Pick<Member, 'service' | 'release' | 'slot'> | undefined {
  const [, service, release, slot] = SERVER.exec(server) ?? [];
  if (service === undefined || release === undefined) return undefined;
  return { service, release, slot: Number(slot) };
}

export function idleColour(route: Route): Colour {
  return route.active === 'a' ? 'b' : 'a';
}

/** The first `length` hex digits of the text's SHA-256. */
export function digest(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}

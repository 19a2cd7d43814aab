import { createHash } from 'node:crypto';
import type { Colour, Member, Route } from '../core/routing.ts';

/** What things are called inside HAProxy. A colon never occurs in a load balancer's name, so the two kinds cannot meet. */

export function backendName(loadBalancer: string, colour: Colour): string {
  return `${loadBalancer}.${colour}`;
}

export function checkBackend(pool: string): string {
  return `check:${pool}`;
}

export function slotName(index: number): string {
  return `s${index + 1}`;
}

/**
 * The server of a member. HAProxy cannot change what a server tracks, so the name covers that too: another port or
 * check is another server, which joins before the old one leaves.
 */
export function serverName(member: Member, slot: string): string {
  return `${member.id}-${digest(`${member.port} ${member.check} ${slot}`, 6)}`;
}

export function idleColour(route: Route): Colour {
  return route.active === 'a' ? 'b' : 'a';
}

/** The first `length` hex digits of the text's SHA-256. */
export function digest(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}

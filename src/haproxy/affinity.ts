import type { Route, RoutingTable } from '../core/routing.ts';
import { digest, MARK, serverName } from './names.ts';
import { slotOf, type Slots } from './slots.ts';

/**
 * Affinity by cookie. HAProxy's own cookies are not for servers that are made at run time (2.6), so a rule chooses the server
 * that the map has for the client's token. Whoever is to get no requests is in no map, and gives its clients away at once.
 */

/** Of members that clients may stay with: what their tokens stand for, and which token stands for each. */
export function affinityEntries(table: RoutingTable, slots: Slots): (readonly [string, string])[] {
  const sticky = table.routes.filter(({ traffic }) => traffic.affinity === 'cookie');
  const servers = sticky.flatMap(({ pools: { a, b } }) =>
    [...a.members, ...b.members].flatMap((member) => {
      const slot = slotOf(slots, member.check, member.id);
      const keeps = member.state === 'active' && member.weight !== 0;
      return slot === undefined || !keeps ? [] : [serverName(member, slot)];
    }),
  );
  return [...new Set(servers)].flatMap((server) => {
    const token = digest(server, 16);
    return [
      [`${MARK}${token}`, server],
      [`${MARK}${server}`, token],
    ] as const;
  });
}

/** In the backend: a client that brings the token of a member gets that one while it is up; any other gets a new token. */
export function affinityLines({ loadBalancer, path, traffic }: Route, map: string): readonly string[] {
  if (traffic.affinity !== 'cookie') return [];
  const cookie = `fairlead-${loadBalancer}`;
  return [
    `http-request set-var-fmt(txn.token) "${MARK}%[req.cook(${cookie})]"`,
    `http-request set-var(txn.member) var(txn.token),map(${map})`,
    'use-server %[var(txn.member)] if { var(txn.member) -m found }',
    `http-response set-var-fmt(txn.server) "${MARK}%[srv_name]"`,
    `http-response set-var(txn.given) var(txn.server),map(${map})`,
    'acl stays srv_name,strcmp(txn.member) eq 0',
    'acl known var(txn.given) -m found',
    `http-response add-header Set-Cookie '${cookie}=%[var(txn.given)]; Path=${cookiePath(path)}; HttpOnly; SameSite=Lax' if known !stays`,
    // No cache may hand it to others.
    'http-response add-header Cache-Control private if known !stays',
  ];
}

/** As it stands in HAProxy's format of texts; a semicolon would end it. */
function cookiePath(path: string): string {
  return path.includes(';') ? '/' : path.replaceAll('%', '%%');
}

import type { FoundCertificate } from '../core/certificate.ts';
import type { ObservedBalancer, ObservedState, Refusal } from '../core/observed.ts';
import { EMPTY_TABLE, type Member, type RoutingTable } from '../core/routing.ts';
import type { Description } from './describe.ts';

const NOBODY: ReadonlyMap<string, Member> = new Map();
/** Members that one event names. */
const SHOWN = 5;

/** What has become of the members of load balancers, of their listeners and their certificates. */
export function noticeBalancer(before: ObservedState, now: ObservedState): Description[] {
  return [
    ...describeMembers(before.balancer, now.balancer),
    ...describeRefusals(before.balancer.refusals ?? [], now.balancer.refusals ?? []),
    ...describeCertificates(before.certificates ?? {}, now.certificates ?? {}),
  ];
}

function describeMembers(before: ObservedBalancer, now: ObservedBalancer): Description[] {
  const [known, found] = [membersOf(before.table), membersOf(now.table)];
  return [...new Set([...known.keys(), ...found.keys()])].sort().flatMap((name): Description[] => {
    const [was, is] = [known.get(name) ?? NOBODY, found.get(name) ?? NOBODY];
    const arrived = [...is.values()].filter(({ id, state }) => state === 'active' && was.get(id)?.state !== 'active');
    const leaving = [...is.values()].filter(({ id, state }) => state === 'draining' && was.get(id)?.state === 'active');
    const gone = [...was.values()].filter(({ id }) => !is.has(id));
    return [
      ...told('registered', name, arrived, 'takes'),
      ...told('draining', name, leaving, 'drains'),
      ...told('deregistered', name, gone, 'has let go'),
      ...describeHealth(name, [...is.values()], before, now),
    ];
  });
}

/** Of both pools, by load balancer and id. */
function membersOf({ routes }: RoutingTable = EMPTY_TABLE): ReadonlyMap<string, ReadonlyMap<string, Member>> {
  return new Map(
    routes.map(({ loadBalancer, pools: { a, b } }) => [
      loadBalancer,
      new Map([...a.members, ...b.members].map((each) => [each.id, each])),
    ]),
  );
}

function told(type: string, loadBalancer: string, members: readonly Member[], verb: string): Description[] {
  if (members.length === 0) return [];
  const more = members.length > SHOWN ? `; and ${members.length - SHOWN} more` : '';
  return [[type, loadBalancer, `${loadBalancer} ${verb} ${members.slice(0, SHOWN).map(wordsOf).join(', ')}${more}`]];
}

/** `web@3f9c1a2/1 (172.18.0.5:8080)` */
function wordsOf({ service, release, slot, address, port }: Member): string {
  return `${service}@${release}/${slot} (${address}:${port})`;
}

/** The first check of a member is part of its start. */
function describeHealth(
  loadBalancer: string,
  members: readonly Member[],
  before: ObservedBalancer,
  now: ObservedBalancer,
): Description[] {
  return members
    .filter(({ state }) => state === 'active')
    .flatMap((member): Description[] => {
      const key = `${member.check}/${member.id}`;
      const [was, is] = [before.checks[key]?.check, now.checks[key]];
      if (is === undefined) return [];
      const who = `${loadBalancer}: ${wordsOf(member)}`;
      if (was === 'up' && is.check === 'down') return [['unhealthy', loadBalancer, `${who} fails: ${is.description}`]];
      return was === 'down' && is.check === 'up' ? [['healthy', loadBalancer, `${who} answers again`]] : [];
    });
}

function describeRefusals(before: readonly Refusal[], now: readonly Refusal[]): Description[] {
  const same = (one: Refusal) => (other: Refusal) =>
    one.loadBalancer === other.loadBalancer && one.message === other.message;
  return now
    .filter((each) => !before.some(same(each)))
    .map(({ loadBalancer, message }) => ['refused', loadBalancer, message]);
}

function describeCertificates(
  before: Readonly<Record<string, FoundCertificate>>,
  now: Readonly<Record<string, FoundCertificate>>,
): Description[] {
  return Object.entries(now).flatMap(([name, { certificate, problem }]): Description[] => {
    const was = before[name];
    if (was === undefined) return [];
    const isNew = certificate !== undefined && certificate.id !== was.certificate?.id;
    const until = isNew ? new Date(certificate.notAfter).toISOString() : '';
    return [
      ...(isNew ? [['certified', name, `${name} has a new certificate, until ${until}`] as const] : []),
      ...(problem !== undefined && problem !== was.problem
        ? [['failed', name, `${name} gets no new certificate: ${problem}`] as const]
        : []),
    ];
  });
}

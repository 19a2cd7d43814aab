import { covers, type Certificate } from '../certificate.ts';
import type { LoadBalancer } from '../load-balancer.ts';
import type { ObservedState } from '../observed.ts';
import { layerOf } from '../reason.ts';
import type { Route } from '../routing.ts';
import type { CertificateStatus, LoadBalancerStatus, ProblemStatus } from './status.ts';

/** Milliseconds before its end at which a certificate that nobody renews by itself is worth a warning. */
const SOON = 14 * 24 * 3_600_000;

/** How a load balancer is reached: the certificate that it serves with, and what it does not get. */
export function entryStatus(
  loadBalancer: LoadBalancer,
  route: Route | undefined,
  state: ObservedState,
): Pick<LoadBalancerStatus, 'certificate' | 'problem' | 'warnings'> {
  const refusal = refusalOf(loadBalancer, state);
  // What is served in place of one that HAProxy refuses nobody has read.
  const certificate = refusal?.reason === 'no-certificate' ? undefined : route?.certificate;
  const problem = refusal ?? certificateProblem(loadBalancer, certificate, state);
  const isEnding = certificate !== undefined && problem === undefined && certificate.notAfter - state.date < SOON;
  const message = isEnding ? `The certificate of ${loadBalancer.name} expires ${textOf(certificate.notAfter)}.` : '';
  return {
    ...(certificate && { certificate: certificateStatus(certificate) }),
    ...(problem && { problem }),
    ...(isEnding && { warnings: [{ code: 'certificate-expiry' as const, message }] }),
  };
}

/** Nobody can come to it at all. */
export function isOutOfReach({ name, listen, entry }: LoadBalancer, route: Route, state: ObservedState): boolean {
  if ((state.balancer.refusals ?? []).some((each) => each.loadBalancer === name && each.isDeaf)) return true;
  const isComing = state.certificates?.[name]?.isComing === true;
  return listen === undefined && !entry.http && route.certificate === undefined && !isComing;
}

function certificateStatus({ names, issuer, notAfter }: Certificate): CertificateStatus {
  return { names, issuer, expires: new Date(notAfter).toISOString() };
}

function refusalOf({ name }: LoadBalancer, { balancer }: ObservedState): ProblemStatus | undefined {
  const refusal = (balancer.refusals ?? []).find(({ loadBalancer }) => loadBalancer === name);
  return refusal && { layer: layerOf(refusal.reason), reason: refusal.reason, message: refusal.message };
}

function certificateProblem(
  { name, tls, entry, hostnames }: LoadBalancer,
  certificate: Certificate | undefined,
  { certificates = {}, date }: ObservedState,
): ProblemStatus | undefined {
  if (tls === undefined || !entry.https) return undefined;
  const problem = (message: string): ProblemStatus => ({ layer: 'lb', reason: 'no-certificate', message });
  const why = certificates[name]?.problem;
  if (certificate === undefined) return why === undefined ? undefined : problem(`${name} has no certificate: ${why}`);
  if (certificate.notAfter <= date)
    return problem(
      `The certificate of ${name} has expired ${textOf(certificate.notAfter)}${why === undefined ? '.' : `: ${why}`}`,
    );
  if (why !== undefined)
    return problem(`${name} keeps its certificate, which expires ${textOf(certificate.notAfter)}: ${why}`);
  const bare = hostnames.filter((hostname) => !covers(certificate, hostname));
  if (bare.length > 0)
    return problem(`The certificate of ${name} is not for ${bare.join(', ')}; clients will not trust it there.`);
  return undefined;
}

function textOf(time: number): string {
  return new Date(time).toISOString();
}

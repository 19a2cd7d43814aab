import type { Route } from '../core/routing.ts';
import { allowedLines } from './allowed.ts';
import type { ConfigSettings } from './settings.ts';

/** In the backend of a route: who comes by a way that is not its own, or may not come at all, is answered here. */
export function entranceLines(route: Route, settings: ConfigSettings): readonly string[] {
  const { loadBalancer, externalIPs, entry, traffic } = route;
  const { certificates } = settings.admission;
  const hasCertificate = certificates.has(loadBalancer);
  // Without any certificate nobody comes by TLS.
  const isClosed = certificates.size > 0 && !(entry.https && hasCertificate);
  const turnAway = (status: number, why: string, condition: string) =>
    `http-request return status ${status} content-type text/plain string 'Load balancer ${loadBalancer} ${why}.' ${condition}`;
  return [
    ...(externalIPs === undefined
      ? []
      : [turnAway(421, 'is not at this address', `unless { dst ${externalIPs.join(' ')} }`)]),
    ...(isClosed ? [turnAway(421, 'takes no requests by TLS', 'if { ssl_fc }')] : []),
    ...(entry.http ? [] : [turnAway(421, 'takes requests by TLS only', 'unless { ssl_fc }')]),
    ...(traffic.allow.length === 0
      ? []
      : [...allowedLines(traffic.allow), turnAway(403, 'does not take requests from this address', 'unless allowed')]),
    ...(entry.forceHttps && hasCertificate ? [redirect(settings)] : []),
  ];
}

/** The method stays. */
function redirect({ https }: ConfigSettings): string {
  const port = https === undefined || https.shown === 443 ? '' : `:${https.shown}`;
  return `http-request redirect location https://%[req.hdr(host),host_only]${port}%[pathq] code 308 unless { ssl_fc }`;
}

import type { CertificateSource, Entry } from '../core/load-balancer.ts';
import { addresses } from './cidr.ts';
import type { Reading } from './reading.ts';
import type { LoadBalancerDocument } from './schema.generated.ts';
import { sorted } from './values.ts';

/** How requests come in, by which address, and with which certificate. */
export function entryOf(
  reading: Reading,
  fields: LoadBalancerDocument,
): { readonly entry: Entry; readonly tls?: CertificateSource; readonly externalIPs?: readonly string[] } {
  const tls = certificateSource(reading, fields);
  const { http, https = tls !== undefined } = fields.ports;
  const entry = { http, https, forceHttps: fields.forceHttps };
  if (fields.protocol === 'http') checkEntry(reading, entry, tls);
  const externalIPs = fields.externalIPs && sorted(addresses(reading, ['externalIPs'], fields.externalIPs));
  return { entry, ...(tls && { tls }), ...(externalIPs && { externalIPs }) };
}

function certificateSource(
  reading: Reading,
  { tls, hostnames = [] }: LoadBalancerDocument,
): CertificateSource | undefined {
  if (tls === undefined) return undefined;
  const { certificate, acme } = tls;
  if ((certificate === undefined) === (acme === undefined)) {
    reading.complain(['tls'], '`tls` needs either `certificate: { file }` or `acme: { email }`.');
    return undefined;
  }
  if (acme === undefined) return certificate && { file: certificate.file };
  const wildcard = hostnames.findIndex((hostname) => hostname.startsWith('*'));
  if (wildcard >= 0)
    reading.complain(
      ['hostnames', wildcard],
      'No authority gives a certificate for a wildcard by http; use `tls: { certificate: { file } }`.',
    );
  return { acme: { email: acme.email } };
}

function checkEntry(reading: Reading, { http, https, forceHttps }: Entry, tls: CertificateSource | undefined): void {
  const hasTls = tls !== undefined || (reading.document.value as { tls?: unknown }).tls !== undefined;
  if (https && !hasTls)
    reading.complain(['ports', 'https'], 'Requests by TLS need a certificate: add `tls`.', {
      reason: 'no-certificate',
    });
  if (!https && tls !== undefined)
    reading.complain(['tls'], 'A certificate is of no use without `ports.https`; leave one of them out.', {
      part: 'key',
    });
  if (!http && !https)
    reading.complain(['ports'], 'Nobody could reach it: leave one of the ports, or write `enabled: false`.');
  if (!forceHttps) return;
  if (!https && !hasTls)
    reading.complain(['forceHttps'], 'There is no https to go to: add `tls`.', { reason: 'no-certificate' });
  else if (!http)
    reading.complain(['forceHttps'], 'Without `ports.http` nobody is there to be sent to https; leave it out.');
}

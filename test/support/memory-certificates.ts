import { certificateId, type FoundCertificate } from '../../src/core/certificate.ts';
import type { LoadBalancer } from '../../src/core/load-balancer.ts';
import type { Route } from '../../src/core/routing.ts';
import type { Certificates } from '../../src/core/ports.ts';

/** Certificates as a test says that they are; of others a file has one, and an authority gives one to who answers it. */
export class MemoryCertificates implements Certificates {
  /** By load balancer. */
  readonly found = new Map<string, FoundCertificate>();
  /** What was answered at the last look. */
  answered: ReadonlyMap<string, Pick<Route, 'challenge'>> = new Map();

  look(loadBalancers: readonly LoadBalancer[]): Promise<Readonly<Record<string, FoundCertificate>>> {
    const wanting = loadBalancers.filter(({ tls }) => tls !== undefined);
    return Promise.resolve(
      Object.fromEntries(wanting.map((each) => [each.name, this.found.get(each.name) ?? this.usual(each)])),
    );
  }

  private usual({ name, tls, hostnames }: LoadBalancer): FoundCertificate {
    const isByAuthority = tls !== undefined && 'acme' in tls;
    const certificate = {
      id: certificateId(JSON.stringify([tls, hostnames])),
      names: hostnames,
      issuer: 'memory',
      notBefore: 0,
      notAfter: 4_000_000_000_000,
    };
    if (!isByAuthority) return { certificate };
    return { challenge: 'thumbprint', ...(this.answered.get(name)?.challenge !== undefined && { certificate }) };
  }

  observe(
    loadBalancers: readonly LoadBalancer[],
    answered: ReadonlyMap<string, Pick<Route, 'challenge'>>,
  ): Promise<Readonly<Record<string, FoundCertificate>>> {
    this.answered = answered;
    return this.look(loadBalancers);
  }

  pem(): undefined {
    return undefined;
  }

  close(): void {
    this.found.clear();
  }
}

import type { FoundCertificate } from '../core/certificate.ts';
import type { LoadBalancer } from '../core/load-balancer.ts';
import type { Certificates } from '../core/ports.ts';
import { CertificateFolder } from './folder.ts';
import { Issuer, type Answered, type IssuerOptions, type Request } from './issuer.ts';
import type { KeyedCertificate } from './pem.ts';

export interface CertificatesOptions extends IssuerOptions {
  /** The host's own; absent: there is none. */
  readonly certificates?: string;
}

type Found = FoundCertificate & { readonly keyed?: KeyedCertificate };

/** Certificates out of the host's folder, and from an authority. */
export function openCertificates(options: CertificatesOptions): Certificates {
  return new AllCertificates(options);
}

class AllCertificates implements Certificates {
  private readonly folder: CertificateFolder;
  private readonly issuer: Issuer;
  /** Chain and key by id: of those that were seen last, and of those before, which may be on their way into the balancer. */
  private pems = new Map<string, string>();
  private earlier = new Map<string, string>();

  constructor(options: CertificatesOptions) {
    this.folder = new CertificateFolder(options.certificates);
    this.issuer = new Issuer(options);
  }

  async look(loadBalancers: readonly LoadBalancer[]): Promise<Readonly<Record<string, FoundCertificate>>> {
    return await this.find(loadBalancers, (request) => this.issuer.look(request));
  }

  async observe(
    loadBalancers: readonly LoadBalancer[],
    answered: ReadonlyMap<string, Answered>,
  ): Promise<Readonly<Record<string, FoundCertificate>>> {
    return await this.find(loadBalancers, (request) => this.issuer.observe(request, answered.get(request.name)));
  }

  pem(id: string): string | undefined {
    return this.pems.get(id) ?? this.earlier.get(id);
  }

  close(): void {
    this.issuer.close();
  }

  private async find(
    loadBalancers: readonly LoadBalancer[],
    byAuthority: Issuer['look'],
  ): Promise<Readonly<Record<string, FoundCertificate>>> {
    const wanting = loadBalancers.filter(({ tls }) => tls !== undefined);
    const found: Record<string, FoundCertificate> = {};
    const pems = new Map<string, string>();
    const requests = requestsOf(wanting);
    for (const loadBalancer of wanting) {
      const request = requests.get(wishOf(loadBalancer));
      const { keyed, ...seen } = await this.findOne(loadBalancer, () => (request ? byAuthority(request) : {}));
      if (keyed !== undefined) pems.set(keyed.certificate.id, keyed.pem);
      found[loadBalancer.name] = seen;
    }
    if ([...pems.keys()].some((id) => !this.pems.has(id))) this.earlier = this.pems;
    this.pems = pems;
    return found;
  }

  /** What cannot be read or written of one holds up nothing else. */
  private async findOne({ tls }: LoadBalancer, byAuthority: () => Promise<Found> | Found): Promise<Found> {
    if (tls === undefined) return {};
    try {
      if ('acme' in tls) return await byAuthority();
      const read = await this.folder.read(tls.file);
      return 'problem' in read ? read : { keyed: read.keyed, certificate: read.keyed.certificate };
    } catch (error) {
      return { problem: (error as Error).message };
    }
  }
}

/** Load balancers that want the same share one, by the name of the first. */
function requestsOf(loadBalancers: readonly LoadBalancer[]): ReadonlyMap<string, Request> {
  const requests = new Map<string, Request>();
  for (const loadBalancer of loadBalancers) {
    const { name, tls, hostnames } = loadBalancer;
    if (tls === undefined || !('acme' in tls) || requests.has(wishOf(loadBalancer))) continue;
    requests.set(wishOf(loadBalancer), { name, email: tls.acme.email, hostnames });
  }
  return requests;
}

function wishOf({ tls, hostnames }: LoadBalancer): string {
  return JSON.stringify([tls, hostnames]);
}

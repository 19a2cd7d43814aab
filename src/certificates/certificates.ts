import type { FoundCertificate } from '../core/certificate.ts';
import type { LoadBalancer } from '../core/load-balancer.ts';
import type { Certificates } from '../core/ports.ts';
import { CertificateFolder } from './folder.ts';
import { Issuer, type IssuerOptions } from './issuer.ts';
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
  /** Chain and key by id, of those that were seen last. */
  private pems = new Map<string, string>();

  constructor(options: CertificatesOptions) {
    this.folder = new CertificateFolder(options.certificates);
    this.issuer = new Issuer(options);
  }

  async look(loadBalancers: readonly LoadBalancer[]): Promise<Readonly<Record<string, FoundCertificate>>> {
    return await this.find(loadBalancers, (request) => this.issuer.look(request));
  }

  async observe(
    loadBalancers: readonly LoadBalancer[],
    answering: ReadonlySet<string>,
  ): Promise<Readonly<Record<string, FoundCertificate>>> {
    return await this.find(loadBalancers, (request) => this.issuer.observe(request, answering.has(request.name)));
  }

  pem(id: string): string | undefined {
    return this.pems.get(id);
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
    for (const loadBalancer of wanting) {
      const { keyed, ...seen } = await this.findOne(loadBalancer, byAuthority);
      if (keyed !== undefined) pems.set(keyed.certificate.id, keyed.pem);
      found[loadBalancer.name] = seen;
    }
    this.pems = pems;
    return found;
  }

  private async findOne({ name, tls, hostnames }: LoadBalancer, byAuthority: Issuer['look']): Promise<Found> {
    if (tls === undefined) return {};
    if ('acme' in tls) return await byAuthority({ name, email: tls.acme.email, hostnames });
    const read = await this.folder.read(tls.file);
    return 'problem' in read ? read : { keyed: read.keyed, certificate: read.keyed.certificate };
  }
}

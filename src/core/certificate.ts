import { createHash } from 'node:crypto';

/** A certificate as it may be told to anybody; its key goes from where it is kept to the balancer alone. */
export interface Certificate {
  /** Of the chain with its key: 32 hex digits. */
  readonly id: string;
  /** Host names that it is for, lower case; `*.` stands for one label. */
  readonly names: readonly string[];
  readonly issuer: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** What there is for a load balancer that wants a certificate. */
export interface FoundCertificate {
  /** Absent: none yet, or none that can be read. */
  readonly certificate?: Certificate;
  /** With it the balancer answers for us when the authority asks who has the host names. */
  readonly challenge?: string;
  /** One is being asked for. */
  readonly isComing?: true;
  /** Why there is none, or no newer one. */
  readonly problem?: string;
}

/** Whether a certificate is for this host name, which may be a wildcard itself. */
export function covers({ names }: Pick<Certificate, 'names'>, hostname: string): boolean {
  return names.includes(hostname) || names.includes(hostname.replace(/^[^.]+/, '*'));
}

/** Of chain and key in PEM. */
export function certificateId(pem: string): string {
  return createHash('sha256').update(pem.trimEnd()).digest('hex').slice(0, 32);
}

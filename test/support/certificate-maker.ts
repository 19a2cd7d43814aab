import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { readPem, type KeyedCertificate } from '../../src/certificates/pem.ts';

export interface CertificateWish {
  readonly names: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** An RSA key of so many bits; default: one of an elliptic curve. */
  readonly rsaBits?: number;
  /** More certificates of the same kind in its chain. */
  readonly chain?: number;
}

const DAY = 24 * 3_600_000;
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A certificate that is its own authority, with its key, in PEM. */
export async function makePem(wish: CertificateWish): Promise<string> {
  const { names, notBefore = new Date(), notAfter = new Date(Date.now() + 90 * DAY), rsaBits, chain = 0 } = wish;
  const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]) };
  const algorithm = rsaBits === undefined ? EC : { ...rsa, modulusLength: rsaBits };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const make = () =>
    x509.X509CertificateGenerator.createSelfSigned(
      {
        name: `CN=${names[0] ?? 'nobody'}`,
        notBefore,
        notAfter,
        signingAlgorithm: algorithm,
        keys,
        extensions: [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value })))],
      },
      webcrypto as Parameters<typeof x509.X509CertificateGenerator.createSelfSigned>[1],
    );
  const certificates = await Promise.all(Array.from({ length: chain + 1 }, make));
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8.replaceAll(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
  return `${certificates.map((each) => each.toString('pem')).join('\n')}\n${key}`;
}

export async function makeCertificate(wish: CertificateWish): Promise<KeyedCertificate> {
  return readPem(await makePem(wish));
}

import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { certificateId, type Certificate } from '../core/certificate.ts';

/** A certificate with all that it takes to serve it. */
export interface KeyedCertificate {
  readonly certificate: Certificate;
  /** The certificate, those of its authorities, its key; without empty lines, which end a command of HAProxy's. */
  readonly pem: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[A-Za-z0-9+/=\s]+-----END \1-----/g;

/** Reads chain and key in any order. Errors: what is missing or wrong, in a sentence. */
export function readPem(text: string): KeyedCertificate {
  const blocks = [...text.matchAll(BLOCK)].map(([block, label = '']) => ({ label, block: withoutEmptyLines(block) }));
  const chain = blocks.filter(({ label }) => label === 'CERTIFICATE').map(({ block }) => block);
  const keys = blocks.filter(({ label }) => label.endsWith('PRIVATE KEY')).map(({ block }) => block);
  if (chain.length === 0) throw new Error('It has no certificate (BEGIN CERTIFICATE).');
  if (keys.length === 0 && /BEGIN ENCRYPTED|Proc-Type/.test(text))
    throw new Error('Its key is encrypted; HAProxy has nobody to ask.');
  if (keys.length !== 1) throw new Error(`It has ${keys.length} private keys, not one (BEGIN PRIVATE KEY).`);
  const key = keyOf(keys[0] ?? '');
  const parsed = chain.map(parse);
  const leaf = parsed.findIndex((each) => each.checkPrivateKey(key));
  const own = parsed[leaf];
  if (own === undefined) throw new Error('Its key is not that of its certificate.');
  const others = chain.filter((_, index) => index !== leaf);
  const pem = `${[chain[leaf] ?? '', ...others, ...keys].join('\n')}\n`;
  return { pem, certificate: certificateOf(own, certificateId(pem)) };
}

function withoutEmptyLines(block: string): string {
  return block
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');
}

function keyOf(block: string): KeyObject {
  try {
    return createPrivateKey(block);
  } catch (cause) {
    const isEncrypted = block.includes('ENCRYPTED');
    throw new Error(isEncrypted ? 'Its key is encrypted; HAProxy has nobody to ask.' : 'Its key cannot be read.', {
      cause,
    });
  }
}

function parse(block: string): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (cause) {
    throw new Error('One of its certificates cannot be read.', { cause });
  }
}

function certificateOf(own: X509Certificate, id: string): Certificate {
  return {
    id,
    names: namesOf(own),
    issuer: nameIn(own.issuer) ?? 'unknown',
    notBefore: Date.parse(own.validFrom),
    notAfter: Date.parse(own.validTo),
  };
}

/** Clients look at the alternative names alone; one without any is for nobody, but its common name tells what was meant. */
function namesOf({ subjectAltName = '', subject }: X509Certificate): readonly string[] {
  const names = [...subjectAltName.matchAll(/DNS:([^,\s"]+)/g)].map(([, name = '']) => name.toLowerCase());
  const common = nameIn(subject);
  return names.length > 0 || common === undefined ? [...new Set(names)].sort() : [common.toLowerCase()];
}

/** Lines of `CN=…`, `O=…`. */
function nameIn(subject: string): string | undefined {
  const field = (key: string) => new RegExp(`^${key}=(.+)$`, 'm').exec(subject)?.[1];
  return field('CN') ?? field('O');
}

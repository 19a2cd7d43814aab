import { createPrivateKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readPem } from '../../../src/certificates/pem.ts';
import { certificateId, covers } from '../../../src/core/certificate.ts';
import { makePem } from '../../support/certificate-maker.ts';

const CHAIN = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const KEY = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g;

describe('readPem', () => {
  it('tells the names, the issuer and the time of a certificate, and what it is called by', async () => {
    const [notBefore, notAfter] = [new Date('2026-11-01T00:00:00Z'), new Date('2027-01-30T00:00:00Z')];
    const { certificate, pem } = readPem(
      await makePem({ names: ['Shop.example.com', '*.shop.example.com'], notBefore, notAfter }),
    );
    expect(certificate).toEqual({
      id: certificateId(pem),
      names: ['*.shop.example.com', 'shop.example.com'],
      issuer: 'Shop.example.com',
      notBefore: notBefore.getTime(),
      notAfter: notAfter.getTime(),
    });
    expect(certificate.id).toMatch(/^[0-9a-f]{32}$/);
  });

  it('puts the certificate first and the key last, whatever their order, and leaves out empty lines', async () => {
    const text = await makePem({ names: ['shop.example.com'] });
    const other = await makePem({ names: ['authority.example.com'] });
    const [key = ''] = text.match(KEY) ?? [];
    const mixed = `bag attributes\n${key}\n\n${other.match(CHAIN)?.[0] ?? ''}\r\n\n${text.match(CHAIN)?.[0] ?? ''}\n`;
    const { pem, certificate } = readPem(mixed);
    expect(certificate.names).toEqual(['shop.example.com']);
    expect(pem.match(/-----BEGIN [A-Z ]+-----/g)).toEqual([
      '-----BEGIN CERTIFICATE-----',
      '-----BEGIN CERTIFICATE-----',
      '-----BEGIN PRIVATE KEY-----',
    ]);
    expect(pem).not.toMatch(/\n\s*\n|\r/);
    expect(readPem(pem).pem).toBe(pem);
  });

  it('says what is missing', async () => {
    const text = await makePem({ names: ['shop.example.com'] });
    const other = await makePem({ names: ['shop.example.com'] });
    const [own = '', key = '', foreign = ''] = [text.match(CHAIN)?.[0], text.match(KEY)?.[0], other.match(KEY)?.[0]];
    const cipher = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' } as const;
    const encrypted = createPrivateKey(key).export(cipher).toString();
    const wrong = [
      ['', 'It has no certificate (BEGIN CERTIFICATE).'],
      [own, 'It has 0 private keys, not one (BEGIN PRIVATE KEY).'],
      [`${own}\n${key}\n${foreign}`, 'It has 2 private keys, not one (BEGIN PRIVATE KEY).'],
      [`${own}\n${foreign}`, 'Its key is not that of its certificate.'],
      [`${own}\n${encrypted}`, 'Its key is encrypted; HAProxy has nobody to ask.'],
      [`${own.replaceAll(/^MII.{40}/gm, '')}\n${key}`, 'One of its certificates cannot be read.'],
      [`${own}\n${key.replace(/MI.{30}/, '')}`, 'Its key cannot be read.'],
    ] as const;
    for (const [pem, message] of wrong) expect(() => readPem(pem), message).toThrow(message);
  });
});

describe('covers', () => {
  it('takes a wildcard for one label', () => {
    const certificate = { names: ['*.example.com', 'example.org'] };
    const hosts = [
      'www.example.com',
      '*.example.com',
      'example.com',
      'a.b.example.com',
      'example.org',
      '*.example.org',
    ];
    expect(hosts.filter((each) => covers(certificate, each))).toEqual([
      'www.example.com',
      '*.example.com',
      'example.org',
    ]);
  });
});

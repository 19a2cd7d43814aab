import { describe, expect, it } from 'vitest';
import type { Certificate } from '../../../src/core/certificate.ts';
import type { Route, RoutingTable } from '../../../src/core/routing.ts';
import {
  certificateCommands,
  certificateLines,
  readCertificateList,
  type LiveEntry,
} from '../../../src/haproxy/certificates.ts';
import type { ConfigSettings } from '../../../src/haproxy/settings.ts';
import { ROUTE, SETTINGS } from './tables.ts';

const [ONE, TWO] = ['1'.repeat(32), '2'.repeat(32)];
const PEM = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n';

function certificate(id: string): Certificate {
  return { id, names: ['shop.example.com'], issuer: 'us', notBefore: 0, notAfter: 1 };
}

function route(name: string, id: string, hostnames: readonly string[], previews: readonly string[] = []): Route {
  const entry = { http: true, https: true, forceHttps: false };
  return { ...ROUTE, loadBalancer: name, hostnames, previews, entry, certificate: certificate(id) };
}

function tableWith(...routes: Route[]): RoutingTable {
  return { version: 1, checks: [], routes };
}

function settingsFor({ routes }: RoutingTable): ConfigSettings {
  const certificates = new Map(routes.map(({ loadBalancer, certificate: own }) => [loadBalancer, own?.id ?? '']));
  return { ...SETTINGS, admission: { certificates, closed: new Set() } };
}

function commandsTo(table: RoutingTable, live: readonly LiveEntry[], pem = PEM): readonly string[] | undefined {
  return certificateCommands(table, settingsFor(table), live, () => pem)?.map(({ text }) => text);
}

const SHOP = tableWith(route('shop', ONE, ['shop.example.com', '*.shop.example.com'], ['green.example.com']));
const SHOP_LINE = `/files/certificates/${ONE}.pem *.shop.example.com green.example.com shop.example.com`;

describe('the list of certificates', () => {
  it('has each certificate once, with the host names of all that are served with it', () => {
    const table = tableWith(
      route('b', TWO, ['b.example.com']),
      route('a', ONE, ['shop.example.com']),
      route('c', ONE, ['shop.example.com', 'c.example.com']),
    );
    expect(certificateLines(table, settingsFor(table))).toEqual([
      `/files/certificates/${ONE}.pem c.example.com shop.example.com`,
      `/files/certificates/${TWO}.pem b.example.com`,
    ]);
    expect(certificateLines(SHOP, settingsFor(SHOP))).toEqual([SHOP_LINE]);
  });

  it('leaves out load balancers whose certificate cannot be served', () => {
    expect(certificateLines(SHOP, SETTINGS)).toEqual([]);
  });

  it('is read as a worker tells it, also by one that has none', () => {
    const answer = `# /files/certificates.list\n/files/certificates/${ONE}.pem:1 a.example.com b.example.com\n/files/certificates/${TWO}.pem:7 *.c.example.com \n`;
    expect(readCertificateList(answer)).toEqual([
      { file: `/files/certificates/${ONE}.pem`, line: 1, hostnames: 'a.example.com b.example.com' },
      { file: `/files/certificates/${TWO}.pem`, line: 7, hostnames: '*.c.example.com' },
    ]);
    expect(readCertificateList("didn't find the specified filename\n")).toEqual([]);
  });
});

describe('a change of certificates', () => {
  const live = [
    { file: `/files/certificates/${ONE}.pem`, line: 3, hostnames: SHOP_LINE.split(' ').slice(1).join(' ') },
  ];

  it('needs nothing where all is as it should be', () => {
    expect(commandsTo(SHOP, live)).toEqual([]);
  });

  it('shows the new one before the old one goes', () => {
    const renewed = tableWith(route('shop', TWO, ['shop.example.com']));
    const [one, two] = [`/files/certificates/${ONE}.pem`, `/files/certificates/${TWO}.pem`];
    expect(commandsTo(renewed, live)).toEqual([
      `new ssl cert ${two}`,
      `set ssl cert ${two} <<\n${PEM}`,
      `commit ssl cert ${two}`,
      `add ssl crt-list /files/certificates.list <<\n${two} shop.example.com\n`,
      `del ssl crt-list /files/certificates.list ${one}:3`,
      `del ssl cert ${one}`,
    ]);
  });

  it('loads none a second time that only gets other host names', () => {
    const more = tableWith(route('shop', ONE, ['shop.example.com', 'www.example.com']));
    const one = `/files/certificates/${ONE}.pem`;
    expect(commandsTo(more, live)).toEqual([
      `add ssl crt-list /files/certificates.list <<\n${one} shop.example.com www.example.com\n`,
      `del ssl crt-list /files/certificates.list ${one}:3`,
    ]);
  });

  it('is left to a reload where one is too long for a command, or not to be had', () => {
    expect(commandsTo(SHOP, [], 'x'.repeat(20_000))).toBeUndefined();
    expect(certificateCommands(SHOP, settingsFor(SHOP), [], () => undefined)).toBeUndefined();
  });
});

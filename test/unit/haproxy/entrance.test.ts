import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/core/load-balancer.ts';
import type { Route } from '../../../src/core/routing.ts';
import { renderConfig } from '../../../src/haproxy/config.ts';
import { routedTable, routeMap } from '../../../src/haproxy/routes.ts';
import type { ConfigSettings } from '../../../src/haproxy/settings.ts';
import { ROUTE, SETTINGS, TABLE } from './tables.ts';

const ID = 'a'.repeat(32);
const CERTIFICATE = { id: ID, names: ['web.example.com'], issuer: 'us', notBefore: 0, notAfter: 1 };
const HTTPS = { address: '0.0.0.0', port: 443, shown: 443 };
const BY_TLS: Entry = { http: true, https: true, forceHttps: false };

function render(change: Partial<Route>, settings: Partial<ConfigSettings> = {}, isServed = true): string {
  const certificates = new Map(isServed ? [['web', ID]] : []);
  const all = { ...SETTINGS, https: HTTPS, admission: { certificates, closed: new Set<string>() }, ...settings };
  return renderConfig({ ...TABLE, routes: [{ ...ROUTE, ...change }] }, all, {});
}

/** A section of the config, by its first line. */
function section(config: string, head: string): string {
  return config.split('\n\n').find((each) => each.startsWith(head)) ?? '';
}

describe('requests by TLS', () => {
  it('are listened for while a load balancer takes them', () => {
    const frontend = section(render({ entry: BY_TLS, certificate: CERTIFICATE }), 'frontend https\n');
    expect(frontend).toContain(
      'bind 0.0.0.0:443 ssl crt-list /files/certificates.list strict-sni ssl-min-ver TLSv1.2 alpn h2,http/1.1',
    );
    expect(frontend).toContain('set-header X-Forwarded-Proto https');
    expect(frontend).toContain('use_backend %[var(txn.backend)]');
    expect(render({})).not.toContain('frontend https');
    expect(render({ entry: BY_TLS }, { https: { ...HTTPS, port: 8443 } })).toContain('bind 0.0.0.0:8443 ssl');
  });

  it('are turned away by load balancers that take none, or have no certificate yet', () => {
    const away = 'http-request return status 421 content-type text/plain string';
    const byTls = `${away} 'Load balancer web takes no requests by TLS.' if { ssl_fc }`;
    const plain = `${away} 'Load balancer web takes requests by TLS only.' unless { ssl_fc }`;
    expect(render({})).toContain(byTls);
    const others = { certificates: new Map([['other', ID]]), closed: new Set<string>() };
    expect(render({ entry: BY_TLS }, { admission: others })).toContain(byTls);
    expect(render({}, {}, false)).not.toContain('421');
    expect(render({ entry: BY_TLS })).not.toContain('421');
    expect(render({ entry: { ...BY_TLS, http: false } })).toContain(plain);
  });

  it('are where all others are sent to, once there is a certificate', () => {
    const forced = { entry: { ...BY_TLS, forceHttps: true } };
    const to = (port: string) =>
      `redirect location https://%[req.hdr(host),host_only]${port}%[pathq] code 308 unless { ssl_fc }`;
    expect(render(forced)).toContain(to(''));
    expect(render(forced, { https: { ...HTTPS, port: 8443, shown: 444 } })).toContain(to(':444'));
    expect(render(forced, {}, false)).not.toContain('redirect');
  });

  it('leave http closed where nobody takes requests there', () => {
    expect(render({ entry: { ...BY_TLS, http: false } })).not.toContain('frontend http\n');
  });
});

describe('an authority that asks for a host name', () => {
  const asked = { entry: { ...BY_TLS, http: false }, challenge: 'thumb-print' };

  it('is answered by http, with the token that it asks for', () => {
    expect(section(render(asked, {}, false), 'frontend http\n')).toContain(
      'set-var-fmt(txn.asked) "!acme:%[req.hdr(host),host_only,lower]" if { path_beg /.well-known/acme-challenge/ }',
    );
    expect(render({ entry: BY_TLS })).not.toContain('acme');
  });

  it('finds the answer in the map, and the table that is read from there tells it', () => {
    const table = { ...TABLE, routes: [{ ...ROUTE, ...asked }] };
    const map = routeMap(table, {});
    expect(map.get('!acme:web.example.com')).toBe('thumb-print');
    expect(routedTable(table, map).routes[0]?.challenge).toBe('thumb-print');
    const without = new Map([...map].filter(([key]) => !key.startsWith('!acme:')));
    expect(routedTable(table, without).routes[0]).not.toHaveProperty('challenge');
  });
});

describe('addresses of its own', () => {
  it('are bound beside that of all where they are not among it', () => {
    const http = { address: '192.0.2.1', port: 80, shown: 80 };
    const own = { externalIPs: ['192.0.2.7', '2001:db8::7'] };
    expect(section(render(own, { http }), 'frontend http\n')).toContain(
      'bind 192.0.2.1:80\n  bind 192.0.2.7:80\n  bind [2001:db8::7]:80',
    );
    expect(section(render(own), 'frontend http\n')).toContain('bind 0.0.0.0:80\n  bind [2001:db8::7]:80');
    expect(render(own)).toContain("'Load balancer web is not at this address.' unless { dst 192.0.2.7 2001:db8::7 }");
  });

  it('are where connections are taken, in place of that of all', () => {
    const tcp = { address: '0.0.0.0', from: 9000, to: 9009 };
    const own = { listen: 9000, externalIPs: ['192.0.2.7'], hostnames: [] };
    const config = render(own, { tcp });
    expect(section(config, 'frontend tcp:web\n')).toContain('bind 192.0.2.7:9000');
    expect(config).not.toContain('0.0.0.0:9000');
    const closed = { certificates: new Map<string, string>(), closed: new Set(['192.0.2.7:9000']) };
    expect(render(own, { tcp, admission: closed })).not.toContain('frontend tcp:web');
  });

  it('tell two listeners on one port apart', () => {
    const listeners = ['192.0.2.7', '192.0.2.8'].map((address, index) => ({
      ...ROUTE,
      loadBalancer: `db${index}`,
      hostnames: [],
      listen: 9000,
      externalIPs: [address],
    }));
    const map = routeMap({ ...TABLE, routes: listeners }, {});
    expect([...map.values()].sort()).toEqual(['db0.a', 'db1.a']);
    expect(routedTable({ ...TABLE, routes: listeners }, map).routes).toEqual(listeners);
  });
});

import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/core/reason.ts';
import { readManifests, type ReadOptions } from '../../../src/manifest/read.ts';
import { line, problems, read } from './reading.ts';

const WEB = '{ kind: Service, name: web, image: "a:1", ports: [80, { port: 53, protocol: udp }] }';
const LB = 'kind: LoadBalancer\nname: l\nhostnames: [a.example.com]\nservice: web\nport: 80';
const documents = (...texts: string[]): string => texts.join('\n---\n');

describe('a set of manifests', () => {
  it('comes out the same, whatever the files and their order', () => {
    const files = [
      { path: 'b.yaml', text: WEB },
      { path: 'a/l.yml', text: LB },
    ];
    const names = (set: ReturnType<typeof readManifests>): string[] =>
      set.manifests.map(({ kind, name }) => `${kind} ${name}`);
    expect(names(readManifests(files))).toEqual(['LoadBalancer l', 'Service web']);
    expect(readManifests([...files].reverse()).manifests).toEqual(readManifests(files).manifests);
  });

  it('is empty, without a problem, where there is no document', () => {
    for (const text of ['', '# nothing', '---\n---\n', 'null\n---\n~']) {
      expect(read(text)).toEqual({ manifests: [], problems: [], warnings: [] });
    }
    expect(readManifests([])).toEqual({ manifests: [], problems: [], warnings: [] });
  });

  it('has each name once per kind, and says where the other one is', () => {
    const { problems } = readManifests([
      { path: 'a.yaml', text: WEB },
      { path: 'b.yaml', text: documents(LB.replace('name: l', 'name: web'), WEB.replace('80', '81, 80')) },
    ]);
    expect(problems.map(line)).toEqual([
      '7:24 duplicate-name: There are two of `Service web`; the other is in a.yaml:1.',
    ]);
  });
});

describe('a service depends on', () => {
  const service = (name: string, ...needed: string[]) =>
    `{ kind: Service, name: ${name}, image: "a:1", dependsOn: [${needed.join(', ')}] }`;

  it('a service that is there, or the nearest name is said', () => {
    expect(problems(documents(service('web', 'db', 'dp'), service('db')))).toEqual([
      '1:59 dependency-not-ready: There is no service or job `dp` to depend on. Did you mean `db`?',
    ]);
    expect(problems(documents(service('web', 'db'), '{ kind: Service, name: db }'))).toEqual([
      expect.stringMatching(/^3:1 schema: `image` is missing/),
    ]);
  });

  it('none that depends on it, and each cycle is said once', () => {
    const cycle = [service('a', 'b', 'x'), service('b', 'c'), service('c', 'a'), service('x'), service('y', 'a')];
    expect(problems(documents(...cycle))).toEqual([
      '1:53 dependency-cycle: `dependsOn` leads back to its beginning: a → b → c → a. Leave one of them out.',
    ]);
  });

  it('many in a time that is linear', () => {
    const chain = Array.from({ length: 900 }, (_, index) =>
      service(`s${index}`, ...(index > 0 ? [`s${index - 1}`] : [])),
    );
    expect(problems(documents(...chain))).toEqual([]);
  });
});

describe('a LoadBalancer leads to', () => {
  it('a service that is there, or the nearest name is said', () => {
    expect(problems(documents(LB.replace('web', 'wbe'), WEB))).toEqual([
      '4:10 unknown-service: There is no service `wbe`. Did you mean `web`?',
    ]);
    expect(problems(LB)).toEqual(['4:10 unknown-service: There is no service `web`.']);
  });

  it('a tcp port that the service declares, or those are listed', () => {
    expect(problems(documents(LB.replace('80', '8080'), WEB))).toEqual([
      '5:7 port-not-declared: Port 8080 is not a tcp port of the service `web` (it declares 80); add it to its `ports`.',
    ]);
    expect(problems(documents(LB.replace('80', '53'), WEB))).toEqual([expect.stringMatching(/^5:7 port-not-declared/)]);
  });

  it('a service whose own document is broken, without a second problem', () => {
    expect(problems(documents(LB, WEB.replace('image', 'imgae')))).toEqual([
      '7:29 schema: `imgae` is not a field of a Service. Did you mean `image`?',
    ]);
    expect(
      readManifests([
        { path: 'a.yaml', text: LB },
        { path: 'b.yaml', text: 'kind: [' },
      ]).problems,
    ).toMatchObject([{ reason: 'syntax' }]);
  });
});

describe('one host name and path', () => {
  const second = LB.replace('name: l', 'name: m');

  it.each<[string, string]>([
    ['the same', second],
    ['in capitals', second.replace('a.ex', 'A.EX')],
    ['with a slash at its end', `${second.replace('a.example', 'b.example, a.example')}\npath: //`],
  ])('is claimed once: %s', (_, text) => {
    const found = read(documents(WEB, LB, text)).problems;
    expect(found).toMatchObject([{ reason: 'duplicate-route', object: 'm' } satisfies Partial<Problem>]);
    expect(found[0]?.message).toContain('a.example.com/ is claimed by LoadBalancer `l` too (web.yaml:3)');
  });

  it('is free where the path, the host name or `enabled` differs', () => {
    expect(problems(documents(WEB, LB, `${second}\npath: /api`))).toEqual([]);
    expect(problems(documents(WEB, LB, second.replace('a.example', 'b.example')))).toEqual([]);
    expect(problems(documents(WEB, LB, `${second}\nenabled: false`))).toEqual([]);
  });

  it('is not the preview of another service', () => {
    const shop = WEB.replace('web', 'shop').replace(
      'ports',
      'update: { strategy: green-blue, preview: A.example.com }, ports',
    );
    const toShop = LB.replace('name: l', 'name: s').replace('web', 'shop').replace('a.example', 'shop.example');
    expect(problems(documents(WEB, LB, shop, toShop))).toEqual([
      '9:85 duplicate-route: a.example.com/ is claimed by LoadBalancer `l` too (web.yaml:3); a host name and path lead to one place only.',
    ]);
    expect(problems(documents(shop, toShop))).toEqual([]);
  });
});

it('a preview needs a LoadBalancer that leads to the service', () => {
  const shop = '{ kind: Service, name: shop, image: "a:1", update: { strategy: green-blue, preview: a.b } }';
  expect(problems(shop)).toEqual([
    '1:85 schema: `update.preview` needs a LoadBalancer that leads requests to `shop` alone; there is none.',
  ]);
});

describe('a hostname', () => {
  const named = (name: string, hostname: string): string =>
    `{ kind: Service, name: ${name}, image: "a:1", hostname: ${hostname} }`;

  it('is not the name of a service, by which only what is ready is found', () => {
    expect(problems(documents(WEB, named('db', 'Web')))).toEqual([
      '3:52 schema: `web` is the name of Service `web` (web.yaml:1), which has to lead to its ready instances only; choose another `hostname`, or leave it out.',
    ]);
    expect(problems(named('db', 'db'))).toEqual([
      '1:52 schema: `db` is the name of the service itself, which has to lead to its ready instances only; choose another `hostname`, or leave it out.',
    ]);
  });

  it('may be anything else, also the name of a LoadBalancer', () => {
    expect(problems(documents(WEB, LB, named('db', 'l'), named('api', 'web.example.com')))).toEqual([]);
  });
});

describe('a host port', () => {
  const service = (name: string, more = ''): string =>
    `{ kind: Service, name: ${name}, image: "a:1", ports: [{ port: 80, hostPort: 8080 }]${more} }`;

  it('belongs to one service', () => {
    expect(problems(documents(service('a'), service('b')))).toEqual([
      '3:49 host-port-conflict: Host port 8080/tcp is taken by Service `a` (web.yaml:1) too; change one of them.',
    ]);
    expect(problems(documents(service('a'), service('b').replace('80,', '80, protocol: udp,')))).toEqual([]);
  });

  it('goes with `recreate`, which is what such a service has anyway', () => {
    expect(problems(service('a', ', update: { strategy: recreate }'))).toEqual([]);
    expect(problems(service('a').replace('hostPort: 8080', 'publish: true'))).toEqual([]);
  });

  it('is free while its service does not run', () => {
    expect(problems(documents(service('a', ', enabled: false'), service('b'), service('c', ', instances: 0')))).toEqual(
      [],
    );
  });

  it.each<[string, readonly string[]]>([
    ['a load balancer', [WEB, LB]],
    ['one that is disabled', [WEB, `${LB}\nenabled: false`]],
    ['an http check', [WEB.replace('ports', 'healthCheck: { http: {} }, ports')]],
    ['nothing', []],
  ])("is never the load balancer's, with %s that needs it", (_, others) => {
    const options: ReadOptions = { balancerPorts: [{ port: 8080, setting: 'balancer.http' }] };
    expect(problems(documents(service('a'), ...others), options)).toEqual([
      '1:49 host-port-conflict: Host port 8080/tcp is taken by the load balancer (`balancer.http`) too; change one of them.',
    ]);
    expect(problems(documents(service('a').replace('80,', '80, protocol: udp,'), ...others), options)).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { desire } from '../../../src/core/desire.ts';
import { canonicalJson, releaseOf } from '../../../src/core/release.ts';
import type { Service } from '../../../src/core/model.ts';
import { loadBalancer, service } from '../../support/manifests.ts';

const idOf = ({ container, resources }: Service) => releaseOf(container, resources);
const web = service();

describe('the id of a release', () => {
  it('never changes between versions of Fairlead: names of containers that run are made of it', () => {
    expect(idOf(web)).toBe('9aec98d');
  });

  it('does not depend on the order of keys', () => {
    const one = service({ container: { environment: { A: '1', B: '2' } } });
    const other = service({ container: { environment: { B: '2', A: '1' } } });
    expect(idOf(one)).toBe(idOf(other));
  });

  it.each<[string, Parameters<typeof service>[0]]>([
    ['image', { container: { image: 'web:v2' } }],
    ['version', { container: { version: 'v2' } }],
    ['environment', { container: { environment: { A: '1' } } }],
    ['order of arguments', { container: { command: ['b', 'a'] } }],
    ['a first reservation', { resources: { cpu: 0.1, memory: 0, limits: {} } }],
    ['a first limit', { resources: { cpu: 0, memory: 0, limits: { memory: 1 } } }],
  ])('changes with: %s', (_, change) => {
    expect(idOf(service(change))).not.toBe(idOf(web));
  });

  it.each<[string, Parameters<typeof service>[0]]>([
    ['instances', { instances: 5 }],
    ['update policy', { update: { strategy: 'green-blue', monitor: 1 } }],
    ['restart policy', { restart: 'always' }],
    ['placement', { requirements: ['ssd'], conflictsWith: ['db'], maxPerNode: 1 }],
    ['description', { description: 'the shop' }],
    ['pull policy', { pullPolicy: 'always' }],
    ['enabled', { enabled: false }],
  ])('does not change with: %s', (_, change) => {
    expect(idOf(service(change))).toBe(idOf(web));
  });

  it('does not change with the values of reservations and limits', () => {
    const sized = (cpu: number, memory: number) => ({ resources: { cpu, memory, limits: { cpu, memory } } });
    expect(idOf(service(sized(1, 64)))).toBe(idOf(service(sized(2, 128))));
  });

  it('does not change with routes or the commit', () => {
    const release = (id: string, ...more: Parameters<typeof desire>[0]) => {
      const revision = { id, message: id, author: '', at: 0 };
      return desire([web, ...more], { cluster: 'demo', revision }).services[0]?.release;
    };
    expect(release('a', loadBalancer())).toBe(release('b'));
  });
});

it('canonical JSON leaves out what is not set, and keeps the order of lists', () => {
  expect(canonicalJson({ b: [2, 1, { y: undefined, x: null }], a: undefined })).toBe('{"b":[2,1,{"x":null}]}');
});

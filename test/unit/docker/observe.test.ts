import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalResources } from '../../../src/core/resources.ts';
import type { InspectedContainer, InspectedHostConfig } from '../../../src/docker/inspected.ts';
import { digestOf, resourcesOf, toInstance, toRun } from '../../../src/docker/observe.ts';
import { createOptions, resourceOptions } from '../../../src/docker/options.ts';
import { containerSpec, slotSpec } from '../../support/specs.ts';

const AT = { cluster: 'demo', network: 'f00', address: '172.20.0.7' };
const SPEC = containerSpec({ image: 'web:v1', version: 'v1' });
const DEFAULT = { name: 'default', id: 'f00', companion: { id: 'f01', subnet: '172.21.0.0/16' } };
const AROUND = { cluster: 'demo', networks: [DEFAULT], image: { Id: 'sha256:1' } };
const JOINED = {
  'fairlead-demo': { NetworkID: 'f00', IPAMConfig: { IPv4Address: '172.20.0.7' } },
  'fairlead-demo-names': { NetworkID: 'f01', IPAMConfig: { IPv4Address: '172.21.0.7' } },
};

function inspected(changes: {
  state?: Partial<InspectedContainer['State']>;
  labels?: Record<string, string>;
  name?: string;
  networks?: NonNullable<InspectedContainer['NetworkSettings']['Networks']>;
}): InspectedContainer {
  const { HostConfig, Labels, Image, Env } = createOptions(slotSpec({ container: SPEC }), AT);
  const never = '0001-01-01T00:00:00Z';
  return {
    Id: '0123456789abcdef',
    Name: changes.name ?? '/demo-web-1a2b3c4-1',
    Created: '2026-11-21T05:00:00.5Z',
    Image: 'sha256:1',
    RestartCount: 2,
    State: {
      Status: 'created',
      ExitCode: 0,
      OOMKilled: false,
      Error: '',
      StartedAt: never,
      FinishedAt: never,
      ...changes.state,
    },
    Config: { Image, Env, Labels: { ...Labels, ...changes.labels }, Hostname: '0123456789ab' },
    HostConfig: HostConfig as InspectedHostConfig,
    NetworkSettings: {
      Ports: {},
      Networks: changes.networks ?? JOINED,
    },
  };
}

const observe = (changes: Parameters<typeof inspected>[0] = {}) => toInstance(inspected(changes), AROUND);

describe('toInstance', () => {
  it('reads what a container is from its labels and where it is from its networks', () => {
    expect(observe()).toEqual({
      id: '0123456789abcdef',
      name: 'demo-web-1a2b3c4-1',
      service: 'web',
      release: '1a2b3c4',
      version: 'v1',
      slot: 1,
      spec: SPEC,
      state: 'created',
      health: 'none',
      oomKilled: false,
      restarts: 2,
      createdAt: Date.UTC(2026, 10, 21, 5, 0, 0, 500),
      restartPolicy: 'unless-stopped',
      address: '172.20.0.7',
      discoverable: false,
      resources: { cpu: 0, memory: 0, limits: {} },
      hostPorts: [],
      imageId: 'sha256:1',
      deviations: [],
    });
  });

  it.each([
    [
      { Status: 'running', StartedAt: '2026-11-21T05:00:01Z' },
      { state: 'running', startedAt: Date.UTC(2026, 10, 21, 5, 0, 1) },
    ],
    [
      { Status: 'exited', ExitCode: 0, FinishedAt: '2026-11-21T05:00:02Z' },
      { state: 'exited', exitCode: 0 },
    ],
    [{ Status: 'removing' }, { state: 'dead' }],
    [
      { Status: 'created', ExitCode: 127, Error: 'no such file' },
      { state: 'created', exitCode: 127, error: 'no such file' },
    ],
    [{ Status: 'running', Health: { Status: 'unhealthy' } }, { health: 'unhealthy' }],
    [{ Status: 'running', Health: { Status: '' } }, { health: 'none' }],
  ])('%j', (state, instance) => {
    expect(observe({ state })).toMatchObject(instance);
  });

  it('is none where the labels do not name a slot', () => {
    expect(observe({ labels: { 'io.fairlead.slot': 'one' } })).toBeUndefined();
  });

  it.each(['', '{', '"text"', '{"image":"web:v1"}'])('deviates where the spec cannot be read: %j', (spec) => {
    const instance = observe({ labels: { 'io.fairlead.spec': spec } });
    expect(instance?.spec).toBeUndefined();
    expect(instance?.deviations).toEqual(['label io.fairlead.spec cannot be read']);
  });

  it('deviates under another name', () => {
    expect(observe({ name: '/web' })?.deviations).toEqual(['name is web, not demo-web-1a2b3c4-1']);
  });

  it('under the name of what was stopped is a run that was, and no service', () => {
    const name = '/demo-web-1a2b3c4-1-stopped';
    const run = inspected({ name, labels: { 'io.fairlead.role': 'job' } });
    expect(toRun(run, AROUND)).toMatchObject({ stopped: true, deviations: [] });
    expect(toRun({ ...run, Name: '/demo-web-1a2b3c4-1' }, AROUND)).toMatchObject({ stopped: false, deviations: [] });
    expect(observe({ name })?.deviations).toEqual([`name is ${name.slice(1)}, not demo-web-1a2b3c4-1`]);
  });

  it('is discoverable only under the name of its service', () => {
    const companion = JOINED['fairlead-demo-names'];
    const on = (Aliases: string[]) =>
      observe({ networks: { ...JOINED, 'fairlead-demo-names': { ...companion, Aliases } } });
    expect(on(['web', '0123456789ab'])).toMatchObject({ discoverable: true, deviations: [] });
    expect(on(['0123456789ab'])).toMatchObject({ discoverable: false, deviations: [] });
  });

  it('is neither discoverable nor not where it has left the names, and not made anew for it', () => {
    const networks = { 'fairlead-demo': JOINED['fairlead-demo'] };
    expect(observe({ networks })).toMatchObject({ discoverable: undefined, deviations: [] });
  });

  it('is made anew where its names are another network than those of today', () => {
    const networks = { ...JOINED, 'fairlead-demo-names': { ...JOINED['fairlead-demo-names'], NetworkID: 'f02' } };
    expect(observe({ networks })).toMatchObject({ deviations: ['network fairlead-demo-names is another one'] });
  });
});

describe('resources', () => {
  it('read back as they were asked for, to the thousandth of a core', () => {
    const thousandths = fc.integer({ min: 2, max: 64_000 }).map((number) => number / 1000);
    const bytes = fc.integer({ min: 1, max: 2 ** 40 });
    fc.assert(
      fc.property(thousandths, bytes, thousandths, bytes, (cpu, memory, cpuLimit, memoryLimit) => {
        const resources = { cpu, memory, limits: { cpu: cpuLimit, memory: memoryLimit } };
        expect(resourcesOf(resourceOptions(resources) as InspectedHostConfig)).toEqual(resources);
        expect(canonicalResources(resources)).toEqual(resources);
      }),
    );
  });

  it('that are finer are held as Docker can hold them, once and for all', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 64, noNaN: true }), (cpu) => {
        const canonical = canonicalResources({ cpu, memory: 0, limits: {} });
        expect(resourcesOf(resourceOptions({ cpu, memory: 0, limits: {} }) as InspectedHostConfig)).toEqual(canonical);
        expect(canonicalResources(canonical)).toEqual(canonical);
      }),
    );
  });
});

describe('digestOf', () => {
  const image = { Id: 'x', RepoDigests: ['other/web@sha256:aa', 'r.example.com:5000/web@sha256:bb'] };

  it.each(['r.example.com:5000/web:v1', 'r.example.com:5000/web', 'r.example.com:5000/web@sha256:bb'])(
    '%s',
    (reference) => {
      expect(digestOf(image, reference)).toBe('sha256:bb');
    },
  );

  it('is any that there is, for an image that was pulled under another name; none for one that was built', () => {
    expect(digestOf(image, 'mirror/web:v1')).toBe('sha256:aa');
    expect(digestOf({ Id: 'x', RepoDigests: [] }, 'web:v1')).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ContainerSpec } from '../../../src/core/model.ts';
import { deviationsOf } from '../../../src/docker/deviations.ts';
import type { InspectedConfig, InspectedContainer, InspectedHostConfig } from '../../../src/docker/inspected.ts';
import { createOptions } from '../../../src/docker/options.ts';
import { cases, patience } from '../../support/cases.ts';
import { anyManifests, readTogether } from '../../support/manifests-arbitrary.ts';
import { containerSpec, slotSpec } from '../../support/specs.ts';

/** Whatever a manifest and an image say together, what Docker makes of it is what was asked for. */

const AT = { cluster: 'demo', network: 'f00', address: '172.20.0.7' };
const ID = '0123456789abcdef';

const anyWords = fc.array(fc.string({ maxLength: 3 }), { minLength: 1, maxLength: 3 });

/** What an image may bring of its own. */
const anyImage: fc.Arbitrary<InspectedConfig> = fc.record(
  {
    User: fc.constantFrom('', '99', 'app:app'),
    WorkingDir: fc.constantFrom('', '/', '/srv'),
    Env: fc.constantFrom(['PATH=/bin'], ['A=', 'B=b=c', 'FAIRLEAD_INSTANCE=7']),
    Entrypoint: fc.option(anyWords),
    Cmd: fc.option(anyWords),
    StopSignal: fc.constantFrom('SIGINT', '3'),
    Labels: fc.constantFrom(null, { A: 'of the image', made: 'by' }),
    ExposedPorts: fc.constantFrom(null, { '8080/tcp': {}, '53/udp': {} }),
    Healthcheck: fc.constant({ Test: ['CMD', 'true'], Interval: 7e9, Timeout: 3e9, StartPeriod: 11e9, Retries: 9 }),
  },
  { requiredKeys: [] },
);

const anySpec = anyManifests.map(({ first }) => {
  const workloads = readTogether(first).manifests.filter((each) => each.kind !== 'LoadBalancer');
  return workloads.map((each) => each.container);
});

describe('a container that was made of a manifest', () => {
  it('has no deviation, whatever its image brings', patience(60_000), () => {
    const check = (specs: readonly ContainerSpec[], image: InspectedConfig): void => {
      for (const spec of specs) expect(deviations(spec, image)).toEqual([]);
    };
    fc.assert(fc.property(anySpec, anyImage, check), cases(25));
  });

  it.each<[Partial<ContainerSpec>, InspectedConfig]>([
    [{ entrypoint: ['sh', '-c', 'exec "$@"', ''], command: ['sleep', '1'] }, {}],
    [{ entrypoint: [''], command: ['sleep', '1'] }, { Entrypoint: ['/init'] }],
    [{ command: ['sleep', '1'] }, { Entrypoint: [''] }],
  ])('nor has one of %j on an image with %j', (fields, image) => {
    expect(deviations(containerSpec({ image: 'web:v1', ...fields }), image)).toEqual([]);
  });
});

function deviations(container: ContainerSpec, image: InspectedConfig): string[] {
  return deviationsOf(inspected(container, image), { cluster: 'demo', service: 'web', slot: 1, container }, image);
}

/** As an engine shows the container that it made of the spec and the image. */
function inspected(spec: ContainerSpec, image: InspectedConfig): InspectedContainer {
  const options = JSON.parse(JSON.stringify(createOptions(slotSpec({ container: spec }), AT))) as InspectedConfig & {
    readonly HostConfig: InspectedHostConfig;
  };
  const { HostConfig, ...config } = options;
  return {
    Id: ID,
    Name: '/demo-web-1a2b3c4-1',
    Created: '2026-11-21T05:00:00Z',
    Image: 'sha256:1',
    RestartCount: 0,
    State: { Status: 'running', ExitCode: 0, OOMKilled: false, Error: '', StartedAt: '', FinishedAt: '' },
    Config: merged(config, image),
    HostConfig,
    NetworkSettings: {},
  };
}

/** Docker's own rules: of most fields an empty one is the image's, field by field in the health check too. */
function merged(config: InspectedConfig, image: InspectedConfig): InspectedConfig {
  const own = new Set((config.Env ?? []).map((line) => line.split('=')[0]));
  const inherited = (image.Env ?? []).filter((line) => !own.has(line.split('=')[0]));
  const { Entrypoint: entrypoint = image.Entrypoint } = config;
  const check = config.Healthcheck;
  return {
    ...config,
    Hostname: config.Hostname ?? ID.slice(0, 12),
    User: config.User || image.User,
    WorkingDir: config.WorkingDir || image.WorkingDir,
    StopSignal: config.StopSignal || image.StopSignal,
    Env: [...(config.Env ?? []), ...inherited],
    Entrypoint: entrypoint?.length === 1 && entrypoint[0] === '' ? null : entrypoint,
    Cmd: config.Entrypoint === undefined && isEmpty(config.Cmd) ? image.Cmd : config.Cmd,
    Labels: { ...image.Labels, ...config.Labels },
    ExposedPorts: { ...image.ExposedPorts, ...config.ExposedPorts },
    Healthcheck: {
      Test: check?.Test ?? image.Healthcheck?.Test,
      Interval: check?.Interval || image.Healthcheck?.Interval,
      Timeout: check?.Timeout || image.Healthcheck?.Timeout,
      StartPeriod: check?.StartPeriod || image.Healthcheck?.StartPeriod,
      Retries: check?.Retries || image.Healthcheck?.Retries,
    },
  };
}

function isEmpty(list: readonly string[] | null | undefined): boolean {
  return list === null || list === undefined || list.length === 0;
}

import { describe, expect, it } from 'vitest';
import type { ContainerSpec } from '../../../src/core/model.ts';
import { deviationsOf } from '../../../src/docker/deviations.ts';
import type { InspectedConfig, InspectedContainer, InspectedHostConfig } from '../../../src/docker/inspected.ts';
import { createOptions } from '../../../src/docker/options.ts';
import { containerSpec, slotSpec } from '../../support/specs.ts';

const AT = { cluster: 'demo', network: 'f00', address: '172.20.0.7' };

/** As an engine would show the container that was made from the spec, where image and engine add nothing. */
function inspected(spec: ContainerSpec): InspectedContainer {
  const { HostConfig, ...config } = createOptions(slotSpec({ container: spec }), AT);
  return {
    Id: '0123456789abcdef',
    Name: '/demo-web-1a2b3c4-1',
    Created: '2026-11-21T05:00:00Z',
    Image: 'sha256:1',
    RestartCount: 0,
    State: { Status: 'running', ExitCode: 0, OOMKilled: false, Error: '', StartedAt: '', FinishedAt: '' },
    Config: { ...(config as InspectedConfig), Hostname: '0123456789ab' },
    HostConfig: HostConfig as InspectedHostConfig,
    NetworkSettings: {},
  };
}

function deviations(real: ContainerSpec, pretended: ContainerSpec, image: InspectedConfig | undefined = {}): string[] {
  return deviationsOf(inspected(real), { cluster: 'demo', service: 'web', slot: 1, container: pretended }, image);
}

const PLAIN = containerSpec({ image: 'web:v1' });

describe('deviationsOf', () => {
  it.each<[Partial<ContainerSpec>, Partial<ContainerSpec>, string]>([
    [{ environment: { A: '2' } }, { environment: { A: '1' } }, 'environment.A is "2", not "1"'],
    [{}, { environment: { A: '1' } }, 'environment.A is not set, it should be "1"'],
    [{ environment: { A: '1' } }, {}, 'environment.A is "1" and should not be set'],
    [{ command: ['a', 'b c'] }, { command: ['a', 'b', 'c'] }, 'command is ["a","b c"], not ["a","b","c"]'],
    [
      { ports: [{ port: 80, protocol: 'tcp', publish: false, hostPort: 81 }] },
      { ports: [{ port: 80, protocol: 'tcp', publish: false, hostPort: 82 }] },
      'ports.80/tcp is port 81, not port 82',
    ],
    [
      { ports: [{ port: 80, protocol: 'tcp', publish: true }] },
      { ports: [{ port: 80, protocol: 'tcp', publish: false }] },
      'ports.80/tcp is any port, not inside only',
    ],
    [
      { mounts: [{ type: 'bind', source: '/a', target: '/x', readOnly: false }] },
      { mounts: [{ type: 'bind', source: '/a', target: '/x', readOnly: true }] },
      'mounts./x is bind /a, not bind /a (read-only)',
    ],
    [{ gpus: 1 }, { gpus: 'all' }, 'gpus is 1 gpu, not all gpu'],
    [{ image: 'web:v2' }, {}, 'image is web:v2, not web:v1'],
  ])('%j instead of %j: %s', (real, pretended, sentence) => {
    expect(deviations({ ...PLAIN, ...real }, { ...PLAIN, ...pretended })).toEqual([sentence]);
  });

  it('knows capabilities with and without their prefix, in any order', () => {
    const real = { ...PLAIN, capAdd: ['CAP_SYS_TIME', 'net_admin'], capDrop: ['all'] };
    expect(deviations(real, { ...PLAIN, capAdd: ['NET_ADMIN', 'SYS_TIME'], capDrop: ['ALL'] })).toEqual([]);
  });

  it('subtracts what the image brings, and misses what it should have brought', () => {
    const image = { Env: ['PATH=/bin'], User: '99', Labels: { made: 'by' }, ExposedPorts: { '80/tcp': {} } };
    const made = { cluster: 'demo', service: 'web', slot: 1, container: PLAIN };
    const asMerged = {
      ...inspected(PLAIN).Config,
      ...image,
      Env: [...(inspected(PLAIN).Config.Env ?? []), 'PATH=/bin'],
    };
    expect(deviationsOf({ ...inspected(PLAIN), Config: asMerged }, made, image)).toEqual([]);
    expect(deviations(PLAIN, PLAIN, image)).toContain('user is not set, it should be 99');
  });

  it('compares what the spec says also where the image is unknown', () => {
    const real = inspected({ ...PLAIN, environment: { A: '2', PATH: '/bin' } });
    const container = { ...PLAIN, environment: { A: '1' } };
    expect(deviationsOf(real, { cluster: 'demo', service: 'web', slot: 1, container }, undefined)).toEqual([
      'environment.A is "2", not "1"',
    ]);
  });
});

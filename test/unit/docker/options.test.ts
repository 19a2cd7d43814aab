import { describe, expect, it } from 'vitest';
import { createOptions } from '../../../src/docker/options.ts';
import type { SlotSpec } from '../../../src/core/ports.ts';
import { containerSpec, slotSpec } from '../../support/specs.ts';

const AT = { cluster: 'demo', network: 'f00', address: '172.20.0.7' };

const optionsOf = (fields: Parameters<typeof containerSpec>[0], slot: Partial<SlotSpec> = {}) =>
  createOptions(slotSpec({ container: containerSpec(fields), ...slot }), AT);

describe('createOptions', () => {
  it('names and labels the container so that it can be found again', () => {
    const container = containerSpec({ image: 'web:v1', version: 'v1' });
    const options = createOptions(slotSpec({ container, slot: 3 }), AT);
    expect(options.name).toBe('demo-web-1a2b3c4-3');
    expect(options.Labels).toEqual({
      'io.fairlead.cluster': 'demo',
      'io.fairlead.role': 'service',
      'io.fairlead.service': 'web',
      'io.fairlead.release': '1a2b3c4',
      'io.fairlead.version': 'v1',
      'io.fairlead.slot': '3',
      'io.fairlead.revision': '9f3c0000',
      'io.fairlead.spec': JSON.stringify(container),
    });
  });

  it('never lets a manifest forge our labels', () => {
    const options = optionsOf({ image: 'web:v1', labels: { 'io.fairlead.cluster': 'other', team: 'shop' } });
    expect(options.Labels).toMatchObject({ 'io.fairlead.cluster': 'demo', team: 'shop' });
  });

  it('tells the container who it is, unless the manifest does', () => {
    const environment = { FAIRLEAD_VERSION: 'mine', A: '1' };
    expect(optionsOf({ image: 'web:v1', version: 'v1', contextRoot: '/shop', environment }).Env).toEqual([
      'FAIRLEAD_SERVICE=web',
      'FAIRLEAD_VERSION=mine',
      'FAIRLEAD_INSTANCE=1',
      'CONTEXT_ROOT=/shop',
      'A=1',
    ]);
  });

  it('is made from the image that the release has, where there is one', () => {
    expect(optionsOf({ image: 'web:v1' }).Image).toBe('web:v1');
    expect(optionsOf({ image: 'web:v1' }, { imageId: 'sha256:abc' }).Image).toBe('sha256:abc');
  });

  it('is on its network, by id, at its fixed address', () => {
    const options = optionsOf({ image: 'web:v1' });
    expect(options.HostConfig?.NetworkMode).toBe('f00');
    expect(options.NetworkingConfig?.EndpointsConfig).toEqual({ f00: { IPAMConfig: { IPv4Address: '172.20.0.7' } } });
  });

  it('publishes only what is asked for', () => {
    const options = optionsOf({
      image: 'web:v1',
      ports: [
        { port: 80, protocol: 'tcp', publish: false },
        { port: 53, protocol: 'udp', hostPort: 5353, publish: false },
        { port: 9000, protocol: 'tcp', publish: true },
      ],
    });
    expect(options.ExposedPorts).toEqual({ '80/tcp': {}, '53/udp': {}, '9000/tcp': {} });
    expect(options.HostConfig?.PortBindings).toEqual({
      '53/udp': [{ HostIp: '0.0.0.0', HostPort: '5353' }],
      '9000/tcp': [{ HostIp: '0.0.0.0', HostPort: '' }],
    });
  });

  it('publishes a port on as many of the host as are asked for', () => {
    const bound = { port: 80, protocol: 'tcp' as const, publish: false };
    const ports = [
      { ...bound, hostPort: 8000 },
      { ...bound, hostPort: 8001 },
    ];
    expect(optionsOf({ image: 'web:v1', ports }).HostConfig?.PortBindings).toEqual({
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '8000' },
        { HostIp: '0.0.0.0', HostPort: '8001' },
      ],
    });
  });

  it('reserves by shares and limits without swap', () => {
    const resources = { cpu: 0.1, memory: 1000, limits: { cpu: 0.5, memory: 2000 } };
    expect(optionsOf({ image: 'web:v1' }, { resources }).HostConfig).toMatchObject({
      CpuShares: 102,
      MemoryReservation: 1000,
      NanoCpus: 500_000_000,
      Memory: 2000,
      MemorySwap: 2000,
    });
  });

  it('names volumes for the cluster, and leaves binds as they are', () => {
    const options = optionsOf({
      image: 'web:v1',
      mounts: [
        { type: 'volume', source: 'data', target: '/data', readOnly: false },
        { type: 'bind', source: '/etc', target: '/etc2', readOnly: true },
      ],
    });
    expect(options.HostConfig?.Mounts).toEqual([
      { Type: 'volume', Source: 'demo-data', Target: '/data', ReadOnly: false },
      { Type: 'bind', Source: '/etc', Target: '/etc2', ReadOnly: true },
    ]);
  });

  it('asks for GPUs, by number or all of them', () => {
    const requests = (gpus: number | 'all') => optionsOf({ image: 'web:v1', gpus }).HostConfig?.DeviceRequests;
    expect(requests(2)).toEqual([{ Driver: '', Count: 2, Capabilities: [['gpu']] }]);
    expect(requests('all')).toEqual([{ Driver: '', Count: -1, Capabilities: [['gpu']] }]);
  });

  it('gives whole seconds of grace, never less than asked for', () => {
    expect(optionsOf({ image: 'web:v1', stopGracePeriod: 1200 }).StopTimeout).toBe(2);
  });
});

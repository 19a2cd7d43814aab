import { releaseOf } from '../../src/core/release.ts';
import type { Service } from '../../src/core/model.ts';
import type { Instance, ObservedNode } from '../../src/core/observed.ts';
import { steadyInstance } from '../../src/core/steady.ts';

/** What adapters say, for tests of the core. */

const GB = 1024 ** 3;

export function node(change: Partial<ObservedNode> = {}): ObservedNode {
  return {
    name: 'node1',
    cpu: 4,
    memory: 16 * GB,
    foreign: { cpu: 0, memory: 0 },
    capabilities: [],
    engineVersion: '29.0.0',
    foreignHostPorts: [],
    ...change,
  };
}

/** A running instance of a service as its manifest wants it. */
export function instanceOf(service: Service, slot = 1, change: Partial<Instance> = {}): Instance {
  const release = releaseOf(service.container, service.resources);
  const { resources } = service;
  return { ...steadyInstance('demo', { service, release }, slot), address: `10.0.0.${slot}`, resources, ...change };
}

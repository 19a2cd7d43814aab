import { releaseOf } from '../../src/core/release.ts';
import type { Service } from '../../src/core/model.ts';
import type { Instance, ObservedNode } from '../../src/core/observed.ts';

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
  const { name, container, resources, restart } = service;
  const release = releaseOf(container, resources);
  return {
    id: `${name}-${release}-${slot}`,
    name: `demo-${name}-${release}-${slot}`,
    service: name,
    release,
    version: container.version,
    slot,
    spec: container,
    state: 'running',
    health: 'none',
    oomKilled: false,
    restarts: 0,
    createdAt: 0,
    startedAt: 0,
    restartPolicy: restart,
    address: `10.0.0.${slot}`,
    discoverable: true,
    resources,
    hostPorts: [],
    imageId: 'sha256:1',
    deviations: [],
    ...change,
  };
}

import type { ContainerSpec, Resources } from '../../src/core/model.ts';
import type { SlotSpec } from '../../src/core/ports.ts';

const NO_RESOURCES: Resources = { cpu: 0, memory: 0, limits: {} };

/** A normalised spec with every default, and what differs from it. */
export function containerSpec(fields: Partial<ContainerSpec> & Pick<ContainerSpec, 'image'>): ContainerSpec {
  return {
    version: '1',
    environment: {},
    labels: {},
    ports: [],
    mounts: [],
    networks: ['default'],
    extraHosts: {},
    dns: [],
    capAdd: [],
    capDrop: [],
    devices: [],
    ulimits: [],
    sysctls: {},
    securityOpt: [],
    privileged: false,
    readOnly: false,
    init: false,
    ...fields,
  };
}

/** Slot 1 of release 1a2b3c4 of `web`, and what differs from it. */
export function slotSpec(fields: Partial<SlotSpec> & Pick<SlotSpec, 'container'>): SlotSpec {
  return {
    service: 'web',
    release: '1a2b3c4',
    slot: 1,
    resources: NO_RESOURCES,
    discoverable: false,
    restart: 'unless-stopped',
    revision: '9f3c0000',
    ...fields,
  };
}

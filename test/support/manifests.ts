import type { LoadBalancer } from '../../src/core/load-balancer.ts';
import type { ContainerSpec, Job, Service, UpdatePolicy } from '../../src/core/model.ts';
import { PLAIN_ENTRY, PLAIN_TRAFFIC } from '../../src/core/routing.ts';

/** Manifests as reading makes them, for tests of the core. */

const SOURCE = { file: 'test.yaml', line: 1, column: 1 };

const CONTAINER: ContainerSpec = {
  image: 'web:v1',
  version: 'v1',
  environment: {},
  labels: {},
  ports: [{ port: 8080, protocol: 'tcp', publish: false }],
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
};

const UPDATE: UpdatePolicy = {
  order: 'start-first',
  parallelism: 1,
  delay: 0,
  monitor: 5_000,
  timeout: 60_000,
  failureAction: 'rollback',
  maxFailureRatio: 0,
  drain: 30_000,
  keepOld: 600_000,
};

type ServiceChange = Partial<Omit<Service, 'container' | 'update'>> & {
  readonly container?: Partial<ContainerSpec>;
  readonly update?: Partial<UpdatePolicy>;
};

export function service({ container, update, ...change }: ServiceChange = {}): Service {
  return {
    kind: 'Service',
    name: 'web',
    enabled: true,
    instances: 1,
    pullPolicy: 'missing',
    requirements: [],
    conflictsWith: [],
    restart: 'unless-stopped',
    resources: { cpu: 0, memory: 0, limits: {} },
    source: SOURCE,
    ...change,
    container: { ...CONTAINER, ...container },
    update: { ...UPDATE, ...update },
  };
}

type RouteChange = Partial<LoadBalancer> & { readonly service?: string };

export function loadBalancer({ service: to = 'web', ...change }: RouteChange = {}): LoadBalancer {
  return {
    kind: 'LoadBalancer',
    name: 'web',
    enabled: true,
    hostnames: ['web.example.com'],
    path: '/',
    stripPath: false,
    backends: [{ service: to, weight: 100 }],
    port: 8080,
    entry: PLAIN_ENTRY,
    traffic: PLAIN_TRAFFIC,
    timeouts: { connect: 10_000, client: 50_000, server: 50_000, tunnel: 3_600_000 },
    source: SOURCE,
    ...change,
  };
}

type JobChange = Partial<Omit<Job, 'container'>> & { readonly container?: Partial<ContainerSpec> };

export function job({ container, ...change }: JobChange = {}): Job {
  return {
    kind: 'Job',
    name: 'migrate',
    enabled: true,
    pullPolicy: 'missing',
    requirements: [],
    concurrency: 'forbid',
    retries: 0,
    history: 3,
    resources: { cpu: 0, memory: 0, limits: {} },
    source: SOURCE,
    ...change,
    container: { ...CONTAINER, image: 'migrate:v1', ports: [], ...container },
  };
}

import { unsupported, vocabulary } from './vocabulary.ts';
import type { Words } from './vocabulary.ts';

const WORDS: Words = {
  '': {
    hostname: 'hostnames',
    host: 'hostnames',
    hosts: 'hostnames',
    domains: 'hostnames',
    serviceName: 'service',
    targetPort: 'port',
    'container-port': 'port',
    prefix: 'path',
    pathPrefix: 'path',
    stripPrefix: 'stripPath',
  },
};

const LATER: Words = {
  '': {
    backends: 'weights over several services (`backends`)',
    algorithm: 'another algorithm than round robin',
    method: 'another algorithm than round robin',
    affinity: 'affinity',
    allow: 'allow-lists of addresses',
    network: 'allow-lists of addresses (`allow`)',
    forceHttps: 'TLS and its redirect (`forceHttps`)',
    force_https: 'TLS and its redirect (`forceHttps`)',
    ports: 'TLS and the choice of ports',
    tls: 'TLS',
    http: 'TLS and the choice of ports',
    https: 'TLS and the choice of ports',
    healthCheck: "a load balancer's own health check (the service's `healthCheck` counts)",
    maxConnections: 'limits on connections',
    protocol: 'TCP load balancers',
    listen: 'TCP load balancers',
    externalIPs: 'external addresses',
    drain: "a load balancer's own `drain` (the service's `update.drain` counts)",
    weight: 'weights over several services (`backends`)',
  },
};

export const LOAD_BALANCER = vocabulary(
  'a LoadBalancer',
  'docs/kinds/load-balancer.md',
  WORDS,
  LATER,
  (place, value) =>
    place === 'hostnames[]' && value.startsWith('*')
      ? unsupported('Wildcards in `hostnames` are not there yet.')
      : undefined,
);

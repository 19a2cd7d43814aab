import { unsupported, vocabulary } from './vocabulary.ts';
import type { Words } from './vocabulary.ts';

const WORDS: Words = {
  repository: { repo: 'url', remote: 'url', ref: 'branch', directory: 'path', folder: 'path', poll: 'interval' },
  'repository.credentials': {
    password: 'passwordFile',
    token: 'passwordFile',
    tokenFile: 'passwordFile',
    user: 'username',
    keyFile: 'sshKeyFile',
  },
  '': {
    name: 'cluster',
    git: 'repository',
    repo: 'repository',
    haproxy: 'balancer',
    capabilities: 'node.capabilities',
    dockerHost: 'docker.host',
  },
  docker: { socket: 'host', url: 'host' },
  policy: { ports: 'hostPorts', volumes: 'bindMounts', mounts: 'bindMounts', capAdd: 'capabilities' },
};

const LATER: Words = {
  '': {
    http: 'the HTTP interface',
    approval: 'approvals',
    verify: 'the verification of signatures',
    notifications: 'notifications',
    secrets: 'secrets',
  },
};

export const CONFIG = vocabulary('the configuration', 'docs/config.md', WORDS, LATER, (place, value) =>
  place === 'runtime' && value === 'swarm' ? unsupported('The runtime swarm is not there yet.') : undefined,
);

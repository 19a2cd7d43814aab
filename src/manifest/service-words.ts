import { unsupported, vocabulary } from './vocabulary.ts';
import type { Words } from './vocabulary.ts';
import { WORKLOAD_LATER, WORKLOAD_WORDS } from './workload-words.ts';

/** See WORKLOAD_WORDS. */
const WORDS: Words = {
  ...WORKLOAD_WORDS,
  '': {
    ...WORKLOAD_WORDS[''],
    numInstances: 'instances',
    loadBalanced: 'a LoadBalancer that leads to it',
    publicFacing: 'a LoadBalancer that leads to it',
    replicas: 'instances',
    scale: 'instances',
    count: 'instances',
    'container-port': 'ports',
    port: 'ports',
    expose: 'ports',
    deploy: '`instances`, `update`, `cpu`, `memory` and `limits`',
    health_check: 'healthCheck',
    healthcheck: 'healthCheck',
    livenessProbe: 'healthCheck',
    readinessProbe: 'healthCheck',
    restart_policy: 'restart',
    restartPolicy: 'restart',
    update_config: 'update',
    placement: '`requirements` and `maxPerNode`',
    max_replicas_per_node: 'maxPerNode',
    schedule: '`kind: Job`, which has a `schedule`',
  },
  'ports[]': {
    containerPort: 'port',
    target: 'port',
    targetPort: 'port',
    host_port: 'hostPort',
    mode: '`hostPort` or `publish`',
  },
  healthCheck: {
    path: 'http.path',
    rel_path: 'http.path',
    port: 'http.port',
    status: 'http.status',
    status_codes: 'http.status',
    test: 'command',
    disable: 'to leave `healthCheck` out',
    httpGet: 'http',
    exec: 'command',
    start_period: 'startPeriod',
    initialDelaySeconds: 'startPeriod',
    periodSeconds: 'interval',
    timeoutSeconds: 'timeout',
    failureThreshold: 'retries',
  },
  'healthCheck.http': { rel_path: 'path', url: 'path', status_codes: 'status', codes: 'status' },
  update: {
    failure_action: 'failureAction',
    max_failure_ratio: 'maxFailureRatio',
    type: 'strategy',
    maxSurge: 'parallelism',
    maxUnavailable: 'parallelism',
  },
};

const LATER: Words = {
  '': {
    ...WORKLOAD_LATER,
    autoDeploy: 'automatic deployment of new tags (`autoDeploy`)',
    suspended: 'suspending by a commit (`suspended`)',
    approval: 'approvals',
  },
};

export const SERVICE = vocabulary('a Service', 'docs/kinds/service.md', WORDS, LATER, (place, value) => {
  if (place === 'restart' && (value === 'no' || value === 'never')) {
    return unsupported('A service keeps running, so `restart` cannot be no. What runs once is a `kind: Job`.');
  }
  if (place === 'ports[]') return composePort(value);
  if (place === 'update.strategy' && /^blue[-_ ]?green$/i.test(value)) {
    return { message: '`update.strategy` has no blue-green. Did you mean `green-blue`?', reason: 'schema' };
  }
  return undefined;
});

/** Compose's `8080:80/udp`, written as ours. */
function composePort(value: string): { message: string; reason: 'schema' } | undefined {
  const [, address, hostPort, port, protocol] =
    /^(?:(?:([\d.]+):)?(\d+):)?(\d+)(?:\/(tcp|udp|sctp))?$/.exec(value) ?? [];
  if (port === undefined || (hostPort === undefined && protocol === undefined)) return undefined;
  const fields = [`port: ${port}`, protocol && `protocol: ${protocol}`, hostPort && `hostPort: ${hostPort}`].filter(
    Boolean,
  );
  const onAll = address === undefined ? '' : ', which is open on every address of the host';
  return {
    message: `A port is a number or a map, not "${value}". Write { ${fields.join(', ')} }${onAll}.`,
    reason: 'schema',
  };
}

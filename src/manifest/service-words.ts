import { unsupported, vocabulary } from './vocabulary.ts';
import type { Words } from './vocabulary.ts';

/** Halti, CloudFlow and paz, then Compose and Swarm, then Kubernetes: by the place of the field, then by its name there. */
const WORDS: Words = {
  '': {
    numInstances: 'instances',
    loadBalanced: 'a LoadBalancer that leads to it',
    publicFacing: 'a LoadBalancer that leads to it',
    replicas: 'instances',
    scale: 'instances',
    count: 'instances',
    env: 'environment',
    environment_variables: 'environment',
    variables: 'environment',
    dockerImage: 'image',
    dockerRepository: 'image',
    'container-image': 'image',
    'container-tag': 'the tag at the end of `image`, or `version`',
    tag: 'the tag at the end of `image`, or `version`',
    'container-port': 'ports',
    port: 'ports',
    expose: 'ports',
    'memory-reservation': 'memory',
    mem_reservation: 'memory',
    mem: 'memory',
    ram: 'memory',
    'memory-limit': 'limits.memory',
    mem_limit: 'limits.memory',
    memoryLimit: 'limits.memory',
    cpus: '`limits.cpu` or, to reserve it, `cpu`',
    cpuLimit: 'limits.cpu',
    resources: '`cpu`, `memory` and `limits`',
    deploy: '`instances`, `update`, `cpu`, `memory` and `limits`',
    health_check: 'healthCheck',
    healthcheck: 'healthCheck',
    livenessProbe: 'healthCheck',
    readinessProbe: 'healthCheck',
    volumes: 'mounts',
    binds: 'mounts',
    volumeMounts: 'mounts',
    cmd: 'command',
    args: 'command',
    workdir: 'workingDir',
    working_dir: 'workingDir',
    env_file: 'envFile',
    depends_on: 'dependsOn',
    links: 'dependsOn',
    configs: 'files',
    cap_add: 'capAdd',
    cap_drop: 'capDrop',
    extra_hosts: 'extraHosts',
    hostAliases: 'extraHosts',
    shm_size: 'shmSize',
    stop_signal: 'stopSignal',
    stop_grace_period: 'stopGracePeriod',
    terminationGracePeriodSeconds: 'stopGracePeriod',
    security_opt: 'securityOpt',
    securityContext: '`user`, `readOnly`, `capAdd` and `privileged`',
    read_only: 'readOnly',
    pull_policy: 'pullPolicy',
    imagePullPolicy: 'pullPolicy',
    restart_policy: 'restart',
    restartPolicy: 'restart',
    update_config: 'update',
    constraints: 'requirements',
    placement: '`requirements` and `maxPerNode`',
    nodeSelector: 'requirements',
    max_replicas_per_node: 'maxPerNode',
    container_name: 'name',
    serviceName: 'name',
    id: 'name',
    metadata: '`name` and `labels`',
  },
  'ports[]': {
    containerPort: 'port',
    target: 'port',
    targetPort: 'port',
    host_port: 'hostPort',
    mode: '`hostPort` or `publish`',
  },
  'mounts[]': {
    destination: 'target',
    mountPath: 'target',
    path: 'target',
    readonly: 'readOnly',
    read_only: 'readOnly',
  },
  limits: { cpus: 'cpu', mem: 'memory' },
  healthCheck: {
    path: 'http.path',
    rel_path: 'http.path',
    port: 'http.port',
    status: 'http.status',
    status_codes: 'http.status',
    test: 'command',
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
    secrets: 'secrets',
    autoDeploy: 'automatic deployment of new tags (`autoDeploy`)',
    schedule: 'jobs (`schedule`)',
    suspended: 'suspending by a commit (`suspended`)',
    hostNetwork: "the host's network",
    network_mode: "the host's network",
    networkMode: "the host's network",
    logging: 'log options',
    approval: 'approvals',
  },
};

export const SERVICE = vocabulary('a Service', 'docs/kinds/service.md', WORDS, LATER, (place, value) => {
  if (place === 'restart' && (value === 'no' || value === 'never')) {
    return unsupported('A service keeps running, so `restart` cannot be no. Jobs, which run once, are not there yet.');
  }
  if (place === 'ports[]') return composePort(value);
  if (place === 'update.strategy' && /^blue[-_ ]?green$/i.test(value)) {
    return { message: '`update.strategy` has no blue-green. Did you mean `green-blue`?', reason: 'schema' };
  }
  return undefined;
});

/** Compose's `8080:80/udp`, written as ours. */
function composePort(value: string): { message: string; reason: 'schema' } | undefined {
  const [, hostPort, port, protocol] = /^(?:(?:[\d.]+:)?(\d+):)?(\d+)(?:\/(tcp|udp|sctp))?$/.exec(value) ?? [];
  if (port === undefined || (hostPort === undefined && protocol === undefined)) return undefined;
  const fields = [`port: ${port}`, protocol && `protocol: ${protocol}`, hostPort && `hostPort: ${hostPort}`].filter(
    Boolean,
  );
  return { message: `A port is a number or a map, not "${value}". Write { ${fields.join(', ')} }.`, reason: 'schema' };
}

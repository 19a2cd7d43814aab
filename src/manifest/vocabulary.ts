/** The words that people bring along, and what Fairlead calls them. */
export interface Vocabulary {
  /** What the messages call the whole: `a Service`. */
  readonly owner: string;
  /** The documentation's page about it. */
  readonly page: string;
  /** What the field of another tool is here, as the end of a question: `` `instances` ``. */
  ours(place: string, name: string): string | undefined;
  /** The sentence about a field that is planned but not there yet. */
  later(place: string, name: string): string | undefined;
  /** The problem with a value that is known to be meant but not taken. */
  value(
    place: string,
    value: string,
  ): { readonly message: string; readonly reason: 'unsupported' | 'schema' } | undefined;
}

type Words = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Halti, CloudFlow and paz, then Compose and Swarm, then Kubernetes: by the place of the field, then by its name there. */
const SERVICE_WORDS: Words = {
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

const LOAD_BALANCER_WORDS: Words = {
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

const SERVICE_LATER: Words = {
  '': {
    secrets: 'secrets',
    autoDeploy: 'automatic deployment of new tags (`autoDeploy`)',
    dependsOn: 'order between services (`dependsOn`)',
    depends_on: 'order between services (`dependsOn`)',
    files: 'files from the repository',
    configs: 'files from the repository',
    schedule: 'jobs (`schedule`)',
    suspended: 'suspending by a commit (`suspended`)',
    hostNetwork: "the host's network",
    network_mode: "the host's network",
    networkMode: "the host's network",
    logging: 'log options',
    approval: 'approvals',
  },
};

const LOAD_BALANCER_LATER: Words = {
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

const CONFIG_WORDS: Words = {
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

const CONFIG_LATER: Words = {
  '': {
    http: 'the HTTP interface',
    approval: 'approvals',
    verify: 'the verification of signatures',
    notifications: 'notifications',
    secrets: 'secrets',
  },
  balancer: { tcp: 'TCP load balancers', certificates: 'TLS', acme: 'TLS' },
  policy: { externalIPs: 'external addresses' },
};

export const SERVICE = vocabulary(
  'a Service',
  'docs/kinds/service.md',
  SERVICE_WORDS,
  SERVICE_LATER,
  (place, value) => {
    if (place === 'restart' && (value === 'no' || value === 'never')) {
      return unsupported(
        'A service keeps running, so `restart` cannot be no. Jobs, which run once, are not there yet.',
      );
    }
    if (place === 'ports[]') return composePort(value);
    if (place === 'update.strategy' && /^blue[-_ ]?green$/i.test(value)) {
      return { message: '`update.strategy` has no blue-green. Did you mean `green-blue`?', reason: 'schema' };
    }
    return value.includes('${') ? variables(place) : undefined;
  },
);

export const LOAD_BALANCER = vocabulary(
  'a LoadBalancer',
  'docs/kinds/load-balancer.md',
  LOAD_BALANCER_WORDS,
  LOAD_BALANCER_LATER,
  (place, value) => {
    if (place === 'hostnames[]' && value.startsWith('*'))
      return unsupported('Wildcards in `hostnames` are not there yet.');
    return value.includes('${') ? variables(place) : undefined;
  },
);

export const CONFIG = vocabulary('the configuration', 'docs/config.md', CONFIG_WORDS, CONFIG_LATER, (place, value) =>
  place === 'runtime' && value === 'swarm' ? unsupported('The runtime swarm is not there yet.') : undefined,
);

function vocabulary(owner: string, page: string, words: Words, later: Words, value: Vocabulary['value']): Vocabulary {
  return {
    owner,
    page,
    value,
    ours: (place, name) => own(words, place, name)?.replace(/^[\w.]+$/, '`$&`'),
    later: (place, name) => {
      if (name === '<<') return 'Merging maps by `<<` is not there; write the fields out.';
      const what = own(later, place, name);
      return what === undefined ? undefined : `\`${name}\` is not there yet: ${what} will come with a later version.`;
    },
  };
}

function own(words: Words, place: string, name: string): string | undefined {
  const here = Object.hasOwn(words, place) ? words[place] : undefined;
  return here !== undefined && Object.hasOwn(here, name) ? here[name] : undefined;
}

function unsupported(message: string): { message: string; reason: 'unsupported' } {
  return { message, reason: 'unsupported' };
}

function variables(place: string): { message: string; reason: 'unsupported' } {
  return unsupported(`Variables (\`\${...}\` in \`${place}\`) are not there yet.`);
}

/** Compose's `8080:80/udp`, written as ours. */
function composePort(value: string): { message: string; reason: 'schema' } | undefined {
  const [, hostPort, port, protocol] = /^(?:(?:[\d.]+:)?(\d+):)?(\d+)(?:\/(tcp|udp|sctp))?$/.exec(value) ?? [];
  if (port === undefined || (hostPort === undefined && protocol === undefined)) return undefined;
  const fields = [`port: ${port}`, protocol && `protocol: ${protocol}`, hostPort && `hostPort: ${hostPort}`].filter(
    Boolean,
  );
  return { message: `A port is a number or a map, not "${value}". Write { ${fields.join(', ')} }.`, reason: 'schema' };
}

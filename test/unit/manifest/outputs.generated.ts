/* Made by `node script/generate.mjs` from schemas/; do not edit. */

/** What the schemas say of the outputs; schemas.test.ts compares it with the types that make them. */
/**
 * status.json, version 1: what should be, what is, and what is wrong. Written to the status branch only when its meaning has changed.
 */
export interface StatusDocument {
  /**
   * Version of this format.
   */
  version: 1;
  /**
   * Name of the cluster.
   */
  cluster: string;
  /**
   * What runs the containers.
   */
  runtime: 'engine';
  /**
   * Which commits were read and taken.
   */
  revision: {
    /**
     * Newest commit that was read, taken or not.
     */
    tried: string;
    /**
     * Commit that the cluster was last brought to in full; empty: none yet.
     */
    applied: string;
    /**
     * Commit that the cluster is kept equal to.
     */
    lastGood: string;
    /**
     * First line of the commit's message.
     */
    message: string;
    /**
     * Who made it.
     */
    author: string;
    /**
     * When it was made. RFC 3339, UTC.
     */
    at: string;
  };
  /**
   * Whether all services are steady and nothing is wrong.
   */
  ready: boolean;
  /**
   * Every service of the manifests, and those that are still being removed.
   */
  services: {
    /**
     * Name.
     */
    name: string;
    /**
     * How it is; `unknown`: never deployed.
     */
    state:
      | 'steady'
      | 'rolling-out'
      | 'rolled-back'
      | 'degraded'
      | 'unscheduled'
      | 'failed'
      | 'disabled'
      | 'suspended'
      | 'unknown';
    /**
     * Version that is wanted.
     */
    version: string;
    /**
     * Release that is wanted, seven hex digits.
     */
    release: string;
    /**
     * Image that is wanted.
     */
    image: string;
    /**
     * Digest of the image that really runs.
     */
    digest?: string;
    /**
     * Instances that are wanted.
     */
    desired: number;
    /**
     * Instances that run and are ready.
     */
    running: number;
    /**
     * Instances that are wanted and not ready.
     */
    pending: number;
    /**
     * Addresses that lead to it.
     */
    url: string[];
    /**
     * Its containers, stopped ones that are kept too.
     */
    instances: {
      /**
       * Docker's id of the container.
       */
      id: string;
      /**
       * Node that it is on.
       */
      node: string;
      /**
       * Its number, from 1.
       */
      slot: number;
      /**
       * Release that it is of.
       */
      release: string;
      /**
       * Its fixed address.
       */
      address?: string;
      /**
       * Ports that are open on the host.
       */
      ports: {
        /**
         * Port in the container.
         */
        port: number;
        /**
         * Protocol.
         */
        protocol: string;
        /**
         * Port on the host.
         */
        hostPort: number;
      }[];
      /**
       * Docker's word for its state.
       */
      state: string;
      /**
       * What it should be.
       */
      desiredState: 'running' | 'stopped';
      /**
       * What its check says.
       */
      health: string;
      /**
       * When it was made. RFC 3339, UTC.
       */
      created: string;
      /**
       * When it came into this state. RFC 3339, UTC.
       */
      since?: string;
      /**
       * How often Docker has restarted it, in powers of two.
       */
      restarts: number;
      /**
       * Docker's own words where it could not start.
       */
      error?: string;
      /**
       * What it runs.
       */
      definition: {
        /**
         * Image.
         */
        image: string;
        /**
         * Memory reserved, in MB.
         */
        memory: number;
        /**
         * Ports in the container.
         */
        ports: number[];
      };
    }[];
    /**
     * The change that is under way.
     */
    rollout?: {
      /**
       * Release that is replaced.
       */
      from: string;
      /**
       * Release that replaces it.
       */
      to: string;
      /**
       * How.
       */
      strategy: string;
      /**
       * What is done or awaited now.
       */
      step: string;
      /**
       * New instances that are ready.
       */
      ready: number;
      /**
       * New instances that are wanted.
       */
      total: number;
    };
    /**
     * The first thing that is wrong with it.
     */
    problem?: {
      /**
       * What failed.
       */
      layer: 'scheduling' | 'image' | 'container' | 'health' | 'lb' | 'validation' | 'update' | 'host' | 'git';
      /**
       * Code of the closed set, see docs/reasons.md.
       */
      reason:
        | 'duplicate'
        | 'missing-capabilities'
        | 'not-enough-memory'
        | 'not-enough-cpu'
        | 'no-healthy-hosts'
        | 'host-port-conflict'
        | 'conflicts-with'
        | 'node-not-available'
        | 'platform-unsupported'
        | 'pull-failed'
        | 'image-not-found'
        | 'registry-unauthorized'
        | 'start-failed'
        | 'exited'
        | 'crash-loop'
        | 'oom-killed'
        | 'job-failed'
        | 'unhealthy'
        | 'not-ready-in-time'
        | 'unknown-service'
        | 'port-not-declared'
        | 'no-members'
        | 'duplicate-route'
        | 'no-certificate'
        | 'config-rejected'
        | 'reload-failed'
        | 'target-not-ready'
        | 'address-not-allowed'
        | 'schema'
        | 'syntax'
        | 'unsupported'
        | 'duplicate-name'
        | 'too-large'
        | 'policy'
        | 'paused'
        | 'rolled-back'
        | 'rollback-failed'
        | 'prune-refused'
        | 'suspended'
        | 'stale-plan'
        | 'dependency-not-ready'
        | 'dependency-cycle'
        | 'engine-unreachable'
        | 'balancer-unreachable'
        | 'disk-full'
        | 'node-absent'
        | 'secret-unreadable'
        | 'unreachable'
        | 'auth-failed'
        | 'signature-invalid'
        | 'push-conflict';
      /**
       * What is wrong and what to do.
       */
      message: string;
      /**
       * The stopped container that shows it.
       */
      evidence?: string;
      /**
       * Its last lines, oldest first.
       */
      logTail?: string[];
    };
    /**
     * What is worth knowing and keeps nothing from working. Missing: nothing.
     *
     * Items: What is worth knowing, and keeps nothing from working.
     */
    warnings?: {
      /**
       * Code of the closed set, see docs/reasons.md.
       */
      code:
        | 'gap'
        | 'removal'
        | 'major-version'
        | 'changed-volume'
        | 'unpinned-tag'
        | 'shared-volume'
        | 'identity-variable'
        | 'policy'
        | 'disk-space'
        | 'certificate-expiry';
      /**
       * What it means, as a sentence.
       */
      message: string;
    }[];
  }[];
  /**
   * Every job of the manifests.
   */
  jobs: {
    /**
     * Name.
     */
    name: string;
    /**
     * How it is; `pending`: it has not run for its release yet; `scheduled`: it runs again and again, and its last run has not failed.
     */
    state: 'pending' | 'running' | 'succeeded' | 'failed' | 'scheduled' | 'disabled';
    /**
     * Version that is wanted.
     */
    version: string;
    /**
     * Release that is wanted, as `migrate@3f9c1a2`.
     */
    release: string;
    /**
     * Image that is wanted.
     */
    image: string;
    /**
     * Its schedule with the time zone; absent: it runs once for each release.
     */
    schedule?: string;
    /**
     * When it is due next, RFC 3339 in UTC.
     */
    nextRun?: string;
    /**
     * Runs that are kept, the latest first.
     */
    runs: {
      /**
       * Number of the run, from 1.
       */
      run: number;
      /**
       * Docker's container id.
       */
      id: string;
      /**
       * Release, as `migrate@3f9c1a2`.
       */
      release: string;
      /**
       * How it is.
       */
      state: 'running' | 'succeeded' | 'failed';
      /**
       * When it last started, RFC 3339 in UTC.
       */
      startedAt?: string;
      /**
       * When it ended, RFC 3339 in UTC.
       */
      finishedAt?: string;
      /**
       * With what its process ended.
       */
      exitCode?: number;
      /**
       * How often Docker has started it again.
       */
      retries: number;
    }[];
    /**
     * The first thing that is wrong with it.
     */
    problem?: {
      /**
       * What failed.
       */
      layer: 'scheduling' | 'image' | 'container' | 'health' | 'lb' | 'validation' | 'update' | 'host' | 'git';
      /**
       * Code of the closed set, see docs/reasons.md.
       */
      reason:
        | 'duplicate'
        | 'missing-capabilities'
        | 'not-enough-memory'
        | 'not-enough-cpu'
        | 'no-healthy-hosts'
        | 'host-port-conflict'
        | 'conflicts-with'
        | 'node-not-available'
        | 'platform-unsupported'
        | 'pull-failed'
        | 'image-not-found'
        | 'registry-unauthorized'
        | 'start-failed'
        | 'exited'
        | 'crash-loop'
        | 'oom-killed'
        | 'job-failed'
        | 'unhealthy'
        | 'not-ready-in-time'
        | 'unknown-service'
        | 'port-not-declared'
        | 'no-members'
        | 'duplicate-route'
        | 'no-certificate'
        | 'config-rejected'
        | 'reload-failed'
        | 'target-not-ready'
        | 'address-not-allowed'
        | 'schema'
        | 'syntax'
        | 'unsupported'
        | 'duplicate-name'
        | 'too-large'
        | 'policy'
        | 'paused'
        | 'rolled-back'
        | 'rollback-failed'
        | 'prune-refused'
        | 'suspended'
        | 'stale-plan'
        | 'dependency-not-ready'
        | 'dependency-cycle'
        | 'engine-unreachable'
        | 'balancer-unreachable'
        | 'disk-full'
        | 'node-absent'
        | 'secret-unreadable'
        | 'unreachable'
        | 'auth-failed'
        | 'signature-invalid'
        | 'push-conflict';
      /**
       * What is wrong and what to do.
       */
      message: string;
      /**
       * The stopped container that shows it.
       */
      evidence?: string;
      /**
       * Its last lines, oldest first.
       */
      logTail?: string[];
    };
  }[];
  /**
   * Every load balancer of the manifests.
   */
  loadBalancers: {
    /**
     * Name.
     */
    name: string;
    /**
     * How it is.
     */
    state: 'serving' | 'no-members' | 'target-not-ready' | 'pending' | 'refused';
    /**
     * Services that it is to lead to, by name.
     */
    backends: {
      /**
       * Service.
       */
      service: string;
      /**
       * Its share beside the others.
       */
      weight: number;
    }[];
    /**
     * Requests that wait for any of its members, as all have what `maxConnections` lets them have.
     */
    queue: number;
    /**
     * Addresses that it answers.
     */
    urls: string[];
    /**
     * Instances that it knows.
     */
    members: {
      /**
       * Service.
       */
      service: string;
      /**
       * Release.
       */
      release: string;
      /**
       * Number of the instance.
       */
      instance: number;
      /**
       * Address.
       */
      address: string;
      /**
       * How the load balancer sees it.
       */
      state: 'starting' | 'healthy' | 'unhealthy' | 'draining';
      /**
       * In HAProxy's own words.
       */
      description: string;
      /**
       * Share of its service beside the others; 0: it gets no new requests.
       */
      weight: number;
      /**
       * Requests and connections under way.
       */
      sessions: number;
      /**
       * Requests and connections that it has had since HAProxy last read its configuration.
       */
      requests: number;
      /**
       * Failed connections, broken answers, and answers from 500 on, since then.
       */
      errors: number;
      /**
       * Requests that wait for it alone, as those of a client that stays with it.
       */
      queue: number;
    }[];
    /**
     * The certificate that it serves with; missing: none.
     */
    certificate?: {
      /**
       * Host names that it is for.
       */
      names: string[];
      /**
       * Who gave it.
       */
      issuer: string;
      /**
       * When it ends. RFC 3339, UTC.
       */
      expires: string;
    };
    /**
     * What may become a problem; missing: nothing.
     *
     * Items: What is worth knowing, and keeps nothing from working.
     */
    warnings?: {
      /**
       * Code of the closed set, see docs/reasons.md.
       */
      code:
        | 'gap'
        | 'removal'
        | 'major-version'
        | 'changed-volume'
        | 'unpinned-tag'
        | 'shared-volume'
        | 'identity-variable'
        | 'policy'
        | 'disk-space'
        | 'certificate-expiry';
      /**
       * What it means, as a sentence.
       */
      message: string;
    }[];
    /**
     * What is wrong with it.
     */
    problem?: {
      /**
       * What failed.
       */
      layer: 'scheduling' | 'image' | 'container' | 'health' | 'lb' | 'validation' | 'update' | 'host' | 'git';
      /**
       * Code of the closed set, see docs/reasons.md.
       */
      reason:
        | 'duplicate'
        | 'missing-capabilities'
        | 'not-enough-memory'
        | 'not-enough-cpu'
        | 'no-healthy-hosts'
        | 'host-port-conflict'
        | 'conflicts-with'
        | 'node-not-available'
        | 'platform-unsupported'
        | 'pull-failed'
        | 'image-not-found'
        | 'registry-unauthorized'
        | 'start-failed'
        | 'exited'
        | 'crash-loop'
        | 'oom-killed'
        | 'job-failed'
        | 'unhealthy'
        | 'not-ready-in-time'
        | 'unknown-service'
        | 'port-not-declared'
        | 'no-members'
        | 'duplicate-route'
        | 'no-certificate'
        | 'config-rejected'
        | 'reload-failed'
        | 'target-not-ready'
        | 'address-not-allowed'
        | 'schema'
        | 'syntax'
        | 'unsupported'
        | 'duplicate-name'
        | 'too-large'
        | 'policy'
        | 'paused'
        | 'rolled-back'
        | 'rollback-failed'
        | 'prune-refused'
        | 'suspended'
        | 'stale-plan'
        | 'dependency-not-ready'
        | 'dependency-cycle'
        | 'engine-unreachable'
        | 'balancer-unreachable'
        | 'disk-full'
        | 'node-absent'
        | 'secret-unreadable'
        | 'unreachable'
        | 'auth-failed'
        | 'signature-invalid'
        | 'push-conflict';
      /**
       * What is wrong and what to do.
       */
      message: string;
      /**
       * The stopped container that shows it.
       */
      evidence?: string;
      /**
       * Its last lines, oldest first.
       */
      logTail?: string[];
    };
  }[];
  /**
   * Every node.
   */
  nodes: {
    /**
     * Name.
     */
    name: string;
    /**
     * Whether it may get instances.
     */
    availability: 'active';
    /**
     * How it is.
     */
    state: 'ready';
    /**
     * What it has.
     */
    capabilities: string[];
    /**
     * Version of its engine.
     */
    engineVersion: string;
    /**
     * Cores.
     */
    cpu: {
      /**
       * All of it.
       */
      total: number;
      /**
       * Reserved by services.
       */
      reserved: number;
      /**
       * What is left.
       */
      free: number;
    };
    /**
     * Memory in MB.
     */
    memory: {
      /**
       * All of it.
       */
      total: number;
      /**
       * Reserved by services.
       */
      reserved: number;
      /**
       * What is left.
       */
      free: number;
    };
    /**
     * The disk that the engine keeps its data on, in MB; missing: it cannot be seen from where Fairlead runs.
     */
    disk?: {
      /**
       * What all of its users together may use.
       */
      total: number;
      /**
       * What is in use, by whomever.
       */
      used: number;
      /**
       * What is left.
       */
      free: number;
    };
    /**
     * What may become a problem; missing: nothing.
     *
     * Items: What is worth knowing, and keeps nothing from working.
     */
    warnings?: {
      /**
       * Code of the closed set, see docs/reasons.md.
       */
      code:
        | 'gap'
        | 'removal'
        | 'major-version'
        | 'changed-volume'
        | 'unpinned-tag'
        | 'shared-volume'
        | 'identity-variable'
        | 'policy'
        | 'disk-space'
        | 'certificate-expiry';
      /**
       * What it means, as a sentence.
       */
      message: string;
    }[];
  }[];
  /**
   * Instances that fit on no node.
   *
   * Items: An instance that fits on no node.
   */
  unscheduled: {
    /**
     * Name of the service.
     */
    service: string;
    /**
     * Number of the instance, from 1.
     */
    instance: number;
    /**
     * Cores that it needs.
     */
    cpu: number;
    /**
     * Memory that it needs, in MB.
     */
    memory: number;
    /**
     * Capabilities that it needs.
     */
    requirements: string[];
    /**
     * Why, for every node.
     */
    problems: {
      /**
       * Why it does not fit there.
       */
      reason:
        | 'duplicate'
        | 'missing-capabilities'
        | 'not-enough-memory'
        | 'not-enough-cpu'
        | 'no-healthy-hosts'
        | 'host-port-conflict'
        | 'conflicts-with'
        | 'node-not-available'
        | 'platform-unsupported'
        | 'pull-failed'
        | 'image-not-found'
        | 'registry-unauthorized'
        | 'start-failed'
        | 'exited'
        | 'crash-loop'
        | 'oom-killed'
        | 'job-failed'
        | 'unhealthy'
        | 'not-ready-in-time'
        | 'unknown-service'
        | 'port-not-declared'
        | 'no-members'
        | 'duplicate-route'
        | 'no-certificate'
        | 'config-rejected'
        | 'reload-failed'
        | 'target-not-ready'
        | 'address-not-allowed'
        | 'schema'
        | 'syntax'
        | 'unsupported'
        | 'duplicate-name'
        | 'too-large'
        | 'policy'
        | 'paused'
        | 'rolled-back'
        | 'rollback-failed'
        | 'prune-refused'
        | 'suspended'
        | 'stale-plan'
        | 'dependency-not-ready'
        | 'dependency-cycle'
        | 'engine-unreachable'
        | 'balancer-unreachable'
        | 'disk-full'
        | 'node-absent'
        | 'secret-unreadable'
        | 'unreachable'
        | 'auth-failed'
        | 'signature-invalid'
        | 'push-conflict';
      /**
       * The node, and what it has free.
       */
      host: {
        /**
         * Name of the node.
         */
        name: string;
        /**
         * Free cores.
         */
        cpu: number;
        /**
         * Free memory in MB.
         */
        memory: number;
        /**
         * What the node has.
         */
        capabilities: string[];
        /**
         * Services that run there.
         */
        services: string[];
      };
    }[];
  }[];
  /**
   * Releases that failed, and are not tried again until their manifest changes or `fairlead retry NAME`.
   */
  quarantined: {
    /**
     * Service.
     */
    service: string;
    /**
     * Release.
     */
    release: string;
    /**
     * Commit that brought it.
     */
    revision: string;
    /**
     * Why it failed.
     */
    reason: string;
  }[];
  /**
   * All that is wrong.
   *
   * Items: What is wrong, where, and what to do.
   */
  problems: {
    /**
     * What failed.
     */
    layer: 'scheduling' | 'image' | 'container' | 'health' | 'lb' | 'validation' | 'update' | 'host' | 'git';
    /**
     * Code of the closed set, see docs/reasons.md.
     */
    reason:
      | 'duplicate'
      | 'missing-capabilities'
      | 'not-enough-memory'
      | 'not-enough-cpu'
      | 'no-healthy-hosts'
      | 'host-port-conflict'
      | 'conflicts-with'
      | 'node-not-available'
      | 'platform-unsupported'
      | 'pull-failed'
      | 'image-not-found'
      | 'registry-unauthorized'
      | 'start-failed'
      | 'exited'
      | 'crash-loop'
      | 'oom-killed'
      | 'job-failed'
      | 'unhealthy'
      | 'not-ready-in-time'
      | 'unknown-service'
      | 'port-not-declared'
      | 'no-members'
      | 'duplicate-route'
      | 'no-certificate'
      | 'config-rejected'
      | 'reload-failed'
      | 'target-not-ready'
      | 'address-not-allowed'
      | 'schema'
      | 'syntax'
      | 'unsupported'
      | 'duplicate-name'
      | 'too-large'
      | 'policy'
      | 'paused'
      | 'rolled-back'
      | 'rollback-failed'
      | 'prune-refused'
      | 'suspended'
      | 'stale-plan'
      | 'dependency-not-ready'
      | 'dependency-cycle'
      | 'engine-unreachable'
      | 'balancer-unreachable'
      | 'disk-full'
      | 'node-absent'
      | 'secret-unreadable'
      | 'unreachable'
      | 'auth-failed'
      | 'signature-invalid'
      | 'push-conflict';
    /**
     * What is wrong and what to do, as a sentence.
     */
    message: string;
    /**
     * Manifest that it is about, relative to the folder that was read.
     */
    file?: string;
    /**
     * Line, from 1.
     */
    line?: number;
    /**
     * Column, from 1.
     */
    column?: number;
    /**
     * Field, as `ports[0].port`.
     */
    path?: string;
    /**
     * Service or load balancer that it is about.
     */
    object?: string;
    /**
     * Last lines of the container's log, oldest first.
     */
    logTail?: string[];
  }[];
  /**
   * What happened, newest first, at most 50.
   */
  events: {
    /**
     * When. RFC 3339, UTC.
     */
    at: string;
    /**
     * What kind of thing.
     */
    type: string;
    /**
     * What it is about.
     */
    object: string;
    /**
     * What happened.
     */
    message: string;
  }[];
  /**
   * When all this was seen. RFC 3339, UTC.
   */
  observedAt: string;
}

/**
 * What `fairlead plan --format json` prints, version 1.
 */
export interface PlanDocument {
  /**
   * Version of this format.
   */
  version: 1;
  /**
   * Name of the cluster.
   */
  cluster: string;
  /**
   * What was planned: a commit, or `worktree`.
   */
  revision: string;
  /**
   * What it was compared with: `live`, or the revision that `--against` names.
   */
  base: string;
  /**
   * When the live state was seen; absent: it was not looked at. RFC 3339, UTC.
   */
  observedAt?: string;
  /**
   * Hash of the changes without the live state; equal changes have equal hashes.
   */
  hash: string;
  /**
   * Number of changes by action.
   */
  summary: {
    /**
     * New.
     */
    create: number;
    /**
     * Replaced by a new release.
     */
    replace: number;
    /**
     * Replaced as a whole set (green-blue).
     */
    swap: number;
    /**
     * More or fewer instances.
     */
    scale: number;
    /**
     * Changed without a restart.
     */
    update: number;
    /**
     * Routes changed.
     */
    route: number;
    /**
     * Removed.
     */
    remove: number;
    /**
     * As wanted.
     */
    unchanged: number;
  };
  /**
   * Every change, with its cause.
   */
  changes: {
    /**
     * Kind of the manifest.
     */
    kind: 'Service' | 'LoadBalancer' | 'Job';
    /**
     * Its name.
     */
    name: string;
    /**
     * What happens.
     */
    action: 'create' | 'update' | 'replace' | 'swap' | 'scale' | 'remove' | 'route' | 'none';
    /**
     * How a release is replaced.
     */
    strategy?: 'rolling' | 'green-blue' | 'recreate';
    /**
     * Why, in a user's words.
     */
    because: string;
    /**
     * Whether the live state changed by itself.
     */
    drift: boolean;
    /**
     * Fields that differ.
     */
    fields: {
      /**
       * Field, as `environment.GREETING`.
       */
      path: string;
      /**
       * Value that is there.
       */
      from?: string;
      /**
       * Value that is wanted.
       */
      to?: string;
      /**
       * Of a mounted file: its lines that differ, as `diff -u` shows them.
       */
      diff?: string;
      /**
       * Whether it needs new containers.
       */
      forcesReplacement: boolean;
    }[];
    /**
     * Release that is there.
     */
    from?: string;
    /**
     * Release that is wanted.
     */
    to?: string;
    /**
     * What is done, in order.
     */
    steps: string[];
    /**
     * What is worth knowing first.
     *
     * Items: What is worth knowing, and keeps nothing from working.
     */
    warnings: {
      /**
       * Code of the closed set, see docs/reasons.md.
       */
      code:
        | 'gap'
        | 'removal'
        | 'major-version'
        | 'changed-volume'
        | 'unpinned-tag'
        | 'shared-volume'
        | 'identity-variable'
        | 'policy'
        | 'disk-space'
        | 'certificate-expiry';
      /**
       * What it means, as a sentence.
       */
      message: string;
    }[];
  }[];
  /**
   * Instances that will not fit.
   *
   * Items: An instance that fits on no node.
   */
  unscheduled: {
    /**
     * Name of the service.
     */
    service: string;
    /**
     * Number of the instance, from 1.
     */
    instance: number;
    /**
     * Cores that it needs.
     */
    cpu: number;
    /**
     * Memory that it needs, in MB.
     */
    memory: number;
    /**
     * Capabilities that it needs.
     */
    requirements: string[];
    /**
     * Why, for every node.
     */
    problems: {
      /**
       * Why it does not fit there.
       */
      reason:
        | 'duplicate'
        | 'missing-capabilities'
        | 'not-enough-memory'
        | 'not-enough-cpu'
        | 'no-healthy-hosts'
        | 'host-port-conflict'
        | 'conflicts-with'
        | 'node-not-available'
        | 'platform-unsupported'
        | 'pull-failed'
        | 'image-not-found'
        | 'registry-unauthorized'
        | 'start-failed'
        | 'exited'
        | 'crash-loop'
        | 'oom-killed'
        | 'job-failed'
        | 'unhealthy'
        | 'not-ready-in-time'
        | 'unknown-service'
        | 'port-not-declared'
        | 'no-members'
        | 'duplicate-route'
        | 'no-certificate'
        | 'config-rejected'
        | 'reload-failed'
        | 'target-not-ready'
        | 'address-not-allowed'
        | 'schema'
        | 'syntax'
        | 'unsupported'
        | 'duplicate-name'
        | 'too-large'
        | 'policy'
        | 'paused'
        | 'rolled-back'
        | 'rollback-failed'
        | 'prune-refused'
        | 'suspended'
        | 'stale-plan'
        | 'dependency-not-ready'
        | 'dependency-cycle'
        | 'engine-unreachable'
        | 'balancer-unreachable'
        | 'disk-full'
        | 'node-absent'
        | 'secret-unreadable'
        | 'unreachable'
        | 'auth-failed'
        | 'signature-invalid'
        | 'push-conflict';
      /**
       * The node, and what it has free.
       */
      host: {
        /**
         * Name of the node.
         */
        name: string;
        /**
         * Free cores.
         */
        cpu: number;
        /**
         * Free memory in MB.
         */
        memory: number;
        /**
         * What the node has.
         */
        capabilities: string[];
        /**
         * Services that run there.
         */
        services: string[];
      };
    }[];
  }[];
  /**
   * All that is wrong.
   *
   * Items: What is wrong, where, and what to do.
   */
  problems: {
    /**
     * What failed.
     */
    layer: 'scheduling' | 'image' | 'container' | 'health' | 'lb' | 'validation' | 'update' | 'host' | 'git';
    /**
     * Code of the closed set, see docs/reasons.md.
     */
    reason:
      | 'duplicate'
      | 'missing-capabilities'
      | 'not-enough-memory'
      | 'not-enough-cpu'
      | 'no-healthy-hosts'
      | 'host-port-conflict'
      | 'conflicts-with'
      | 'node-not-available'
      | 'platform-unsupported'
      | 'pull-failed'
      | 'image-not-found'
      | 'registry-unauthorized'
      | 'start-failed'
      | 'exited'
      | 'crash-loop'
      | 'oom-killed'
      | 'job-failed'
      | 'unhealthy'
      | 'not-ready-in-time'
      | 'unknown-service'
      | 'port-not-declared'
      | 'no-members'
      | 'duplicate-route'
      | 'no-certificate'
      | 'config-rejected'
      | 'reload-failed'
      | 'target-not-ready'
      | 'address-not-allowed'
      | 'schema'
      | 'syntax'
      | 'unsupported'
      | 'duplicate-name'
      | 'too-large'
      | 'policy'
      | 'paused'
      | 'rolled-back'
      | 'rollback-failed'
      | 'prune-refused'
      | 'suspended'
      | 'stale-plan'
      | 'dependency-not-ready'
      | 'dependency-cycle'
      | 'engine-unreachable'
      | 'balancer-unreachable'
      | 'disk-full'
      | 'node-absent'
      | 'secret-unreadable'
      | 'unreachable'
      | 'auth-failed'
      | 'signature-invalid'
      | 'push-conflict';
    /**
     * What is wrong and what to do, as a sentence.
     */
    message: string;
    /**
     * Manifest that it is about, relative to the folder that was read.
     */
    file?: string;
    /**
     * Line, from 1.
     */
    line?: number;
    /**
     * Column, from 1.
     */
    column?: number;
    /**
     * Field, as `ports[0].port`.
     */
    path?: string;
    /**
     * Service or load balancer that it is about.
     */
    object?: string;
    /**
     * Last lines of the container's log, oldest first.
     */
    logTail?: string[];
  }[];
  /**
   * What is worth knowing.
   *
   * Items: What is allowed, but worth knowing.
   */
  warnings: {
    /**
     * Code of the closed set, see docs/reasons.md.
     */
    code:
      | 'gap'
      | 'removal'
      | 'major-version'
      | 'changed-volume'
      | 'unpinned-tag'
      | 'shared-volume'
      | 'identity-variable'
      | 'policy'
      | 'disk-space'
      | 'certificate-expiry';
    /**
     * What it means, as a sentence.
     */
    message: string;
    /**
     * Manifest that it is about.
     */
    file?: string;
    /**
     * Line, from 1.
     */
    line?: number;
    /**
     * Column, from 1.
     */
    column?: number;
    /**
     * Service or load balancer that it is about.
     */
    object?: string;
  }[];
}

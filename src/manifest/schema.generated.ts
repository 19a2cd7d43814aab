/* Made by `node script/generate.mjs` from schemas/; do not edit. */

/** Documents as they are once validated: their defaults are filled in. */
/**
 * A service: what runs, how often, with what, and how it is replaced.
 */
export interface ServiceDocument {
  /**
   * Version of the format.
   */
  apiVersion: 'fairlead/v1';
  /**
   * `Service`.
   */
  kind: 'Service';
  /**
   * Unique among the services of the cluster; other services reach it by this name. At most 32 characters.
   */
  name: string;
  /**
   * For people; changes nothing.
   */
  description?: string;
  /**
   * `false` stops the service and keeps its manifest, its name and its volumes.
   */
  enabled: boolean;
  /**
   * Image reference with a tag or digest.
   */
  image: string;
  /**
   * Changing it fetches the image anew and replaces the containers, even where nothing else changed. A number is taken as it is written: `1.10` stays `1.10`. Default: the image's tag, else the first 12 digits of its digest, else `latest`.
   */
  version?: string | number;
  /**
   * When the image is fetched: where the engine does not have it, always before a new release starts, or never. A changed `version` fetches, except with `never`.
   */
  pullPolicy: 'missing' | 'always' | 'never';
  /**
   * How many containers run. 0 keeps the manifest and runs nothing.
   */
  instances: number;
  /**
   * Cores reserved per instance; a limit for scheduling, not for the container (see `limits.cpu`).
   */
  cpu: number;
  /**
   * Memory reserved per instance, as a number of MB or with a unit; a limit for scheduling, not for the container (see `limits.memory`).
   */
  memory: string | number;
  /**
   * What the engine enforces.
   */
  limits: {
    /**
     * Cores that one instance can use at most. Not below `cpu`. Default: no limit.
     */
    cpu?: number;
    /**
     * Memory above which an instance is killed. Not below `memory`. Default: no limit.
     */
    memory?: string | number;
  };
  /**
   * Replaces the image's entrypoint; a text is split as a shell would, without expansion.
   *
   * @maxItems 1000
   */
  entrypoint?: string | string[];
  /**
   * Replaces the image's command; a text is split as a shell would, without expansion.
   *
   * @maxItems 1000
   */
  command?: string | string[];
  /**
   * Working directory. Default: the image's.
   */
  workingDir?: string;
  /**
   * User, or `user:group`, by name or number. Default: the image's.
   */
  user?: string | number;
  /**
   * Host name inside the container; never the name of a service, because Docker resolves it too. Default: Docker's.
   */
  hostname?: string;
  /**
   * Environment variables: a map, or a list of `{ name, value }`, `{ key, value }` or `KEY=value`. Numbers and booleans are taken as they are written.
   *
   * @maxItems 10000
   */
  environment:
    | {
        [k: string]: string | number | boolean;
      }
    | (
        | string
        | {
            /**
             * Name of the variable.
             */
            name?: string;
            /**
             * Another spelling of `name`.
             */
            key?: string;
            /**
             * A text, a number, true or false; "" for an empty one.
             */
            value: string | number | boolean;
          }
      )[];
  /**
   * Files of `KEY=value` lines, split at the first `=`, with `#` comments; relative to the manifest, inside the folder of manifests. A later file wins over an earlier one, `environment` over all.
   *
   * @maxItems 100
   */
  envFile: string | string[];
  /**
   * Path under which the service answers; its containers get it as `CONTEXT_ROOT`.
   */
  contextRoot?: string;
  /**
   * Labels of the containers: a map, or a list of `key=value`. `io.fairlead.*` is Fairlead's own.
   *
   * @maxItems 1000
   */
  labels:
    | {
        [k: string]: string | number | boolean;
      }
    | string[];
  /**
   * Ports that the container listens on. Only `hostPort` and `publish` open one on the host.
   *
   * @maxItems 1000
   */
  ports: (
    | number
    | {
        /**
         * Port in the container.
         */
        port?: number;
        /**
         * Another spelling of `port`.
         */
        container?: number;
        /**
         * Protocol.
         */
        protocol: 'tcp' | 'udp' | 'sctp';
        /**
         * Fixed port on the host: one instance a node, and the update stops before it starts.
         */
        hostPort?: number;
        /**
         * Another spelling of `hostPort`.
         */
        host?: number;
        /**
         * Another spelling of `hostPort`.
         */
        source?: number;
        /**
         * Another spelling of `hostPort`.
         */
        published?: number;
        /**
         * Opens a port on the host that Docker chooses; the status tells which.
         */
        publish: boolean;
      }
  )[];
  /**
   * Volumes, folders of the host and memory file systems: objects, or texts such as `data:/var/lib/x:ro`.
   *
   * @maxItems 100
   */
  mounts: (
    | string
    | {
        /**
         * `volume`: a named volume; `bind`: a folder or file of the host, where its policy allows it; `tmpfs`: memory.
         */
        type: 'volume' | 'bind' | 'tmpfs';
        /**
         * Name of the volume, or absolute path on the host.
         */
        source?: string;
        /**
         * Absolute path in the container.
         */
        target: string;
        /**
         * Mounted so that it cannot be written.
         */
        readOnly: boolean;
        /**
         * Limit of a tmpfs. Default: none.
         */
        size?: string | number;
      }
  )[];
  /**
   * Files and folders from the repository, put into the container before it starts; a change of one is a new release.
   *
   * @maxItems 100
   */
  files: {
    /**
     * Path of the file or folder, relative to the manifest.
     */
    source?: string;
    /**
     * The text itself, in place of `source`.
     */
    content?: string;
    /**
     * Absolute path in the container. A folder hides what the image has there.
     */
    target: string;
    /**
     * Permissions, as `chmod` takes them; of each file of a folder. Default: 0644, or 0755 where git has the file as executable.
     */
    mode?: string | number;
    /**
     * Owner's number.
     */
    uid: number;
    /**
     * Group's number.
     */
    gid: number;
  }[];
  /**
   * Short for mounts of type tmpfs: a path, `/run:size=64M`, or a list of them.
   *
   * @maxItems 100
   */
  tmpfs: string | string[];
  /**
   * Read-only root file system.
   */
  readOnly: boolean;
  /**
   * Networks of the cluster that the service is on; services on no common network cannot reach each other. `default` is the cluster's own, and what an empty list means.
   *
   * @maxItems 32
   */
  networks: string[];
  /**
   * Further lines for the container's hosts file: a map from name to address, or a list of `name:address`. `host-gateway` is the host.
   *
   * @maxItems 1000
   */
  extraHosts:
    | {
        [k: string]: string;
      }
    | string[];
  /**
   * Name servers, in order. Default: Docker's.
   *
   * @maxItems 10
   */
  dns: string | string[];
  /**
   * Kernel capabilities to add; subject to the host's policy.
   *
   * @maxItems 100
   */
  capAdd: string[];
  /**
   * Kernel capabilities to take away, or `ALL`.
   *
   * @maxItems 100
   */
  capDrop: string[];
  /**
   * Devices of the host, as `/dev/x`, `/dev/x:/dev/y:rwm` or `{ source, target, permissions }`; subject to the host's policy.
   *
   * @maxItems 100
   */
  devices: (
    | string
    | {
        /**
         * Device on the host.
         */
        source: string;
        /**
         * Device in the container. Default: `source`.
         */
        target?: string;
        /**
         * Read, write, make nodes.
         */
        permissions: string;
      }
  )[];
  /**
   * Number of GPUs, or `all`; subject to the host's policy for devices (`gpu`).
   */
  gpus?: number | string;
  /**
   * Resource limits of processes: a number for both, or `{ soft, hard }`; -1 is unlimited.
   */
  ulimits: {
    [k: string]:
      | number
      | {
          /**
           * Soft limit.
           */
          soft: number;
          /**
           * Hard limit.
           */
          hard: number;
        };
  };
  /**
   * Kernel parameters of the container's own namespaces (`net.*`, `kernel.msg*`, `kernel.sem`, `kernel.shm*`, `fs.mqueue.*`): a map, or a list of `key=value`.
   *
   * @maxItems 100
   */
  sysctls:
    | {
        [k: string]: string | number | boolean;
      }
    | string[];
  /**
   * Docker's security options. `no-new-privileges:true` is always allowed, others where the host's policy allows `privileged`.
   *
   * @maxItems 32
   */
  securityOpt: string[];
  /**
   * All rights over the host; subject to the host's policy.
   */
  privileged: boolean;
  /**
   * Runs a small init as process 1, which forwards signals and reaps processes.
   */
  init: boolean;
  /**
   * Size of /dev/shm. Default: Docker's 64M.
   */
  shmSize?: string | number;
  /**
   * What Docker does when a container's process ends.
   */
  restart: 'unless-stopped' | 'always' | 'on-failure';
  /**
   * Signal that asks the process to end. Default: the image's, else SIGTERM.
   */
  stopSignal?: string;
  /**
   * How long a process may take to end before it is killed. Default: Docker's 10s.
   */
  stopGracePeriod?: string | number;
  /**
   * Capabilities that a node must have, all of them: `ssd`, `gpu`, `intranet`.
   *
   * @maxItems 100
   */
  requirements: string[];
  /**
   * How many instances may stand on one node. Default: no limit.
   */
  maxPerNode?: number;
  /**
   * Services that are ready, and jobs that have done their work for their release, before this one starts; it ends before them. One or a list.
   *
   * @maxItems 100
   */
  dependsOn: string | string[];
  /**
   * Names of services, or globs of them, that never stand on the same node; one or a list. A service never conflicts with itself.
   *
   * @maxItems 100
   */
  conflictsWith: string | string[];
  /**
   * How an instance shows that it is well. It decides when an instance is ready and when it is restarted. Without one, a TCP connect to the routed port must succeed.
   */
  healthCheck?: {
    /**
     * Asked by the load balancer.
     */
    http?: {
      /**
       * Path and query, at most 2000 characters of those that an address may have; others are written as `%5B`.
       */
      path: string;
      /**
       * Port in the container, one of `ports`. Default: the first tcp port of `ports`.
       */
      port?: number;
      /**
       * Codes that count as healthy: `200`, `200,201` or `200-299`.
       */
      status: string | number;
    };
    /**
     * Run in the container by Docker; exit code 0 is healthy. A text is run by the container's shell, a list as it is.
     *
     * @minItems 1
     * @maxItems 1000
     */
    command?: string | string[];
    /**
     * Time between checks; for `http` it counts towards restarts only, as the load balancer asks more often.
     */
    interval: string | number;
    /**
     * Time for one answer. An instance whose http check hangs loses its requests after two of these and 1.5s.
     */
    timeout: string | number;
    /**
     * Failures in a row that make an instance unhealthy.
     */
    retries: number;
    /**
     * Time after the start in which failures do not count.
     */
    startPeriod: string | number;
    /**
     * Whether an instance whose http check keeps failing is restarted.
     */
    restart: boolean;
  };
  /**
   * How a new release replaces the old one.
   */
  update: {
    /**
     * `rolling`: slot by slot; `green-blue`: a whole second set and one switch; `recreate`: stop, then start. Default: `rolling`, and `recreate` for a service with a writable volume or bind mount, or with a host port, which allows no other.
     */
    strategy?: 'rolling' | 'green-blue' | 'recreate';
    /**
     * With `rolling`: whether the new instance starts before the old one stops.
     */
    order: 'start-first' | 'stop-first';
    /**
     * With `rolling`: instances replaced at once.
     */
    parallelism: number;
    /**
     * With `rolling`: pause between batches.
     */
    delay: string | number;
    /**
     * How long new instances must stay well before they count as steady.
     */
    monitor: string | number;
    /**
     * How long new instances may take to get ready.
     */
    timeout: string | number;
    /**
     * What follows when more than `maxFailureRatio` fail: back to the old release, wait as it stands, or go on.
     */
    failureAction: 'rollback' | 'pause' | 'continue';
    /**
     * Share of new instances that may fail, from 0 to 1.
     */
    maxFailureRatio: number;
    /**
     * How long requests in flight may take before an old instance stops.
     */
    drain: string | number;
    /**
     * With `green-blue`: how long the old set is kept running for an instant way back.
     */
    keepOld: string | number;
    /**
     * With `green-blue`: host name that leads to the set that does not have the traffic.
     */
    preview?: string;
  };
}

/**
 * A route: which host names and paths lead to which port of which service.
 */
export interface LoadBalancerDocument {
  /**
   * Version of the format.
   */
  apiVersion: 'fairlead/v1';
  /**
   * `LoadBalancer`.
   */
  kind: 'LoadBalancer';
  /**
   * Unique among the load balancers of the cluster. At most 32 characters.
   */
  name: string;
  /**
   * For people; changes nothing.
   */
  description?: string;
  /**
   * `false` takes the route away and keeps its manifest.
   */
  enabled: boolean;
  /**
   * `http`: requests for its host names and path; `tcp`: whatever comes on the port `listen`.
   */
  protocol: 'http' | 'tcp';
  /**
   * With `protocol: tcp`: port of the host, out of the range that the host has for it (`balancer.tcp`).
   */
  listen?: number;
  /**
   * Host names that it answers for, whatever their case and port; required with `protocol: http`. `*.example.com` stands for every name with one label more, such as `www.example.com`; a name that is written out wins.
   *
   * @minItems 1
   * @maxItems 1000
   */
  hostnames?: string[];
  /**
   * Prefix of the paths that it answers for, at segment borders: `/api` takes `/api` and `/api/x`, not `/apix`. The longest one wins.
   */
  path: string;
  /**
   * Whether the service sees the path without the prefix.
   */
  stripPath: boolean;
  /**
   * Name of the service that gets the requests.
   */
  service?: string;
  /**
   * In place of `service`: several services, each with its share of the requests.
   *
   * @minItems 1
   * @maxItems 32
   */
  backends?: {
    /**
     * Name of the service.
     */
    service: string;
    /**
     * Its share beside those of the others, whatever number of instances it has; with 0 it gets no new requests.
     */
    weight: number;
  }[];
  /**
   * Port in the container, one of the service's tcp ports.
   */
  port: number;
  /**
   * What the instances speak: `http` is HTTP/1.1; `h2c` is HTTP/2 without TLS, as gRPC needs it. Clients choose for themselves.
   */
  backendProtocol: 'http' | 'h2c';
  /**
   * How requests are spread over the instances: `roundrobin` in turn, `leastconn` to the one with the fewest at the time, `source` by the client's address.
   */
  algorithm: 'roundrobin' | 'leastconn' | 'source';
  /**
   * How a client stays with its instance: `cookie` by a cookie that the load balancer sets, `source` by the client's address, which then decides in place of `algorithm`.
   */
  affinity: 'none' | 'cookie' | 'source';
  /**
   * Addresses that requests may come from, as addresses or CIDRs, in a list or in a text with spaces between them; all others get 403. Default: everybody.
   *
   * @minItems 1
   * @maxItems 1000
   */
  allow?: string[] | string;
  /**
   * Requests that the instances get at a time, together, and at least one each; more wait as long as `timeouts.connect` and get 503 then. Default: any number.
   */
  maxConnections?: number;
  /**
   * A check of its own, which decides in place of the service's which instances get requests; none is restarted for it. With `protocol: tcp` and no `path` a connection has to succeed.
   */
  healthCheck?: {
    /**
     * Path and query. Default: `/` with `protocol: http`.
     */
    path?: string;
    /**
     * Port in the container, one of the service's tcp ports. Default: `port`.
     */
    port?: number;
    /**
     * Codes that count as healthy: `200`, `200,201` or `200-299`.
     */
    status: string | number;
    /**
     * Time between two checks; while an instance starts or fails it is asked at least twice a second.
     */
    interval: string | number;
    /**
     * Time for one answer.
     */
    timeout: string | number;
    /**
     * Successes in a row after which an instance gets requests.
     */
    rise: number;
    /**
     * Failures in a row after which it gets none.
     */
    fall: number;
  };
  /**
   * Which of the host's ports it takes requests on, `balancer.http` and `balancer.https`.
   */
  ports: {
    /**
     * Whether it takes requests without TLS.
     */
    http: boolean;
    /**
     * Whether it takes requests by TLS, for which it needs `tls`. Default: whether it has `tls`.
     */
    https?: boolean;
  };
  /**
   * Whether requests without TLS are answered with a redirect to the same address with `https`; as long as there is no certificate they are not.
   */
  forceHttps: boolean;
  /**
   * Where its certificate comes from: `certificate` or `acme`.
   */
  tls?: {
    /**
     * A certificate that is on the host.
     */
    certificate?: {
      /**
       * PEM file with the certificate, those of its authorities and its key, below the folder that the host has for them (`balancer.certificates`).
       */
      file: string;
    };
    /**
     * A certificate that the host's authority (`balancer.acme`, Let's Encrypt where it says nothing) gives and renews, once it has reached each of the `hostnames` by http.
     */
    acme?: {
      /**
       * Where the authority writes to. To name it is to agree to the authority's terms.
       */
      email: string;
    };
  };
  /**
   * Addresses of the host that it is reached at, in place of `balancer.bind`: each must be the host's own and within `policy.externalIPs`.
   *
   * @minItems 1
   * @maxItems 32
   */
  externalIPs?: string[];
  /**
   * Longest time for requests and connections of an instance that leaves. Default: the service's `update.drain`.
   */
  drain?: string | number;
  /**
   * How long the load balancer waits.
   */
  timeouts: {
    /**
     * For a connection to an instance.
     */
    connect: string | number;
    /**
     * For data from the client. Before HAProxy 3.0 the longest of all load balancers counts for each of them, and no less than 50s.
     */
    client: string | number;
    /**
     * For data from the instance.
     */
    server: string | number;
    /**
     * For data either way on a connection that was upgraded (WebSocket).
     */
    tunnel: string | number;
  };
}

/**
 * A job: runs to its end, once for each release or by a schedule.
 */
export interface JobDocument {
  /**
   * Version of the format.
   */
  apiVersion: 'fairlead/v1';
  /**
   * `Job`.
   */
  kind: 'Job';
  /**
   * Unique among the jobs and services of the cluster. At most 32 characters.
   */
  name: string;
  /**
   * For people; changes nothing.
   */
  description?: string;
  /**
   * `false` lets no run begin and keeps what has run; a run that is under way comes to its end.
   */
  enabled: boolean;
  /**
   * Image reference with a tag or digest.
   */
  image: string;
  /**
   * Changing it fetches the image anew and replaces the containers, even where nothing else changed. A number is taken as it is written: `1.10` stays `1.10`. Default: the image's tag, else the first 12 digits of its digest, else `latest`.
   */
  version?: string | number;
  /**
   * When the image is fetched: where the engine does not have it, always before a new release starts, or never. A changed `version` fetches, except with `never`.
   */
  pullPolicy: 'missing' | 'always' | 'never';
  /**
   * When it runs: five fields of cron (minute, hour, day of month, month, day of week), or `@hourly`, `@daily`, `@weekly`, `@monthly`. Default: once for each release.
   */
  schedule?: string;
  /**
   * Time zone of the schedule, by its IANA name.
   */
  timeZone: string;
  /**
   * What becomes of a run that falls due while one before it still runs: it waits (`forbid`), takes its place (`replace`) or runs beside it (`allow`).
   */
  concurrency: 'forbid' | 'replace' | 'allow';
  /**
   * How long a run may take, retries and all, before it is stopped and has failed. Default: no limit.
   */
  timeout?: string | number;
  /**
   * How often Docker starts a run again whose process ends with an error, at once and then after ever longer pauses of up to a minute.
   */
  retries: number;
  /**
   * Runs that are kept once they have ended, with their logs; the one that counts for the release is kept beside them.
   */
  history: number;
  /**
   * Cores reserved per instance; a limit for scheduling, not for the container (see `limits.cpu`).
   */
  cpu: number;
  /**
   * Memory reserved per instance, as a number of MB or with a unit; a limit for scheduling, not for the container (see `limits.memory`).
   */
  memory: string | number;
  /**
   * What the engine enforces.
   */
  limits: {
    /**
     * Cores that one instance can use at most. Not below `cpu`. Default: no limit.
     */
    cpu?: number;
    /**
     * Memory above which an instance is killed. Not below `memory`. Default: no limit.
     */
    memory?: string | number;
  };
  /**
   * Replaces the image's entrypoint; a text is split as a shell would, without expansion.
   *
   * @maxItems 1000
   */
  entrypoint?: string | string[];
  /**
   * Replaces the image's command; a text is split as a shell would, without expansion.
   *
   * @maxItems 1000
   */
  command?: string | string[];
  /**
   * Working directory. Default: the image's.
   */
  workingDir?: string;
  /**
   * User, or `user:group`, by name or number. Default: the image's.
   */
  user?: string | number;
  /**
   * Host name inside the container; never the name of a service, because Docker resolves it too. Default: Docker's.
   */
  hostname?: string;
  /**
   * Environment variables: a map, or a list of `{ name, value }`, `{ key, value }` or `KEY=value`. Numbers and booleans are taken as they are written.
   *
   * @maxItems 10000
   */
  environment:
    | {
        [k: string]: string | number | boolean;
      }
    | (
        | string
        | {
            /**
             * Name of the variable.
             */
            name?: string;
            /**
             * Another spelling of `name`.
             */
            key?: string;
            /**
             * A text, a number, true or false; "" for an empty one.
             */
            value: string | number | boolean;
          }
      )[];
  /**
   * Files of `KEY=value` lines, split at the first `=`, with `#` comments; relative to the manifest, inside the folder of manifests. A later file wins over an earlier one, `environment` over all.
   *
   * @maxItems 100
   */
  envFile: string | string[];
  /**
   * Labels of the containers: a map, or a list of `key=value`. `io.fairlead.*` is Fairlead's own.
   *
   * @maxItems 1000
   */
  labels:
    | {
        [k: string]: string | number | boolean;
      }
    | string[];
  /**
   * Volumes, folders of the host and memory file systems: objects, or texts such as `data:/var/lib/x:ro`.
   *
   * @maxItems 100
   */
  mounts: (
    | string
    | {
        /**
         * `volume`: a named volume; `bind`: a folder or file of the host, where its policy allows it; `tmpfs`: memory.
         */
        type: 'volume' | 'bind' | 'tmpfs';
        /**
         * Name of the volume, or absolute path on the host.
         */
        source?: string;
        /**
         * Absolute path in the container.
         */
        target: string;
        /**
         * Mounted so that it cannot be written.
         */
        readOnly: boolean;
        /**
         * Limit of a tmpfs. Default: none.
         */
        size?: string | number;
      }
  )[];
  /**
   * Files and folders from the repository, put into the container before it starts; a change of one is a new release.
   *
   * @maxItems 100
   */
  files: {
    /**
     * Path of the file or folder, relative to the manifest.
     */
    source?: string;
    /**
     * The text itself, in place of `source`.
     */
    content?: string;
    /**
     * Absolute path in the container. A folder hides what the image has there.
     */
    target: string;
    /**
     * Permissions, as `chmod` takes them; of each file of a folder. Default: 0644, or 0755 where git has the file as executable.
     */
    mode?: string | number;
    /**
     * Owner's number.
     */
    uid: number;
    /**
     * Group's number.
     */
    gid: number;
  }[];
  /**
   * Short for mounts of type tmpfs: a path, `/run:size=64M`, or a list of them.
   *
   * @maxItems 100
   */
  tmpfs: string | string[];
  /**
   * Read-only root file system.
   */
  readOnly: boolean;
  /**
   * Networks of the cluster that the service is on; services on no common network cannot reach each other. `default` is the cluster's own, and what an empty list means.
   *
   * @maxItems 32
   */
  networks: string[];
  /**
   * Further lines for the container's hosts file: a map from name to address, or a list of `name:address`. `host-gateway` is the host.
   *
   * @maxItems 1000
   */
  extraHosts:
    | {
        [k: string]: string;
      }
    | string[];
  /**
   * Name servers, in order. Default: Docker's.
   *
   * @maxItems 10
   */
  dns: string | string[];
  /**
   * Kernel capabilities to add; subject to the host's policy.
   *
   * @maxItems 100
   */
  capAdd: string[];
  /**
   * Kernel capabilities to take away, or `ALL`.
   *
   * @maxItems 100
   */
  capDrop: string[];
  /**
   * Devices of the host, as `/dev/x`, `/dev/x:/dev/y:rwm` or `{ source, target, permissions }`; subject to the host's policy.
   *
   * @maxItems 100
   */
  devices: (
    | string
    | {
        /**
         * Device on the host.
         */
        source: string;
        /**
         * Device in the container. Default: `source`.
         */
        target?: string;
        /**
         * Read, write, make nodes.
         */
        permissions: string;
      }
  )[];
  /**
   * Number of GPUs, or `all`; subject to the host's policy for devices (`gpu`).
   */
  gpus?: number | string;
  /**
   * Resource limits of processes: a number for both, or `{ soft, hard }`; -1 is unlimited.
   */
  ulimits: {
    [k: string]:
      | number
      | {
          /**
           * Soft limit.
           */
          soft: number;
          /**
           * Hard limit.
           */
          hard: number;
        };
  };
  /**
   * Kernel parameters of the container's own namespaces (`net.*`, `kernel.msg*`, `kernel.sem`, `kernel.shm*`, `fs.mqueue.*`): a map, or a list of `key=value`.
   *
   * @maxItems 100
   */
  sysctls:
    | {
        [k: string]: string | number | boolean;
      }
    | string[];
  /**
   * Docker's security options. `no-new-privileges:true` is always allowed, others where the host's policy allows `privileged`.
   *
   * @maxItems 32
   */
  securityOpt: string[];
  /**
   * All rights over the host; subject to the host's policy.
   */
  privileged: boolean;
  /**
   * Runs a small init as process 1, which forwards signals and reaps processes.
   */
  init: boolean;
  /**
   * Size of /dev/shm. Default: Docker's 64M.
   */
  shmSize?: string | number;
  /**
   * Signal that asks the process to end. Default: the image's, else SIGTERM.
   */
  stopSignal?: string;
  /**
   * How long a process may take to end before it is killed. Default: Docker's 10s.
   */
  stopGracePeriod?: string | number;
  /**
   * Capabilities that a node must have, all of them: `ssd`, `gpu`, `intranet`.
   *
   * @maxItems 100
   */
  requirements: string[];
  /**
   * Services that are ready, and jobs that have done their work for their release, before a run begins; one or a list.
   *
   * @maxItems 100
   */
  dependsOn: string | string[];
}

/**
 * fairlead.yaml: the host's own configuration, never taken from the repository that is followed.
 */
export interface ConfigDocument {
  /**
   * Name of the cluster; it is in every name and label, so that several can share an engine.
   */
  cluster: string;
  /**
   * The repository that is followed; `run DIR` and the commands that take a folder do without.
   */
  repository?: {
    /**
     * `https://`, `ssh://` or `user@host:path`; an absolute path or `file:///` where `allowFile` is true.
     */
    url?: string;
    /**
     * Branch that is followed.
     */
    branch: string;
    /**
     * Folder in the repository that holds the manifests.
     */
    path: string;
    /**
     * Time between two looks at the remote.
     */
    interval: string | number;
    /**
     * How to log in. Nothing secret stands in this file itself.
     */
    credentials: {
      /**
       * For https. Default: what the server takes for a token.
       */
      username?: string;
      /**
       * File that holds the password or token, for https.
       */
      passwordFile?: string;
      /**
       * Environment variable that holds the password or token, in place of `passwordFile`.
       */
      passwordVariable?: string;
      /**
       * Private key, for ssh.
       */
      sshKeyFile?: string;
      /**
       * Host keys that are trusted, for ssh. Default: the user's known_hosts.
       */
      knownHostsFile?: string;
    };
    /**
     * Whether `url` may be a folder of this host.
     */
    allowFile: boolean;
  };
  /**
   * What runs the containers: a Docker Engine. `auto` finds out.
   */
  runtime: 'auto' | 'engine';
  /**
   * The engine.
   */
  docker: {
    /**
     * Address of the engine: `unix://`, `tcp://`, `http://` or `https://`. Default: `DOCKER_HOST`, then the default socket.
     */
    host?: string;
  };
  /**
   * This host, on one engine.
   */
  node: {
    /**
     * What this host has, for the `requirements` of services.
     *
     * @maxItems 100
     */
    capabilities: string[];
  };
  /**
   * The load balancer (HAProxy).
   */
  balancer: {
    /**
     * `auto`: only while a manifest needs it.
     */
    enabled: 'auto' | true | false;
    /**
     * Its image: HAProxy 2.6 or newer.
     */
    image: string;
    /**
     * Host port for HTTP, listened on while there is a route; 0 turns it off, and load balancers are refused.
     */
    http: number;
    /**
     * Host port for HTTPS, listened on while a load balancer has `tls`; 0 turns it off, and such are refused. Default: 443; on a `bridge` none, where it is published whether it is used or not.
     */
    https?: number;
    /**
     * Host ports that load balancers with `protocol: tcp` may listen on: a range, or one port. On a `bridge` all of them are published, at most 32. Default: none.
     */
    tcp?: string | number;
    /**
     * `host`: the host's own network, which keeps the clients' addresses; `bridge`: published ports. Default: `host` on one engine.
     */
    network?: 'host' | 'bridge';
    /**
     * Address of the host that it listens on.
     */
    bind: string;
    /**
     * Folder of the host with the certificates that load balancers name (`tls.certificate`). Default: none.
     */
    certificates?: string;
    /**
     * The authority that load balancers with `tls.acme` get their certificates from.
     */
    acme: {
      /**
       * URL of its directory (RFC 8555).
       */
      directory: string;
      /**
       * PEM file with what the authority's own server is trusted by. Default: what the system trusts.
       */
      caFile?: string;
    };
    /**
     * Whether each request is a line of its container's log, for `fairlead logs --access`.
     */
    accessLog: boolean;
  };
  /**
   * The report that is committed.
   */
  status: {
    /**
     * Branch that gets the report. Default: `fairlead/<cluster>`.
     */
    branch?: string;
    /**
     * `false` writes the report to the state folder only.
     */
    enabled: boolean;
  };
  /**
   * Folder for the clone and the last report; may be lost. Default: /var/lib/fairlead for root, else fairlead below XDG_STATE_HOME.
   */
  stateDir?: string;
  /**
   * How many services one revision may take away; refused above the larger of the two.
   */
  prune: {
    /**
     * Share of the services, from 0 to 1.
     */
    maxFraction: number;
    /**
     * Number of services.
     */
    maxCount: number;
  };
  /**
   * What becomes of images that were fetched for releases, once no container is made of them and they are not of the release before the present one.
   */
  images: {
    /**
     * Whether they are removed.
     */
    prune: boolean;
    /**
     * How long they stay; where the disk is above `disk.warnAbove` they go at once.
     */
    keep: string | number;
  };
  /**
   * How full the disk may be that the engine keeps its data on, where this process can see it.
   */
  disk: {
    /**
     * A folder of this machine that is on it. Default: the engine's data folder, where the engine is reached by its socket.
     */
    path?: string;
    /**
     * Share in use, from 0 to 1, above which the status warns.
     */
    warnAbove: number;
    /**
     * Share in use, from 0 to 1, above which no image is fetched.
     */
    refuseAbove: number;
  };
  /**
   * How much of each container's log is kept, where the engine's driver is `json-file`, which keeps all of it. Counts for containers that are made from then on.
   */
  logs: {
    /**
     * Size of one file; 0 leaves it to the engine.
     */
    maxSize: string | number;
    /**
     * Files of a container, the latest ones.
     */
    maxFiles: number;
  };
  /**
   * What manifests may ask of the host. The default gives nothing away.
   */
  policy: {
    /**
     * Globs of image references, with or without tag; `*` stops at `/`, `**` does not.
     */
    images: string[];
    /**
     * Globs of host paths that may be mounted, for reading as for writing; `/srv/**` is everything below /srv. They are compared with the path as it is written, `..` resolved.
     */
    bindMounts: string[];
    /**
     * Whether `privileged` and all of `securityOpt` may be set.
     */
    privileged: boolean;
    /**
     * Whether services may use the host's network; no manifest can ask for it yet.
     */
    hostNetwork: boolean;
    /**
     * Kernel capabilities that `capAdd` may name, or `ALL`.
     *
     * @maxItems 100
     */
    capabilities: string[];
    /**
     * Globs of devices that `devices` may name, `..` resolved; `gpu` allows `gpus`.
     */
    devices: string[];
    /**
     * Host ports that services may take: a range, or one port.
     */
    hostPorts: string | number;
    /**
     * Addresses of the host that load balancers may take for themselves (`externalIPs`), as addresses or CIDRs.
     *
     * @maxItems 1000
     */
    externalIPs: string[];
  };
}

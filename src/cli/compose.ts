import { readFile } from 'node:fs/promises';
import { Journal, type Event } from '../app/journal.ts';
import type { Ledger } from '../app/ledger.ts';
import { Reconciler } from '../app/reconcile.ts';
import { Reporter } from '../app/reporter.ts';
import { Wake } from '../app/wake.ts';
import type { Config, CredentialsConfig } from '../config/config.ts';
import type { PrunePermission } from '../core/plan/plan.ts';
import type { Balancer, Clock, Hands, Repository, Runtime } from '../core/ports.ts';
import { ReasonError } from '../core/reason.ts';
import { connectEngine } from '../docker/connect.ts';
import { LABEL } from '../docker/labels.ts';
import { openRepository, type RepositoryOptions } from '../git/repository.ts';
import { createBalancer } from '../haproxy/balancer.ts';

/** How long connections of before a reload may live on, whatever the limits of the routes: longer than drains take. */
const HARD_STOP_AFTER = 3_600_000;

export const clock: Clock = {
  now: () => Math.floor(performance.timeOrigin + performance.now()),
  date: () => new Date(),
};

export interface Cluster {
  readonly runtime: Runtime;
  readonly balancer: Balancer;
  readonly hands: Hands;
  /** Ends all conversations with both. */
  readonly close: () => void;
}

/** The adapters of one cluster on one engine; nothing is asked of either yet. */
export function openCluster(config: Config, log: (line: string) => void): Cluster {
  const { cluster, docker, node, balancer } = config;
  const capabilities = node.capabilities;
  const engine = connectEngine({
    host: docker.host,
    tls: docker.tls,
    dockerConfig: docker.directory,
    cluster,
    capabilities,
    now: () => clock.now(),
    logs: config.logs,
    disk: config.disk,
  });
  const { image, http, tcp, bind, accessLog, network = 'host' } = balancer;
  const haproxy = createBalancer({
    host: engine.host,
    cluster,
    settings: { image, http, bind, network, accessLog, hardStopAfter: HARD_STOP_AFTER, ...(tcp && { tcp }) },
    labels: { [LABEL.cluster]: cluster, [LABEL.role]: 'balancer' },
    networks: ['default'],
    now: () => clock.now(),
    log,
  });
  const close = () => {
    haproxy.close();
    engine.close();
  };
  return { runtime: engine.runtime, balancer: haproxy, hands: engine.hands, close };
}

export interface Machinery {
  readonly journal: Journal;
  readonly wake: Wake;
  readonly reconciler: Reconciler;
  readonly reporter: Reporter;
}

/** What runs passes over a cluster. */
export function machineryOf(
  config: Config,
  { runtime, balancer }: Cluster,
  options: {
    prune: PrunePermission;
    onEvent: (event: Event) => void;
    earlier?: readonly Event[];
    ledger: Ledger;
  },
): Machinery {
  const wake = new Wake();
  const journal = new Journal(clock, options.onEvent, options.earlier);
  const reconciler = new Reconciler({
    runtime,
    balancer,
    clock,
    journal,
    ledger: options.ledger,
    prune: options.prune,
    images: config.images,
    balancerEnabled: config.balancer.enabled,
    wake: () => wake.call(),
    sleep: (duration, signal) => new Wake().sleep(duration, signal),
  });
  const reporter = new Reporter({ runtime, journal, clock, httpPort: config.balancer.http });
  return { journal, wake, reconciler, reporter };
}

/** The remote repository that the configuration names. */
export function openRemote(config: Config, log: (line: string) => void): Repository {
  const { repository, status, stateDir } = config;
  if (repository === undefined) {
    throw new Error(
      'There is nothing to follow: set repository.url in fairlead.yaml, or name a folder: fairlead run DIR.',
    );
  }
  const credentials = credentialsOf(repository.credentials);
  return openRepository({
    ...repository,
    credentials,
    statusBranch: status.branch,
    stateDir,
    environment: process.env,
    log,
  });
}

/** A password file is read anew each time, so that a changed token is seen. */
function credentialsOf({ password, passwordFile, ...others }: CredentialsConfig): RepositoryOptions['credentials'] {
  if (password !== undefined) return { ...others, password: () => Promise.resolve(password) };
  return passwordFile === undefined ? others : { ...others, password: () => readSecret(passwordFile) };
}

async function readSecret(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trimEnd();
  } catch (cause) {
    throw new ReasonError('secret-unreadable', `The password file ${file} cannot be read.`, { cause });
  }
}

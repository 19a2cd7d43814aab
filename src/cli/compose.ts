import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Journal, type Event } from '../app/journal.ts';
import type { Ledger } from '../app/ledger.ts';
import { Reconciler } from '../app/reconcile.ts';
import { Reporter } from '../app/reporter.ts';
import { replaceStateFile } from '../app/state-file.ts';
import { Wake } from '../app/wake.ts';
import type { Config, CredentialsConfig } from '../config/config.ts';
import type { PrunePermission } from '../core/plan/plan.ts';
import type { Balancer, Certificates, Clock, Hands, Repository, Runtime } from '../core/ports.ts';
import { ReasonError } from '../core/reason.ts';
import { openCertificates } from '../certificates/certificates.ts';
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
  readonly certificates: Certificates;
  readonly hands: Hands;
  /** Called when something has come to its end that no engine tells of. */
  wake: () => void;
  /** Ends all conversations with both. */
  readonly close: () => void;
}

/** The adapters of one cluster on one engine; nothing is asked of either yet. */
export function openCluster(config: Config, log: (line: string) => void): Cluster {
  const { cluster, docker, node, balancer, stateDir } = config;
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
  const { image, http, https, tcp, bind, accessLog, network = 'host' } = balancer;
  const acme = 'acme';
  const certificates = openCertificates({
    ...(balancer.certificates !== undefined && { certificates: balancer.certificates }),
    authority: balancer.acme,
    folder: path.join(stateDir, acme),
    write: (name, text) => replaceStateFile(stateDir, path.join(acme, name), text, { flush: true }),
    now: () => clock.date().getTime(),
    wake: () => opened.wake(),
  });
  const haproxy = createBalancer({
    host: engine.host,
    cluster,
    settings: { image, http, https, bind, network, accessLog, hardStopAfter: HARD_STOP_AFTER, ...(tcp && { tcp }) },
    labels: { [LABEL.cluster]: cluster, [LABEL.role]: 'balancer' },
    networks: ['default'],
    pem: (id) => certificates.pem(id),
    now: () => clock.now(),
    log,
  });
  const close = () => {
    haproxy.close();
    certificates.close();
    engine.close();
  };
  const { runtime, hands } = engine;
  const opened: Cluster = { runtime, balancer: haproxy, certificates, hands, wake: () => undefined, close };
  return opened;
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
  opened: Cluster,
  options: {
    prune: PrunePermission;
    onEvent: (event: Event) => void;
    earlier?: readonly Event[];
    ledger: Ledger;
  },
): Machinery {
  const { runtime, balancer, certificates } = opened;
  const wake = new Wake();
  opened.wake = () => wake.call();
  const journal = new Journal(clock, options.onEvent, options.earlier);
  const reconciler = new Reconciler({
    runtime,
    balancer,
    certificates,
    clock,
    journal,
    ledger: options.ledger,
    prune: options.prune,
    images: config.images,
    balancerEnabled: config.balancer.enabled,
    wake: () => wake.call(),
    sleep: (duration, signal) => new Wake().sleep(duration, signal),
  });
  const reporter = new Reporter({ runtime, journal, clock, balancerPorts: config.balancer });
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

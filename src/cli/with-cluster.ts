import { FileLedger } from '../app/ledger.ts';
import type { EXIT } from '../commands/exit.ts';
import type { Config } from '../config/config.ts';
import { pastOf, type Past } from '../core/records.ts';
import { openCluster, type Cluster } from './compose.ts';
import type { Invocation } from './program.ts';
import { withConfig, type Flags } from './review.ts';

/** Beside the configuration, the engine and the balancer, with whom all conversations end with the command. */
export async function withCluster<Code extends number>(
  invocation: Invocation,
  flags: Flags,
  command: (config: Config, cluster: Cluster) => Promise<Code>,
): Promise<Code | typeof EXIT.error> {
  return await withConfig(invocation, flags, (config) => onCluster(config, (cluster) => command(config, cluster)));
}

/** With conversations of its own, which end with it. */
export async function onCluster<Result>(config: Config, work: (cluster: Cluster) => Promise<Result>): Promise<Result> {
  const cluster = openCluster(config, () => undefined);
  try {
    return await work(cluster);
  } finally {
    cluster.close();
  }
}

/** How jobs ended and how long updates took that were done from this state directory. */
export async function recordOf({ stateDir, cluster }: Config): Promise<Past> {
  return pastOf((await FileLedger.open(stateDir, cluster)).records);
}

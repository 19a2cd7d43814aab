import { statSync } from 'node:fs';
import type { ManifestSet } from '../app/source.ts';
import { EXIT, type ExitCode } from '../commands/exit.ts';
import { validate } from '../commands/validate.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { renderProblem } from '../core/finding.ts';
import type { Problem } from '../core/reason.ts';
import { checkBalancer } from '../manifest/balancer-check.ts';
import type { BalancerPort } from '../manifest/cross-check.ts';
import { readDirectory, readTree } from '../manifest/files.ts';
import type { Invocation } from './program.ts';

/** What needs neither an engine nor git: the configuration and the manifests of a folder. */

export type Flags = Readonly<Record<string, unknown>> & { readonly config?: string };

export async function runValidate(
  invocation: Invocation,
  dir: string,
  flags: Flags & { format: 'text' | 'json' | 'github' },
): Promise<ExitCode> {
  return await withConfig(invocation, flags, (config) =>
    Promise.resolve(validate(manifestsForReview(dir, config), flags.format, invocation.terminal)),
  );
}

export async function runRender(
  invocation: Invocation,
  dir: string,
  flags: Flags & { format: 'text' | 'json' },
): Promise<ExitCode> {
  return await withConfig(invocation, flags, async (config) => {
    const { cluster } = config;
    const { render } = await import('../commands/render.ts');
    const { renderManifests } = await import('../manifest/render.ts');
    return render({
      set: manifestsForReview(dir, config),
      cluster,
      rendered: () => renderManifests(readTree(dir, cluster).files, cluster),
      format: flags.format,
      terminal: invocation.terminal,
    });
  });
}

/** Runs the command with the configuration, or prints what is wrong with it. */
export async function withConfig<Code extends number>(
  { terminal }: Invocation,
  flags: Flags,
  command: (config: Config) => Promise<Code>,
): Promise<Code | typeof EXIT.error> {
  const loaded = loadConfig({ flags, ...(flags.config !== undefined && { file: flags.config }) });
  if ('config' in loaded) return await command(loaded.config);
  for (const problem of loaded.problems) terminal.err(`${renderProblem(problem, terminal.palette)}\n`);
  return EXIT.error;
}

export function manifestsIn(directory: string, config: Config): ManifestSet {
  const { network = 'host' } = config.balancer;
  const { cluster, policy } = config;
  const set = readDirectory(directory, { cluster, policy, balancerPorts: balancerPorts(config) });
  const ability = { ...config.balancer, network };
  return { ...set, problems: [...set.problems, ...checkBalancer(set.manifests, ability)] };
}

/** On a bridge all of its ports are published from the start. */
function balancerPorts({ balancer }: Config): BalancerPort[] {
  const { tcp, enabled, network } = balancer;
  if (enabled === false) return [];
  const ofRequests = (['http', 'https'] as const)
    .filter((port) => balancer[port] > 0)
    .map((port) => ({ port: balancer[port], setting: `balancer.${port}` as const }));
  if (network !== 'bridge' || tcp === undefined) return ofRequests;
  const count = tcp.to - tcp.from + 1;
  const published = Array.from({ length: count }, (_, index) => ({
    port: tcp.from + index,
    setting: 'balancer.tcp' as const,
  }));
  return [...ofRequests, ...published];
}

/** Without a configuration nobody knows the host's policy: what its default refuses is worth a warning only. */
export function manifestsForReview(directory: string, config: Config): ManifestSet {
  requireFolder(directory);
  const set = manifestsIn(directory, config);
  if (config.isFromFile) return set;
  const findings = set.problems.filter(isOfPolicy);
  return {
    manifests: set.manifests,
    problems: set.problems.filter((each) => !isOfPolicy(each)),
    warnings: [
      ...set.warnings,
      ...findings.map(({ layer: _, reason: _reason, ...each }) => ({ ...each, code: 'policy' as const })),
    ],
  };
}

function isOfPolicy({ reason }: Problem): boolean {
  return reason === 'policy' || reason === 'address-not-allowed';
}

export function requireFolder(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return;
  throw new Error(
    `${path} is ${found === undefined ? 'not there' : 'a file'}; name the folder that holds the manifests.`,
  );
}

import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { freePort } from '../../lab/free-port.ts';
import { Scenario } from '../../support/scenario.ts';

export const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));

interface Settings {
  /** Fixed ports of the host, which are free ones in the copy. */
  readonly hostPorts?: readonly number[];
  /** Further lines of the host's configuration. */
  readonly config?: string;
  /** Settings of the host in its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a free one. */
  readonly httpPort?: number;
  /** What else the copy has in another way than the example. */
  readonly change?: (folder: string, scenario: Scenario) => Promise<void>;
}

interface Played {
  readonly scenario: Scenario;
  /** The copy. */
  readonly folder: string;
  /** What `hostPorts` are in it. */
  readonly ports: readonly number[];
}

/** Applies a copy of the example, which has no mistake, no warning, and nothing left to do then. */
export async function play(example: string, settings: Settings = {}): Promise<Played> {
  const { config = '', env = {}, httpPort } = settings;
  const scenario = await Scenario.create({ config, env, ...(httpPort !== undefined && { httpPort }) });
  try {
    const folder = join(scenario.directory, 'example');
    await cp(join(EXAMPLES, example), folder, { recursive: true });
    const ports = await freePorts(folder, settings.hostPorts ?? []);
    await settings.change?.(folder, scenario);
    await apply(scenario);
    return { scenario, folder, ports };
  } catch (error) {
    await scenario[Symbol.asyncDispose]();
    throw error;
  }
}

async function freePorts(folder: string, hostPorts: readonly number[]): Promise<number[]> {
  const ports: number[] = [];
  for (const each of hostPorts) {
    const port = await freePort();
    ports.push(port);
    await rewrite(folder, String(each), String(port));
  }
  return ports;
}

async function apply(scenario: Scenario): Promise<void> {
  const valid = expect.stringMatching(/^\d+ manifests? valid\n$/) as string;
  expect(await scenario.fairlead('validate', 'example')).toMatchObject({ code: 0, stdout: valid, stderr: '' });
  const { code, stderr } = await scenario.fairlead('apply', 'example', '--yes');
  expect(code, stderr).toBe(0);
  const nothing = expect.stringMatching(/^Nothing to do: \d+ unchanged\.\n$/) as string;
  const again = await scenario.fairlead('plan', 'example', '--detailed-exitcode');
  expect(again).toMatchObject({ code: 0, stdout: nothing });
}

export async function rewrite(folder: string, text: string, other: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true })) {
    if (!/\.(yaml|json)$/.test(name)) continue;
    const file = join(folder, name);
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll(text, other));
  }
}

export const body = async (scenario: Scenario, host: string, path = '/') =>
  (await scenario.get(host, path)).body.trim();

/** What a port of this machine answers, without the load balancer. */
export function directly(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => (text += more));
      response.on('end', () => resolve(text.trim()));
    }).on('error', reject);
  });
}

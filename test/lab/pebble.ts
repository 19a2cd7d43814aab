import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aptInstall } from '../../script/apt.mjs';
import { makePem } from '../support/certificate-maker.ts';
import { until } from '../support/until.ts';
import { freePort } from './free-port.ts';

/** An authority for certificates that finds every host name on this machine's loopback. */
export interface Pebble extends AsyncDisposable {
  /** URL of its directory. */
  readonly directory: string;
  /** What its own server is trusted by. */
  readonly caFile: string;
}

export interface PebbleOptions {
  /** Where it asks for host names by http. */
  readonly httpPort: number;
  /** Seconds that its certificates are good for. */
  readonly validity?: number;
}

export async function startPebble({ httpPort, validity = 90 * 24 * 3600 }: PebbleOptions): Promise<Pebble> {
  if (!existsSync('/usr/bin/pebble'))
    await aptInstall(['pebble'], { log: console.error, why: 'An authority for certificates' });
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-pebble-'));
  const [port, management, dns, control] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const caFile = join(folder, 'server.pem');
  await writeFile(caFile, await makePem({ names: ['localhost'] }));
  const config = {
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: caFile,
      privateKey: caFile,
      httpPort,
      tlsPort: 1,
      certificateValidityPeriod: validity,
    },
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const names = start('/usr/bin/pebble-challtestsrv', [
    ...['-defaultIPv4', '127.0.0.1', '-defaultIPv6', '', '-dns01', `127.0.0.1:${dns}`],
    ...['-http01', '', '-https01', '', '-tlsalpn01', '', '-management', `127.0.0.1:${control}`],
  ]);
  const authority = start('/usr/bin/pebble', [
    ...['-config', join(folder, 'config.json'), '-dnsserver', `127.0.0.1:${dns}`],
  ]);
  await until('pebble listens', async () => ((await isOpen(port)) && (await isOpen(control)) ? true : undefined));
  return {
    directory: `https://localhost:${port}/dir`,
    caFile,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([end(authority), end(names)]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function start(command: string, args: readonly string[]): ChildProcess {
  return spawn(command, args, { stdio: 'ignore', env: { ...process.env, PEBBLE_VA_NOSLEEP: '1' } });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

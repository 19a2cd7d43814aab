import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { withLock } from './lock.mjs';
import { read } from './run.mjs';

const POLICY = '/usr/sbin/policy-rc.d';

/** Whether this process may install Debian packages. */
export function canInstall() {
  return existsSync('/etc/debian_version') && process.getuid?.() === 0;
}

/**
 * Installs Debian packages without starting the services they bring; throws where it may not.
 * @param {readonly string[]} packages @param {{ log: import('./run.mjs').Log, why: string }} options
 * @returns {Promise<void>}
 */
export async function aptInstall(packages, { log, why }) {
  if (!canInstall())
    throw new Error(
      `${why} needs the Debian packages ${packages.join(', ')}: install them, or run this as root on Debian.`,
    );
  log(`${why}: installing ${packages.join(', ')} with apt-get`);
  await withLock('/run/lock/fairlead-lab-apt', async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    await read('apt-get', ['-o', 'DPkg::Lock::Timeout=120', 'update'], { env });
    await withServicesOff(() =>
      read('apt-get', ['-o', 'DPkg::Lock::Timeout=120', 'install', '-y', '--no-install-recommends', ...packages], {
        env,
      }),
    );
  });
}

/**
 * Debian asks policy-rc.d before it starts an installed service. Ours says no only while this process lives, so that one
 * left behind by a kill forbids nothing.
 * @param {() => Promise<unknown>} work
 */
async function withServicesOff(work) {
  if (existsSync(POLICY)) return work();
  writeFileSync(POLICY, `#!/bin/sh\nkill -0 ${String(process.pid)} 2>/dev/null && exit 101\nexit 0\n`, { mode: 0o755 });
  try {
    return await work();
  } finally {
    rmSync(POLICY, { force: true });
  }
}

/**
 * The Debian archive that this machine's own apt uses, else Debian's public one.
 * @returns {Promise<string>}
 */
export async function debianMirror() {
  const targets = await read('apt-get', [
    'indextargets',
    '--format',
    '$(ORIGIN) $(COMPONENT) $(REPO_URI)',
    'Created-By: Packages',
  ]);
  const archives = targets.split('\n').map((line) => line.split(' '));
  const own = archives.find(
    ([origin, component, uri]) => origin === 'Debian' && component === 'main' && uri?.endsWith('/debian/'),
  );
  return own?.[2] ?? 'http://deb.debian.org/debian/';
}

/**
 * The machine's own settings for reaching archives (proxies, certificates), one apt.conf line each.
 * @returns {Promise<string[]>}
 */
export async function aptTransport() {
  const settings = await read('apt-config', ['dump']);
  return settings
    .split('\n')
    .filter((line) => /^Acquire::(https?|ftp)::.*"[^"]+";$/i.test(line) && !/User-Agent/i.test(line));
}

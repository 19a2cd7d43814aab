import { networkInterfaces } from 'node:os';
import { CommandFailed, read } from './run.mjs';

/**
/**
 * Makes a bridge that belongs to one private engine, because engines side by side would share docker0 and give out its
 * addresses twice. The bridge's name is the claim on its address: the kernel makes a name only once. (An address pool of
 * its own for the other networks is no way: at its next start an engine with such a pool removes everybody's docker0. The
 * usual pools do, since an engine leaves out what this machine has a route to.)
 * @returns {Promise<string>} the name of the bridge
 */
export async function claimBridge() {
  for (let slot = 255; slot > 0; slot--) {
    const bridge = `fairlead-${String(slot)}`;
    if (usedOnThisMachine(`10.${String(slot)}.`) || !(await madeBridge(bridge))) continue;
    await read('ip', ['address', 'add', `10.${String(slot)}.0.1/24`, 'dev', bridge]);
    await read('ip', ['link', 'set', bridge, 'up']);
    return bridge;
  }
  throw new Error(
    'No part of 10.0.0.0/8 is free for a private engine: remove leftover bridges (ip link | grep fairlead-).',
  );
}

/** @param {string} prefix */
function usedOnThisMachine(prefix) {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.some(({ address }) => address.startsWith(prefix));
}

/** @param {string} name @returns {Promise<boolean>} */
async function madeBridge(name) {
  try {
    await read('ip', ['link', 'add', name, 'type', 'bridge']);
    return true;
  } catch (error) {
    if (error instanceof CommandFailed && /File exists/.test(error.message)) return false;
    throw error;
  }
}

/** The policy of FORWARD, which an engine sets to DROP. @returns {Promise<string>} */
export async function forwardPolicy() {
  return (await rules('iptables', 'filter')).find((rule) => rule.startsWith('-P FORWARD')) ?? '-P FORWARD ACCEPT';
}

/**
 * Removes the bridge and its rules; with no other engine's rules left, also the chains that every engine makes.
 * @param {string} bridge @param {string} policyBefore what forwardPolicy() said before the engine started
 */
export async function releaseBridge(bridge, policyBefore) {
  await read('ip', ['link', 'delete', bridge]).catch(() => undefined);
  for (const command of ['iptables', 'ip6tables']) {
    for (const table of ['filter', 'nat', 'raw'])
      await drop(command, table, (rule) => rule.split(' ').includes(bridge));
  }
  if ((await rules('iptables', 'filter')).some((rule) => rule.endsWith('-j DOCKER') && rule.includes(' -o '))) return;
  await removeDockerChains();
  await read('iptables', policyBefore.split(' '));
}

async function removeDockerChains() {
  for (const command of ['iptables', 'ip6tables']) {
    for (const table of ['filter', 'nat', 'raw']) {
      await drop(command, table, (rule) => /-[Aj] DOCKER/.test(rule));
      const chains = (await rules(command, table)).filter((rule) => rule.startsWith('-N DOCKER'));
      for (const chain of chains) await read(command, ['-t', table, '-X', chain.slice('-N '.length)]);
    }
  }
}

/** @param {string} command @param {string} table @param {(rule: string) => boolean} unwanted */
async function drop(command, table, unwanted) {
  for (const rule of await rules(command, table)) {
    if (!rule.startsWith('-A') || !unwanted(rule)) continue;
    await read(command, ['-t', table, ...rule.replace('-A', '-D').split(' ')]).catch(() => undefined);
  }
}

/** A table that this kernel lacks has no rules. @param {string} command @param {string} table @returns {Promise<string[]>} */
async function rules(command, table) {
  const text = await read(command, ['-w', '-t', table, '-S']).catch(() => '');
  return text.split('\n').filter((rule) => rule !== '');
}

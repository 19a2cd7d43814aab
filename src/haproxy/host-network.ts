import { BlockList, isIPv6 } from 'node:net';

/** Readers of what the kernel tells of its network below /proc/net; pure. */

/** What is listened on, and which addresses there are. */
export interface HostNetwork {
  readonly listening: readonly { readonly address: string; readonly port: number }[];
  readonly addresses: BlockList;
}

/** `fib_trie` has the IPv4 addresses, as has `if_inet6` the others. */
export const NETWORK_FILES = ['tcp', 'tcp6', 'fib_trie', 'if_inet6'].map((name) => `/proc/net/${name}`);

const LISTENING = /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) \S+ 0A /gm;
const LOCAL_IPV4 = /-- ([\d.]+)\n\s*\/(\d+) host LOCAL/g;
const LOCAL_IPV6 = /^([0-9a-f]{32}) [0-9a-f]{2,} [0-9a-f]{2} [0-9a-f]{2} [0-9a-f]{2} /gm;

/** Reads `NETWORK_FILES`, one after the other. */
export function readHostNetwork(text: string): HostNetwork {
  const addresses = new BlockList();
  for (const [, network = '', bits] of text.matchAll(LOCAL_IPV4)) addresses.addSubnet(network, Number(bits), 'ipv4');
  for (const [, hex = ''] of text.matchAll(LOCAL_IPV6)) addresses.addAddress(ipv6(hex), 'ipv6');
  const listening = [...text.matchAll(LISTENING)].map(([, address = '', port = '']) => ({
    address: address.length === 8 ? ipv4(address) : ipv6(inNetworkOrder(address)),
    port: Number.parseInt(port, 16),
  }));
  return { listening, addresses };
}

/** Whether somebody listens there, or at all addresses. */
export function isTaken({ listening }: HostNetwork, address: string, port: number): boolean {
  return listening.some(
    (each) => each.port === port && (covers(each.address, address) || covers(address, each.address)),
  );
}

/** Who listens at `::` listens at all addresses of both families. */
function covers(address: string, other: string): boolean {
  return address === other || address === '::' || (address === '0.0.0.0' && !other.includes(':'));
}

export function hasAddress({ addresses }: HostNetwork, address: string): boolean {
  return isWildcard(address) || addresses.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** Words of four bytes, each the wrong way round. */
function inNetworkOrder(hex: string): string {
  return (hex.match(/.{8}/g) ?? []).map((word) => (word.match(/../g) ?? []).reverse().join('')).join('');
}

function ipv4(hex: string): string {
  return (inNetworkOrder(hex).match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).join('.');
}

/** As it is usually written, so that texts can be compared. */
function ipv6(hex: string): string {
  const long = (hex.match(/.{4}/g) ?? []).join(':');
  return new URL(`http://[${long}]`).hostname.slice(1, -1);
}

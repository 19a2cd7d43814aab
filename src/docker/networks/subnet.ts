/** IPv4 arithmetic: a subnet's lower half holds the gateway and our fixed addresses, its upper half Docker's dynamic ones. */

/** Addresses of a subnet of which each half is still large enough for a network. */
const LARGE = 2048;

export interface Subnet {
  /** First address as a number. */
  readonly start: number;
  /** Number of addresses. */
  readonly size: number;
}

/** Reads `172.20.0.0/16`. */
export function parseSubnet(cidr: string): Subnet {
  const [address = '', bits = ''] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  return { start: Math.floor(parseAddress(address) / size) * size, size };
}

/** Lower and upper half of one that is large. */
export function halvesOf(cidr: string): readonly [string, string] | undefined {
  const { start, size } = parseSubnet(cidr);
  const bits = Number(cidr.split('/')[1]) + 1;
  return size < LARGE ? undefined : [`${formatAddress(start)}/${bits}`, dynamicRange(cidr)];
}

/** The upper half, as Docker's IPRange. */
export function dynamicRange(cidr: string): string {
  const { start, size } = parseSubnet(cidr);
  return `${formatAddress(start + size / 2)}/${Number(cidr.split('/')[1]) + 1}`;
}

/** The address that the network's gateway takes: the first one. */
export function gatewayOf(cidr: string): string {
  return formatAddress(parseSubnet(cidr).start + 1);
}

/** First and last address that a slot may have: the lower half without the network's own and the gateway's. */
export function fixedRange(cidr: string): { first: number; last: number } {
  const { start, size } = parseSubnet(cidr);
  return { first: start + 2, last: start + size / 2 - 1 };
}

export function isFixed(cidr: string, address: string): boolean {
  const { first, last } = fixedRange(cidr);
  const number = parseAddress(address);
  return number >= first && number <= last;
}

export function parseAddress(address: string): number {
  return address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

export function formatAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

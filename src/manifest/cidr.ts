import ipaddr from 'ipaddr.js';
import type { Path } from './path.ts';
import type { Reading } from './reading.ts';

/** Addresses and CIDRs, in a list or with spaces between them, each as a CIDR in its one spelling. */
export function cidrs(reading: Reading, path: Path, fields: string | readonly string[]): string[] {
  const isText = typeof fields === 'string';
  const texts = isText ? fields.split(/[\s,]+/).filter((each) => each !== '') : fields;
  if (texts.length === 0 && isText) reading.complain(path, 'Write at least one address, or leave the field out.');
  return texts.flatMap((text, index) => {
    const cidr = cidrOf(text);
    if (!('wrong' in cidr)) return [cidr.text];
    reading.complain(isText ? path : [...path, index], cidr.wrong);
    return [];
  });
}

/** Addresses, each in its one spelling. */
export function addresses(reading: Reading, path: Path, texts: readonly string[]): string[] {
  return texts.flatMap((text, index) => {
    if (isAddress(text)) return [ipaddr.parse(text).toString()];
    reading.complain([...path, index], `\`${text}\` is not an IP address such as 192.0.2.7.`);
    return [];
  });
}

/** Whether an address is within one of these. */
export function isWithin(address: string, ranges: readonly string[]): boolean {
  const parsed = ipaddr.parse(address);
  return ranges.some((range) => {
    const [network, bits] = ipaddr.parseCIDR(range);
    return network.kind() === parsed.kind() && parsed.match(network, bits);
  });
}

function isAddress(text: string): boolean {
  return ipaddr.IPv4.isValidFourPartDecimal(text) || (ipaddr.IPv6.isValid(text) && !text.includes('%'));
}

function cidrOf(text: string): { readonly text: string } | { readonly wrong: string } {
  const [written = '', length] = text.split('/', 2);
  if (!isAddress(written)) return { wrong: `\`${text}\` is not an address or a CIDR such as 10.0.0.0/8.` };
  const address = ipaddr.parse(written);
  const bits = address.kind() === 'ipv4' ? 32 : 128;
  if (length === undefined) return { text: `${address.toString()}/${bits}` };
  const isLength = /^\d{1,3}$/.test(length) && Number(length) <= bits && text.split('/').length === 2;
  if (!isLength) return { wrong: `\`${text}\` has no prefix length from 0 to ${bits}.` };
  const cidr = `${address.toString()}/${Number(length)}`;
  const parser = address.kind() === 'ipv4' ? ipaddr.IPv4 : ipaddr.IPv6;
  const network = `${parser.networkAddressFromCIDR(cidr).toString()}/${Number(length)}`;
  return network === cidr
    ? { text: cidr }
    : { wrong: `\`${text}\` has bits after its prefix; did you mean ${network}?` };
}

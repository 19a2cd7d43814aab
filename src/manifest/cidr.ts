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

function cidrOf(text: string): { readonly text: string } | { readonly wrong: string } {
  const [written = '', length] = text.split('/', 2);
  const isAddress =
    ipaddr.IPv4.isValidFourPartDecimal(written) || (ipaddr.IPv6.isValid(written) && !written.includes('%'));
  if (!isAddress) return { wrong: `\`${text}\` is not an address or a CIDR such as 10.0.0.0/8.` };
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

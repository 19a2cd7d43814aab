import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Addresses } from '../../../../src/docker/networks/addresses.ts';
import {
  dynamicRange,
  fixedRange,
  formatAddress,
  gatewayOf,
  isFixed,
  parseAddress,
  parseSubnet,
} from '../../../../src/docker/networks/subnet.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const SUBNET = '172.20.0.0/28';

describe('a subnet', () => {
  it('has its lower half for fixed addresses and its upper half for dynamic ones', () => {
    expect(gatewayOf('172.20.0.0/16')).toBe('172.20.0.1');
    expect(dynamicRange('172.20.0.0/16')).toBe('172.20.128.0/17');
    const { first, last } = fixedRange('172.20.0.0/16');
    expect([formatAddress(first), formatAddress(last)]).toEqual(['172.20.0.2', '172.20.127.255']);
  });

  it('never has an address in both halves', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 8, max: 29 }), (number, bits) => {
        const { start, size } = parseSubnet(`${formatAddress(number)}/${bits}`);
        const cidr = `${formatAddress(start)}/${bits}`;
        const upper = parseSubnet(dynamicRange(cidr));
        const { first, last } = fixedRange(cidr);
        expect(first).toBeGreaterThan(parseAddress(gatewayOf(cidr)));
        expect(last).toBe(upper.start - 1);
        expect(upper.start + upper.size).toBe(start + size);
        expect(isFixed(cidr, formatAddress(upper.start))).toBe(false);
      }),
    );
  });
});

describe('Addresses', () => {
  it('gives them out in turn, after the highest that is taken', () => {
    const addresses = new Addresses(() => 0);
    addresses.see(new Set(['172.20.0.3']));
    expect([1, 2, 3].map(() => addresses.choose(SUBNET))).toEqual(['172.20.0.4', '172.20.0.5', '172.20.0.6']);
  });

  it('starts with the first one and comes round to it again', () => {
    const clock = new VirtualClock();
    const addresses = new Addresses(() => clock.now());
    const all = [1, 2, 3, 4, 5, 6].map(() => addresses.choose(SUBNET));
    expect(all[0]).toBe('172.20.0.2');
    expect(all.at(-1)).toBe('172.20.0.7');
    expect(addresses.choose(SUBNET)).toBeUndefined();
    clock.advance(60_000);
    addresses.see(new Set(['172.20.0.2']));
    expect(addresses.choose(SUBNET)).toBe('172.20.0.3');
  });

  it('lets a freed one rest for a minute', () => {
    const clock = new VirtualClock();
    const addresses = new Addresses(() => clock.now());
    addresses.see(new Set(['172.20.0.2', '172.20.0.3', '172.20.0.4', '172.20.0.5', '172.20.0.6']));
    addresses.rest('172.20.0.7');
    expect(addresses.choose(SUBNET)).toBeUndefined();
    clock.advance(60_000);
    expect(addresses.choose(SUBNET)).toBe('172.20.0.7');
  });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { manifestName, namesNetwork, trafficNetwork } from '../../../../src/docker/networks/names.ts';
import { readManifests } from '../../../../src/manifest/read.ts';

function isValid(network: string): boolean {
  const text = JSON.stringify({ kind: 'Service', name: 'web', image: 'web:v1', networks: [network] });
  return readManifests([{ path: 'web.yaml', text }]).problems.length === 0;
}

const network = fc
  .array(fc.constantFrom('names', 'db', 'default', 'a', '9', '-'), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(''))
  .filter(isValid);

test('a network that a manifest may name is found again by that name, and by the one over which services are found', () => {
  fc.assert(
    fc.property(network, (name) => {
      expect(manifestName('demo', trafficNetwork('demo', name))).toBe(name);
      expect(manifestName('demo', namesNetwork('demo', name))).toBe(name);
    }),
  );
});

test('the one over which services are found cannot be named in manifests', () => {
  fc.assert(fc.property(network, (name) => !isValid(`${name}-names`)));
});

import { createRequire } from 'node:module';
import { runInThisContext } from 'node:vm';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';
import { expect, it } from 'vitest';
import { schemaCompiler } from '../../../src/manifest/compile.ts';
import { validate } from '../../../src/manifest/validators.ts';
import type { Validated } from '../../../src/manifest/validators.ts';

/** The package runs validators that were compiled ahead; the other tests run those that are compiled from source. */
function precompiled(): Record<Validated, ValidateFunction> {
  const names = { service: 'service', loadBalancer: 'loadBalancer', config: 'config' };
  const code = standalone.default(schemaCompiler({ source: true }), names);
  const evaluate = runInThisContext(`(exports, require) => { ${code} }`) as (
    exports: object,
    require: NodeJS.Require,
  ) => void;
  const exports = {};
  evaluate(exports, createRequire(import.meta.url));
  return exports as Record<Validated, ValidateFunction>;
}

it('precompiled validators find the same errors and fill in the same defaults', () => {
  const validators = precompiled();
  const documents: [Validated, object][] = [
    [
      'service',
      { kind: 'Service', name: 'web', image: 'web:1', healthCheck: { http: {} }, mounts: [{ target: '/x' }] },
    ],
    ['service', { kind: 'Service', name: 'Web!', imgae: 1, ports: [0, {}, '1'], environment: [{}], memory: null }],
    ['loadBalancer', { kind: 'LoadBalancer', name: 'web', hostnames: ['a.b'], service: 'web', port: 80 }],
    ['loadBalancer', { kind: 'LoadBalancer', hostnames: [], path: '..', timeouts: { connect: 0 } }],
    ['config', {}],
    ['config', { repository: { url: 'x' }, balancer: { http: -1, tcp: 1 }, policy: { hostPorts: [] } }],
  ];
  for (const [name, document] of documents) {
    const [ahead, now] = [structuredClone(document), structuredClone(document)];
    const errors = validators[name](ahead) ? [] : validators[name].errors;
    expect(errors).toEqual(validate(name, now));
    expect(ahead).toEqual(now);
  }
});

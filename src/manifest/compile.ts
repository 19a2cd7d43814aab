import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { schema } from './schemas.ts';
import type { Validated } from './validators.ts';

const SCHEMA_OF = { service: 'service', loadBalancer: 'load-balancer', job: 'job', config: 'config' } as const;

/** Ajv with every schema: it fills in defaults and finds all that is wrong. With `source` it keeps the code, for `script/generate.mjs`. */
export function schemaCompiler(options: { readonly source: boolean }): Ajv2020 {
  const ajv = new Ajv2020({
    allErrors: true,
    useDefaults: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allowUnionTypes: true,
    messages: false,
    code: { source: options.source },
  });
  ajv.addVocabulary(['errorMessage']);
  for (const name of ['common', 'workload'] as const) ajv.addSchema(schema(name), `${name}.schema.json`);
  for (const [validated, name] of Object.entries(SCHEMA_OF)) ajv.addSchema(schema(name), validated);
  return ajv;
}

export function compileValidators(): Record<Validated, ValidateFunction> {
  const ajv = schemaCompiler({ source: false });
  const compiled = (name: Validated): ValidateFunction => {
    const validator = ajv.getSchema(name);
    if (validator === undefined) throw new Error(`there is no schema ${name}`);
    return validator;
  };
  return {
    service: compiled('service'),
    loadBalancer: compiled('loadBalancer'),
    job: compiled('job'),
    config: compiled('config'),
  };
}

import { createRequire } from 'node:module';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';

export type Validated = 'service' | 'loadBalancer' | 'job' | 'config';
type Validators = Readonly<Record<Validated, ValidateFunction>>;

/**
 * The one switch between source and package. In the package the validators are code that `script/generate.mjs --validators`
 * wrote beside this file, because importing Ajv and compiling costs about 100 ms of every command; run from source (tsx,
 * vitest) they are compiled here, so that an edited schema counts at once.
 */
const validators: Validators = import.meta.url.endsWith('.ts')
  ? (await import('./compile.ts')).compileValidators()
  : precompiled();

/** Checks a value against a schema and fills in the defaults in place; returns all that is wrong. */
export function validate(name: Validated, value: unknown): readonly ErrorObject[] {
  const validator = validators[name];
  return validator(value) ? [] : (validator.errors ?? []);
}

/** By `require`, because `import` would first look through all of that code for the names that it exports. */
function precompiled(): Validators {
  return createRequire(import.meta.url)('./validators.generated.cjs') as Validators;
}

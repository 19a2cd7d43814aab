import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { REASONS, WARNINGS } from '../../../src/core/reason.ts';
import type { Problem } from '../../../src/core/reason.ts';
import type { Change } from '../../../src/core/plan/plan.ts';
import type { Unscheduled } from '../../../src/core/placement.ts';
import type { StatusReport } from '../../../src/core/status/status.ts';
import type { PlanDocument, StatusDocument } from './outputs.generated.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const SCHEMAS = path.join(ROOT, 'schemas');
const schema = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path.join(SCHEMAS, name), 'utf8')) as Record<string, unknown>;

interface Part {
  readonly properties?: Readonly<Record<string, Part>>;
  readonly $ref?: string;
  readonly items?: Part;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly $defs?: Readonly<Record<string, Part>>;
}

describe('the schemas', () => {
  const names = readdirSync(SCHEMAS);

  it('are JSON Schema 2020-12, and find each other', () => {
    const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true });
    ajv.addVocabulary(['errorMessage']);
    for (const name of names) ajv.addSchema(schema(name), name);
    for (const name of names) expect(ajv.getSchema(name), name).toBeTypeOf('function');
  });

  it.each(names)('describe every field: %s', (name) => {
    expect(undescribed(schema(name) as Part, name)).toEqual([]);
  });

  it('have types and documentation that are up to date', { timeout: 60_000 }, () => {
    execFileSync('node', [path.join(ROOT, 'script/generate.mjs'), '--check']);
  });

  it('know the closed sets of codes', () => {
    const definitions = (schema('reports.schema.json') as Part).$defs;
    expect(definitions?.['layer']?.enum).toEqual(Object.keys(REASONS));
    expect(definitions?.['reason']?.enum).toEqual(Object.values(REASONS).flat());
    expect(definitions?.['warningCode']?.enum).toEqual([...WARNINGS]);
  });

  it('say of status.json and of the plan what really makes them', () => {
    type Plain<T> = T extends readonly (infer Item)[]
      ? Plain<Item>[]
      : T extends object
        ? { -readonly [K in keyof T]: Plain<T[K]> }
        : T;
    expectTypeOf<Plain<StatusReport>>().toEqualTypeOf<Plain<StatusDocument>>();
    expectTypeOf<Plain<Change>>().toEqualTypeOf<Plain<PlanDocument['changes'][number]>>();
    expectTypeOf<Plain<Unscheduled>>().toEqualTypeOf<Plain<PlanDocument['unscheduled'][number]>>();
    expectTypeOf<Plain<Problem>>().toEqualTypeOf<Plain<PlanDocument['problems'][number]>>();
  });
});

/** A field that several kinds have is described where it is defined. */
function described(field: Part): Part {
  const [, file, name] = /^(workload\.schema\.json)#\/\$defs\/(\w+)$/.exec(field.$ref ?? '') ?? [];
  return file === undefined ? field : ((schema(file) as Part).$defs?.[name ?? ''] ?? {});
}

function undescribed(part: Part, place: string): string[] {
  const fields = Object.entries(part.properties ?? {});
  return [
    ...fields
      .filter(([, field]) => !described(field).description && !place.endsWith('manifest.schema.json'))
      .map(([name]) => `${place}.${name}`),
    ...fields.flatMap(([name, field]) => undescribed(field, `${place}.${name}`)),
    ...(part.items === undefined ? [] : undescribed(part.items, `${place}[]`)),
    ...Object.entries(part.$defs ?? {}).flatMap(([name, definition]) => undescribed(definition, `${place}#${name}`)),
  ];
}

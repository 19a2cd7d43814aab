import { expect, test } from 'vitest';
import { certificateId } from '../../../src/core/certificate.ts';
import { PLAIN_ENTRY, PLAIN_TRAFFIC } from '../../../src/core/routing.ts';
import { digest } from '../../../src/haproxy/names.ts';
import { parseRecord, recordOf } from '../../../src/haproxy/record.ts';
import { ROUTE, TABLE } from './tables.ts';

test('a record of an earlier Fairlead is completed', () => {
  const { traffic: _, entry: _entry, ...earlier } = ROUTE;
  const text = JSON.stringify({ table: { ...TABLE, routes: [earlier] }, slots: {}, files: {} });
  expect(parseRecord(text)).toEqual({
    table: { ...TABLE, routes: [{ ...earlier, traffic: PLAIN_TRAFFIC, entry: PLAIN_ENTRY }] },
    slots: {},
    files: {},
    certificates: {},
    refusals: [],
  });
});

test('what is written is read again, and what is none is not', () => {
  const record = recordOf(
    { table: TABLE, slots: {}, certificates: { web: 'a'.repeat(32) }, refusals: [] },
    { map: 'x' },
  );
  expect(JSON.stringify(parseRecord(JSON.stringify(record)))).toBe(JSON.stringify(record));
  for (const text of [undefined, '', '{', '{"table":{"version":2},"files":{}}'])
    expect(parseRecord(text)).toBeUndefined();
});

test('a file that is called by its content is sealed by its name', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n';
  const id = certificateId(pem);
  const { files } = recordOf({ table: TABLE, slots: {}, certificates: { web: id }, refusals: [] }, {});
  expect(files).toEqual({ [`certificates/${id}.pem`]: [digest(pem.trimEnd(), 16)] });
});

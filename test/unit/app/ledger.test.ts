import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FileLedger } from '../../../src/app/ledger.ts';
import { NO_RECORDS, type Records } from '../../../src/core/records.ts';

const RECORDS: Records = {
  runs: [{ release: 'migrate@1a2b3c4', succeeded: true, exitCode: 0, finishedAt: 5 }],
  gaps: [{ service: 'db', replaced: 'c0ffee', lasted: 3_200 }],
  images: { images: [{ id: 'sha256:1', references: ['web:v1'] }], releases: {} },
};

let directory: string;
let stateDir: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-ledger-'));
  stateDir = join(directory, 'state');
});
afterEach(() => rm(directory, { recursive: true }));

const kept = async (cluster = 'demo') => (await FileLedger.open(stateDir, cluster)).records;

it('tells the next process, and the commands beside it, what it was told', async () => {
  const ledger = await FileLedger.open(stateDir, 'demo');
  expect(ledger.records).toEqual(NO_RECORDS);
  await ledger.keep(RECORDS);
  expect(ledger.records).toBe(RECORDS);
  expect(await kept()).toEqual(RECORDS);
});

it('writes nothing where there is nothing new', async () => {
  const ledger = await FileLedger.open(stateDir, 'demo');
  await ledger.keep(RECORDS);
  await rm(join(stateDir, 'records.json'));
  await ledger.keep(RECORDS);
  expect(await readdir(stateDir)).toEqual([]);
});

it('knows nothing of another cluster, nor what it cannot read as its own', async () => {
  await (await FileLedger.open(stateDir, 'demo')).keep(RECORDS);
  expect(await kept('other')).toEqual(NO_RECORDS);
  await writeFile(join(stateDir, 'records.json'), 'half a li');
  expect(await kept()).toEqual(NO_RECORDS);
});

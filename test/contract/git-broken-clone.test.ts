import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openRepository, type RemoteRepository } from '../../src/git/repository.ts';
import { makeOrigin, makeStack, temporaryFolder, type Origin } from '../lab/git-hosts.ts';

const stack = makeStack();
let folder: string;
let origin: Origin;
let opened = 0;

beforeAll(async () => {
  folder = stack.use(await temporaryFolder()).path;
  origin = await makeOrigin(folder);
});

afterAll(() => stack.disposeAsync());

function open(stateDir: string): RemoteRepository {
  return openRepository({
    url: origin.bare,
    branch: 'main',
    path: '.',
    credentials: {},
    allowFile: true,
    stateDir,
    statusBranch: 'fairlead/demo',
    environment: process.env,
  });
}

/** What power cuts, killed processes and full disks leave of a clone. */
const DAMAGES: Readonly<Record<string, (clone: string) => Promise<void>>> = {
  'without HEAD': (clone) => rm(join(clone, 'HEAD')),
  'with an empty HEAD': (clone) => truncate(join(clone, 'HEAD')),
  'with a config that is no config': (clone) => writeFile(join(clone, 'config'), '[core\n'),
  'without objects': (clone) => rm(join(clone, 'objects'), { recursive: true }),
  'with packs cut off': (clone) => eachPack(clone, (pack) => truncate(pack, 20)),
  'with packs gone': (clone) => eachPack(clone, (pack) => rm(pack)),
  'with empty refs': (clone) => eachFile(join(clone, 'refs/fairlead'), (ref) => truncate(ref)),
  'with refs that lead nowhere': (clone) =>
    eachFile(join(clone, 'refs/fairlead'), (ref) => writeFile(ref, `${'1'.repeat(40)}\n`)),
  'with an empty shallow file': (clone) => truncate(join(clone, 'shallow')),
  'with a lock on shallow': (clone) => writeFile(join(clone, 'shallow.lock'), ''),
  'with a lock on its refs': (clone) => eachFile(join(clone, 'refs/fairlead'), (ref) => writeFile(`${ref}.lock`, '')),
  'with a lock on the index': (clone) => writeFile(join(clone, 'checkout.index.lock'), ''),
  'that is a file': async (clone) => {
    await rm(clone, { recursive: true });
    await writeFile(clone, '');
  },
  'that is gone': (clone) => rm(clone, { recursive: true }),
};

async function eachFile(directory: string, damage: (file: string) => Promise<void>): Promise<void> {
  for (const name of await readdir(directory)) await damage(join(directory, name));
}

function eachPack(clone: string, damage: (pack: string) => Promise<void>): Promise<void> {
  return eachFile(join(clone, 'objects/pack'), (file) => (file.endsWith('.pack') ? damage(file) : Promise.resolve()));
}

test.each(Object.entries(DAMAGES))('a clone %s is replaced by the next pull', async (_, damage) => {
  await origin.push({ 'web.yaml': 'before', 'same.yaml': 'same' }, 'Before');
  const stateDir = join(folder, `pulled ${++opened}`);
  const repository = open(stateDir);
  const before = await repository.pull();
  await damage(join(stateDir, 'git/followed.git'));

  const id = await origin.push({ 'web.yaml': 'after', 'same.yaml': 'same' }, 'After');
  const after = await repository.pull();

  expect(after.revision.id).toBe(id);
  expect(await readFile(join(after.directory, 'web.yaml'), 'utf8')).toBe('after');
  expect(await readFile(join(after.directory, 'same.yaml'), 'utf8')).toBe('same');
  expect(await readFile(join(before.directory, 'web.yaml'), 'utf8')).toBe('before');
  expect((await open(stateDir).pull()).revision.id).toBe(id);
});

test.each(Object.entries(DAMAGES).filter(([name]) => !name.includes('index')))(
  'a clone %s is replaced by the next publication',
  async (_, damage) => {
    await origin.push({ 'web.yaml': 'x' }, 'Start');
    const stateDir = join(folder, `published ${++opened}`);
    const repository = open(stateDir);
    await repository.publish({ 'STATUS.md': `before ${opened}` }, `Before ${opened}`);
    await repository.readStatusBranch();
    await damage(join(stateDir, 'git/status.git'));

    await repository.publish({ 'STATUS.md': `after ${opened}` }, `After ${opened}`);

    expect(await open(stateDir).readStatusBranch()).toEqual({ 'STATUS.md': `after ${opened}` });
    expect(await origin.git('log', '-2', '--format=%s', 'fairlead/demo')).toBe(`After ${opened}\nBefore ${opened}\n`);
  },
);

test('a folder of the revision that someone removed is made again', async () => {
  await origin.push({ 'web.yaml': 'x' }, 'Start');
  const stateDir = join(folder, `state ${++opened}`);
  const repository = open(stateDir);
  await repository.pull();
  await rm(stateDir, { recursive: true });
  const { directory } = await repository.pull();
  expect(await readdir(directory)).toEqual(['web.yaml']);
});

test('a state directory inside a checkout is no part of that checkout', async () => {
  await origin.push({ 'web.yaml': 'x' }, 'Start');
  const stateDir = join(origin.work, '.state');
  await open(stateDir).pull();
  await rm(join(stateDir, 'git/followed.git/HEAD'));
  expect((await open(stateDir).pull()).revision.message).toBe('Start');
  await rm(stateDir, { recursive: true });
});

import { execFile } from 'node:child_process';
import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { packed } from '../../../src/archive/pack.ts';
import { unpack } from '../../../src/archive/unpack.ts';
import { cp } from '../../../src/commands/cp.ts';
import { paletteOf, type Terminal } from '../../../src/commands/terminal.ts';
import { FolderHands } from '../../support/folder-hands.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { MemoryRuntime } from '../../support/memory-runtime.ts';
import { service } from '../../support/manifests.ts';
import { World } from '../../support/world.ts';

/** Copies between two folders, of which one stands for the container. */

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let world: World;
let here: (path: string) => string;
let there: (path: string) => string;
beforeEach(async () => {
  folder = await temporaryFolder();
  here = (path) => join(folder.path, 'here', path);
  there = (path) => join(folder.path, 'there', path);
  for (const path of [here('site/sub'), there('etc/app')]) await mkdir(path, { recursive: true });
  await writeFile(here('app.conf'), 'of here');
  await writeFile(here('site/index.html'), 'index');
  await symlink('index.html', here('site/link'));
  await writeFile(there('etc/app/app.conf'), 'of there');
  await symlink('/etc/app', there('conf'));
  world = new World();
  await world.take([service({ instances: 2 })]);
});
afterEach(() => folder[Symbol.asyncDispose]());

interface Given {
  readonly instance?: number;
  readonly input?: Readable;
  readonly output?: PassThrough & { isTTY?: boolean };
}

/** What it says, or the error that it ends with, and what is recorded. */
async function copied(source: string, target: string, given: Given = {}) {
  let said = '';
  const say = (text: string) => void (said += text);
  const terminal: Terminal = { out: say, err: say, isLive: false, columns: 80, palette: paletteOf(false) };
  const recorded: string[] = [];
  const ended = cp({
    source,
    target,
    instance: given.instance,
    runtime: new MemoryRuntime(world.engine),
    hands: new FolderHands(there('')),
    input: given.input ?? Readable.from([]),
    output: given.output ?? new PassThrough(),
    signal: new AbortController().signal,
    terminal,
    record: (name, message) => Promise.resolve(void recorded.push(`${name}: ${message}`)),
  });
  const failure = await ended.then(
    () => '',
    (error: unknown) => (error as Error).message,
  );
  const short = (text: string) =>
    text
      .replaceAll(folder.path, '')
      .replaceAll(/[0-9a-f]{7}/g, 'RELEASE')
      .trim();
  return { said: short(said), failure: short(failure), recorded: recorded.map(short) };
}

it('copies a file in: under its name into a folder, or as another one', async () => {
  const { said, recorded } = await copied(here('app.conf'), 'web:/etc');
  expect(said).toBe('copied to /etc/app.conf in demo-web-RELEASE-1');
  expect(recorded).toEqual(['web: began to copy to /etc/app.conf in demo-web-RELEASE-1']);
  expect(await readFile(there('etc/app.conf'), 'utf8')).toBe('of here');
  await copied(here('app.conf'), 'web:etc/new.conf');
  expect(await readFile(there('etc/new.conf'), 'utf8')).toBe('of here');
  await copied(here('app.conf'), 'web:/etc/app/app.conf');
  expect(await readFile(there('etc/app/app.conf'), 'utf8')).toBe('of here');
});

it('copies a folder in with its links, or what is in it', async () => {
  await copied(here('site'), 'web:/etc');
  expect((await readdir(there('etc/site'))).sort()).toEqual(['index.html', 'link', 'sub']);
  expect(await readlink(there('etc/site/link'))).toBe('index.html');
  await copied(here('site'), 'web:/www');
  expect((await readdir(there('www'))).sort()).toEqual(['index.html', 'link', 'sub']);
  await copied(`${here('site')}/.`, 'web:/etc/app/');
  expect((await readdir(there('etc/app'))).sort()).toEqual(['app.conf', 'index.html', 'link', 'sub']);
});

it('goes where a link in the container leads', async () => {
  expect((await copied(here('app.conf'), 'web:/conf')).said).toContain('/etc/app/app.conf in');
  expect(await readlink(there('conf'))).toBe('/etc/app');
});

it('copies out: under its name into a folder, as another one, or what is in it', async () => {
  const { said, recorded } = await copied('web:/etc/app', here(''));
  expect(said).toBe('copied /etc/app in demo-web-RELEASE-1 to /here/app');
  expect(recorded).toEqual(['web: began to copy /etc/app out of demo-web-RELEASE-1']);
  expect(await readFile(here('app/app.conf'), 'utf8')).toBe('of there');
  await copied('web:/etc/app/app.conf', here('new.conf'));
  expect(await readFile(here('new.conf'), 'utf8')).toBe('of there');
  await copied('web:/etc/app/.', here('site'));
  expect((await readdir(here('site'))).sort()).toEqual(['app.conf', 'index.html', 'link', 'sub']);
  await copied('web:/', here('all'));
  expect((await readdir(here('all'))).sort()).toEqual(['conf', 'etc']);
});

it('takes and gives archives, as they are', async () => {
  await copied('-', 'web:/etc/app', { input: packed(here('site'), 'www') });
  expect((await readdir(there('etc/app'))).sort()).toEqual(['app.conf', 'www']);
  const output = new PassThrough();
  const archive = buffer(output);
  expect((await copied('web:/etc/app', '-', { output })).said).toBe('copied /etc/app in demo-web-RELEASE-1 to stdout');
  output.end();
  await unpack(Readable.from([await archive]), here('out'), new AbortController().signal);
  expect((await readdir(here('out'))).sort()).toEqual(['app.conf', 'www']);
});

it('takes the instance that is named, in either way, or the first, of those that run if any does', async () => {
  const instanceOf = async (source: string, given: Given = {}) =>
    /RELEASE-(\d)/.exec((await copied(source, here('x'), given)).said)?.[1];
  expect(await instanceOf('web:/etc')).toBe('1');
  expect(await instanceOf('web/2:/etc')).toBe('2');
  expect(await instanceOf('web:/etc', { instance: 2 })).toBe('2');
  expect(await instanceOf('web/2:/etc', { instance: 2 })).toBe('2');
  for (const slot of [1, 2]) {
    const { instances } = await new MemoryRuntime(world.engine).observe();
    const stopped = instances.find((each) => each.slot === slot);
    if (stopped === undefined) throw new Error('it is not there');
    await new MemoryRuntime(world.engine).stop(stopped, { mark: false });
    expect(await instanceOf('web:/etc')).toBe(slot === 1 ? '2' : '1');
  }
  expect((await copied('web/2:/etc', here('x'), { instance: 1 })).failure).toBe(
    'Instance 2 and --instance 1 are two; name one of them.',
  );
});

it('writes where a link leads that is named as the target, there or not yet', async () => {
  await symlink('site/index.html', here('index'));
  await symlink('link', here('site/far'));
  await symlink('site/new.conf', here('new'));
  await copied('web:/etc/app/app.conf', here('index'));
  expect(await readFile(here('site/index.html'), 'utf8')).toBe('of there');
  await writeFile(here('site/index.html'), 'index');
  await copied('web:/etc/app/app.conf', here('site/far'));
  expect(await readFile(here('site/index.html'), 'utf8')).toBe('of there');
  await copied('web:/etc/app/app.conf', here('new'));
  expect(await readFile(here('site/new.conf'), 'utf8')).toBe('of there');
  for (const link of ['index', 'site/far', 'new']) expect((await lstat(here(link))).isSymbolicLink()).toBe(true);
});

it('keeps in mind what has failed on its way', async () => {
  await writeFile(Buffer.concat([Buffer.from(here('site/')), Buffer.from([0xe9])]), '');
  const { failure, recorded } = await copied(here('site'), 'web:/etc');
  expect(failure).toMatch(/^The name "\uFFFD" is not in UTF-8/);
  expect(recorded).toEqual([
    'web: began to copy to /etc/site in demo-web-RELEASE-1',
    'web: failed to copy to /etc/site in demo-web-RELEASE-1',
  ]);
  await mkdir(here('app/app.conf'), { recursive: true });
  expect((await copied('web:/etc/app', here(''))).recorded).toEqual([
    'web: began to copy /etc/app out of demo-web-RELEASE-1',
    'web: failed to copy /etc/app out of demo-web-RELEASE-1',
  ]);
});

it('shows names as what they are', async () => {
  await writeFile(there('\u001b[2J'), '');
  const { said, recorded } = await copied('web:/\u001b[2J', here('x'));
  expect(said).toBe('copied /\\u001b[2J in demo-web-RELEASE-1 to /here/x');
  expect(recorded).toEqual(['web: began to copy /\\u001b[2J out of demo-web-RELEASE-1']);
});

it('says in a sentence what is wrong, before it begins', async () => {
  const wrong = async (source: string, target: string, given?: Given) => {
    const { said, failure, recorded } = await copied(source, target, given);
    expect(recorded).toEqual([]);
    return said + failure;
  };
  expect(await wrong('wbe:/etc', here(''))).toBe(
    'No container belongs to a service wbe. The services that have some: web.',
  );
  expect(await wrong('web/3:/etc', here(''))).toBe('There is no instance 3 of web. Those that there are: 1, 2.');
  expect(await wrong('web:/nowhere', here(''))).toBe('There is no /nowhere in demo-web-RELEASE-1.');
  expect(await wrong(here('nowhere'), 'web:/etc')).toBe('There is no /here/nowhere here.');
  expect(await wrong(here('app.conf'), 'web:/new/')).toBe(
    'There is no folder /new in demo-web-RELEASE-1; make it first.',
  );
  expect(await wrong('web:/etc', here('new/er'))).toBe('There is no folder /here/new here; make it first.');
  expect(await wrong('web:/etc', here('app.conf'))).toBe('/here/app.conf here is no folder; name another one.');
  expect(await wrong('-', 'web:/etc/app/app.conf')).toBe(
    '/etc/app/app.conf in demo-web-RELEASE-1 is no folder; name another one.',
  );
  expect(await wrong('a', 'b')).toMatch(/^Neither a nor b/);
  const output = Object.assign(new PassThrough(), { isTTY: true });
  expect(await wrong('web:/etc', '-', { output })).toMatch(/^An archive is nothing for a terminal/);
});

it('neither copies nor replaces what is no file', async () => {
  await promisify(execFile)('mkfifo', [here('pipe'), there('pipe')]);
  const wrong = async (source: string, target: string) => {
    const { failure, recorded } = await copied(source, target);
    expect(recorded).toEqual([]);
    return failure;
  };
  expect(await wrong(here('pipe'), 'web:/etc')).toBe(
    '/here/pipe here is neither a file nor a folder nor a link; it is not copied.',
  );
  expect(await wrong('web:/pipe', here('new'))).toBe(
    '/pipe in demo-web-RELEASE-1 is neither a file nor a folder nor a link; it is not copied.',
  );
  expect(await wrong(here('app.conf'), 'web:/pipe')).toBe(
    '/pipe in demo-web-RELEASE-1 is neither a file nor a folder; it is not replaced.',
  );
  expect(await wrong('web:/etc/app/app.conf', here('pipe'))).toBe(
    '/here/pipe here is neither a file nor a folder; it is not replaced.',
  );
  for (const pipe of [here('pipe'), there('pipe')]) expect((await lstat(pipe)).isFIFO()).toBe(true);
});

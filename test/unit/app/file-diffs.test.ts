import { expect, it } from 'vitest';
import { withFileDiffs } from '../../../src/app/file-diffs.ts';
import type { FileContent } from '../../../src/core/model.ts';
import { renderPlan } from '../../../src/core/plan/render.ts';
import { paletteOf } from '../../../src/commands/terminal.ts';
import { service } from '../../support/manifests.ts';
import { MemoryRuntime } from '../../support/memory-runtime.ts';
import { World } from '../../support/world.ts';

type Files = Readonly<Record<string, string | Buffer>>;

const content = (digest: string, files: Files, mode = 0o644): FileContent => ({
  digest,
  entries: Object.entries(files).map(([path, bytes]) => ({
    path,
    mode,
    uid: 0,
    gid: 0,
    content: Buffer.from(bytes).toString('base64'),
  })),
});
const web = (content: FileContent) =>
  service({ container: { files: [{ target: '/etc/app', digest: content.digest }] }, contents: [content] });

async function diffOf(before: FileContent, after: FileContent): Promise<string | undefined> {
  return (await planned(before, after)).changes[0]?.fields[0]?.diff;
}
async function planned(before: FileContent, after: FileContent) {
  const world = new World();
  await world.take([web(before)]);
  world.commit([web(after)]);
  const { plan } = await world.pass();
  return await withFileDiffs(plan, new MemoryRuntime(world.engine));
}

it('shows what changes in a text file, with what stands around it', async () => {
  const plan = await planned(content('1', { '': 'a\nb\nc\n' }), content('2', { '': 'a\nB\nc\n' }));
  expect(renderPlan(plan, paletteOf(false))).toContain(`      files./etc/app: 1 → 2  forces a new release
        --- /etc/app
        +++ /etc/app
        @@ -1,3 +1,3 @@
         a
        -b
        +B
         c
`);
});

it('shows each file of a folder that changes, comes or goes', async () => {
  const diff = await diffOf(content('1', { a: 'same', b: 'gone\n' }), content('2', { a: 'same', c: 'new\n' }));
  expect(diff?.split('\n').filter((line) => /^[-+]/.test(line))).toEqual([
    '--- /etc/app/b',
    '+++ /etc/app/b',
    '-gone',
    '--- /etc/app/c',
    '+++ /etc/app/c',
    '+new',
  ]);
});

it('shows modes, and of bytes only that they differ', async () => {
  expect(await diffOf(content('1', { '': 'a' }), content('2', { '': 'a' }, 0o600))).toBe('/etc/app: 644 0:0 → 600 0:0');
  const bytes = (last: number) => ({ '': Buffer.from([0, 255, last]) });
  expect(await diffOf(content('1', bytes(1)), content('2', bytes(2)))).toBe('/etc/app: its bytes differ');
  expect(await diffOf(content('1', { '': 'a' }), content('2', { '': '\u001B[2J' }))).toBe('/etc/app: its bytes differ');
});

it('ends where it gets too long', async () => {
  const lines = Array.from({ length: 500 }, (_, index) => `${index}\n`).join('');
  expect(await diffOf(content('1', { '': '' }), content('2', { '': lines }))).toMatch(/\n\+196\n… and 303 more lines$/);
});

it('steers no terminal by what is in files, nor by their names', async () => {
  const diff = await diffOf(
    content('1', { 'a\u001b[2J\nb': 'one\r\n' }),
    content('2', { 'a\u001b[2J\nb': '\u009b2Jt\two\r\n' }),
  );
  expect(diff?.split('\n')).toEqual([
    String.raw`--- /etc/app/a\u001b[2J\u000ab`,
    String.raw`+++ /etc/app/a\u001b[2J\u000ab`,
    '@@ -1,1 +1,1 @@',
    String.raw`-one\u000d`,
    '+\\u009b2Jt\two\\u000d',
  ]);
});

it('steers no terminal by the values of fields', async () => {
  const world = new World();
  await world.take([service({ container: { environment: { A: 'a' } } })]);
  world.commit([service({ container: { environment: { A: 'b\u009b2J\r\nc' } } })]);
  const { plan } = await world.pass();
  const text = renderPlan(plan, paletteOf(false));
  expect(text.split(String.raw`b\u009b2J\u000d\u000ac`)).toHaveLength(3);
  expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
});

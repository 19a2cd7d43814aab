import { existsSync } from 'node:fs';
import { mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { read } from '../../script/run.mjs';
import { openRepository, type RemoteRepository, type RepositoryOptions } from '../../src/git/repository.ts';
import { readDirectory } from '../../src/manifest/files.ts';
import { makeOrigin, makeStack, temporaryFolder, type Origin } from '../lab/git-hosts.ts';

const stack = makeStack();
let folder: string;
let origin: Origin;
let proof: string;
let opened = 0;

beforeAll(async () => {
  folder = stack.use(await temporaryFolder()).path;
  proof = join(folder, 'proof');
  origin = await makeOrigin(folder);
  await origin.push({ 'web.yaml': 'web' }, 'Start');
});

afterAll(() => stack.disposeAsync());

function open(more: Partial<RepositoryOptions>): RemoteRepository {
  return openRepository({
    url: origin.bare,
    branch: 'main',
    path: '.',
    credentials: {},
    allowFile: true,
    stateDir: join(folder, `state ${++opened}`),
    statusBranch: 'fairlead/demo',
    environment: process.env,
    ...more,
  });
}

/** Opens and pulls; both may refuse. */
async function attempt(more: Partial<RepositoryOptions>): Promise<void> {
  await open(more).pull();
}

test.each([
  ['--upload-pack=touch PROOF', 'policy'],
  ['ext::sh -c touch% PROOF', 'policy'],
  ['ssh://-oProxyCommand=touch${IFS}PROOF/x', 'policy'],
  ['ssh://%2DoProxyCommand=touch${IFS}PROOF/x', 'policy'],
  ['-oProxyCommand=touch PROOF@host:x', 'policy'],
  ['git@-oProxyCommand=touch PROOF:x', 'policy'],
  ['ssh://git@127.0.0.1:1/;touch PROOF', 'unreachable'],
  ['git://127.0.0.1/x', 'policy'],
  ['http://example.com/x.git', 'policy'],
  ['file://host/x', 'policy'],
  ['', 'policy'],
])('the address %s runs nothing', async (url, reason) => {
  await expect(attempt({ url: url.replace('PROOF', proof) })).rejects.toMatchObject({ reason });
  expect(existsSync(proof)).toBe(false);
});

test.each([
  '--upload-pack=touch PROOF',
  '-x',
  'a..b',
  'x:y',
  '*',
  'a b',
  'main^{/x}',
  '@',
  '',
  'a.lock',
  '.a/b',
  'a//b',
  'a\nb',
])('the branch %j is refused', async (branch) => {
  await expect(attempt({ branch: branch.replace('PROOF', proof) })).rejects.toMatchObject({ reason: 'policy' });
  expect(() => open({ statusBranch: branch })).toThrow('not a name that git allows');
  expect(existsSync(proof)).toBe(false);
});

test.each(['..', '../x', 'a/../../x', '/etc', 'a\0b'])('the folder %j is refused', (path) => {
  expect(() => open({ path })).toThrow('leaves the repository');
});

test.each([':(exclude)x', '*', '--help', ':/x', '^{tree}'])('the folder %j is only a name', async (path) => {
  await expect(attempt({ path })).rejects.toMatchObject({
    reason: 'unreachable',
    message: expect.stringContaining('has no folder') as string,
  });
  await origin.push({ [join(path, 'web.yaml')]: 'web' }, 'Odd name');
  const { directory } = await open({ path }).pull();
  expect(await readFile(join(directory, 'web.yaml'), 'utf8')).toBe('web');
});

test('a local folder is followed only where that is allowed', async () => {
  await expect(attempt({ allowFile: false })).rejects.toMatchObject({
    reason: 'policy',
    message: expect.stringContaining('allowFile') as string,
  });
});

test('links out of the folder are refused by the reader of manifests, as they are in a working tree', async () => {
  const { work } = origin;
  await origin.push(
    { 'deploy/real.txt': 'name: real\nimage: a:1\nkind: Service\n', 'outside.yaml': 'outside' },
    'Files',
  );
  const links = {
    'deploy/inside.yaml': 'real.txt',
    'deploy/passwd.yaml': '/etc/passwd',
    'deploy/up.yaml': '../outside.yaml',
    'deploy/root': '/',
    'deploy/chain.yaml': 'passwd.yaml',
    'deploy/circle.yaml': 'circle.yaml',
  };
  for (const [path, target] of Object.entries(links)) await symlink(target, join(work, path));
  await origin.checkout('add', '--all');
  await origin.checkout('commit', '--quiet', '--message', 'Links');
  await origin.checkout('push', '--quiet', 'origin', 'HEAD:main');

  const { directory } = await open({ path: 'deploy' }).pull();

  expect(await readlink(join(directory, 'inside.yaml'))).toBe('real.txt');
  for (const folder of [directory, join(work, 'deploy')]) {
    const { manifests, problems } = readDirectory(folder);
    expect(manifests.map(({ name }) => name)).toEqual(['real']);
    expect(problems.map(({ file, reason }) => `${reason} ${file ?? ''}`).sort()).toEqual(
      ['chain.yaml', 'circle.yaml', 'passwd.yaml', 'root', 'up.yaml'].map((file) => `unsupported ${file}`),
    );
  }
});

test('nothing in a repository is run: no hooks, filters, submodules or configuration', async () => {
  const hook = `#!/bin/sh\ntouch ${proof}\n`;
  await origin.push(
    {
      'hooks/post-checkout': hook,
      '.githooks/reference-transaction': hook,
      '.gitattributes': '*.yaml filter=evil diff=evil\n',
      '.gitmodules': `[submodule "x"]\n\tpath = x\n\turl = ext::sh -c touch% ${proof}\n\tupdate = !touch ${proof}\n`,
      '.lfsconfig': `[lfs]\n\turl = ext::sh -c touch% ${proof}\n`,
      'web.yaml': 'web',
    },
    'Traps',
  );
  await origin.checkout('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},x`);
  await origin.checkout('commit', '--quiet', '--message', 'Submodule');
  await origin.checkout('push', '--quiet', 'origin', 'HEAD:main');
  const home = join(folder, 'home');
  await mkdir(home);
  await writeFile(
    join(home, '.gitconfig'),
    `[core]\n\thooksPath = ${join(origin.work, 'hooks')}\n[filter "evil"]\n\tsmudge = touch ${proof}\n`,
  );

  const repository = open({
    environment: { ...process.env, HOME: home, GIT_SSH_COMMAND: `touch ${proof}`, GIT_DIR: '/nonexistent' },
  });
  const { directory } = await repository.pull();
  await repository.publish({ a: '1' }, 'Status');

  expect(await readFile(join(directory, 'web.yaml'), 'utf8')).toBe('web');
  expect(existsSync(proof)).toBe(false);
});

test('a status branch that others filled is read with a limit', async () => {
  const { work } = origin;
  await writeFile(join(work, 'status.json'), Buffer.alloc(17 * 1024 * 1024, 'x'));
  await symlink('/etc/passwd', join(work, 'STATUS.md'));
  await origin.checkout('checkout', '--quiet', '-b', 'filled');
  await origin.checkout('add', 'status.json', 'STATUS.md');
  await origin.checkout('commit', '--quiet', '--message', 'Filled');
  await origin.checkout('push', '--quiet', 'origin', 'HEAD:filled');
  await origin.checkout('checkout', '--quiet', '-');
  await expect(open({ statusBranch: 'filled' }).readStatusBranch()).rejects.toMatchObject({ reason: 'too-large' });
});

test('a status branch with more files than ours is not read', async () => {
  await origin.push(
    Object.fromEntries(Array.from({ length: 17 }, (_, number) => [`${number}.json`, '{}'])),
    'Many',
    [],
  );
  await origin.git('update-ref', 'refs/heads/many', 'refs/heads/main');
  await expect(open({ statusBranch: 'many' }).readStatusBranch()).rejects.toMatchObject({ reason: 'too-large' });
});

test('a local repository of another user is refused, for its hooks would run as us', async () => {
  const other = await makeOrigin(folder, 'other');
  await other.push({ 'web.yaml': 'web' }, 'Of another user');
  await read('chown', ['-R', '12345:12345', other.bare]);
  await expect(attempt({ url: other.bare })).rejects.toMatchObject({
    reason: 'unreachable',
    message: expect.stringContaining('belongs to another user') as string,
  });
});

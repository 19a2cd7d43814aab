import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BIN } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { sleeper, yaml } from '../../support/yaml.ts';

/** A person who takes files out of a container and puts others in, and what is kept of that. */

let scenario: Scenario;
let folder: string;
const here = (path: string) => join(scenario.directory, path);
beforeAll(async () => {
  scenario = await Scenario.create();
  folder = await scenario.manifests(yaml(sleeper('web', { instances: 2 })));
  expect((await scenario.fairlead('apply', folder, '--yes')).code).toBe(0);
  await mkdir(here('site/sub'), { recursive: true });
  await writeFile(here('site/index.html'), 'index');
  await symlink('index.html', here('site/link'));
});
afterAll(() => scenario[Symbol.asyncDispose]());

const cp = (...args: string[]) => scenario.fairlead('cp', ...args);
const inInstance = async (slot: number, command: string) =>
  (await scenario.fairlead('exec', 'web', '--instance', String(slot), '--', 'sh', '-c', command)).stdout;

it('copies a folder in and out, into the instance that is named', async () => {
  const { code, stdout, stderr } = await cp('site', 'web/2:/srv');
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  expect(stderr).toMatch(/^copied to \/srv in \S+-web-[0-9a-f]{7}-2\n$/);
  expect(await inInstance(2, 'cat /srv/link; readlink /srv/link; stat -c %u:%g /srv/index.html')).toBe(
    'indexindex.html\n0:0\n',
  );
  expect(await inInstance(1, 'ls /srv 2>/dev/null')).toBe('');
  expect((await cp('web:/srv', '.', '--instance', '2')).code).toBe(0);
  expect((await readdir(here('srv'))).sort()).toEqual(['index.html', 'link', 'sub']);
  expect(await readlink(here('srv/link'))).toBe('index.html');
});

it('leaves a folder that is there to its owner, and everything in it that has another name', async () => {
  await inInstance(
    1,
    'mkdir -p /opt/site/sub && touch /opt/site/kept && chown -R 99:99 /opt/site && chmod 700 /opt/site',
  );
  expect((await cp('site', 'web/1:/opt')).code).toBe(0);
  const look = 'cd /opt/site && stat -c "%a %u:%g" . sub && stat -c %u index.html && ls';
  expect(await inInstance(1, look)).toBe('700 99:99\n755 99:99\n0\nindex.html\nkept\nlink\nsub\n');
});

it('changes nothing that a plan would undo', async () => {
  expect((await scenario.fairlead('plan', folder)).stdout).toMatch(/^Nothing to do/);
});

it('pipes archives', async () => {
  const options = { cwd: scenario.directory };
  const out = spawn(process.execPath, [BIN, 'cp', 'web/2:/srv', '-'], options);
  const archive = await buffer(out.stdout);
  const into = spawn(process.execPath, [BIN, 'cp', '-', 'web/1:/tmp'], options);
  into.stdin.end(archive);
  expect(await once(into, 'close')).toEqual([0, null]);
  expect(await inInstance(1, 'cat /tmp/srv/index.html')).toBe('index');
});

it('says in a sentence what is wrong', async () => {
  const wrong = async (...args: string[]) => {
    const { code, stdout, stderr } = await cp(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    return stderr;
  };
  expect(await wrong('site', 'wbe:/srv')).toBe(
    'No container belongs to a service wbe. The services that have some: web.\n',
  );
  expect(await wrong('site', 'web/3:/srv')).toBe('error: There is no instance 3 of web. Those that there are: 1, 2.\n');
  expect(await wrong('web:/nowhere', '.')).toMatch(/^error: There is no \/nowhere in \S+-1\.\n$/);
  expect(await wrong('site', 'web:/nowhere/site')).toMatch(/There is no folder \/nowhere in this container/);
  expect(await wrong('nowhere', 'web:/srv')).toBe('error: There is no nowhere here.\n');
  expect(await wrong('web:', '.')).toBe('error: web: names no path; web:/ is all that there is.\n');
  expect(await wrong('web:/dev/null', '.')).toMatch(
    /^error: \/dev\/null in \S+-1 is neither a file nor a folder nor a link/,
  );
  expect(await wrong('site/index.html', 'web:/etc/passwd/x')).toMatch(
    /^error: \/etc\/passwd\/x leads through something/,
  );
  expect(await wrong('a', 'b')).toMatch(/^error: Neither a nor b is in an instance/);
});

it('ends at once when it is given up', async () => {
  await inInstance(1, 'dd if=/dev/zero of=/tmp/large bs=1 count=1 seek=20G 2>/dev/null');
  const child = spawn(process.execPath, [BIN, 'cp', 'web/1:/tmp/large', '-'], { cwd: scenario.directory });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  await once(child.stdout, 'data');
  const since = performance.now();
  child.kill('SIGINT');
  expect(await once(child, 'close')).toEqual([1, null]);
  expect(performance.now() - since).toBeLessThan(5000);
  expect(stderr).toBe('error: ended by SIGINT\n');
});

it('reaches an instance that does not run', async () => {
  await inInstance(1, 'echo last words > /tmp/words');
  const names = Object.keys(await scenario.containers());
  for (const name of names) await scenario.docker.getContainer(name).stop();
  expect((await cp('web:/tmp/words', 'words')).code).toBe(0);
  expect(await readFile(here('words'), 'utf8')).toBe('last words\n');
  expect((await cp('words', 'web/2:/tmp/')).code).toBe(0);
});

it('is told among the events, with who it was', async () => {
  await scenario.repository.push({ 'app.yaml': yaml(sleeper('web', { instances: 2 })) }, 'the same');
  scenario.run();
  const { events } = await scenario.reports('the events tell of it', (report) =>
    report.events.some(({ type }) => type === 'by-hand'),
  );
  const told = events.filter(({ type }) => type === 'by-hand').map(({ object, message }) => `${object}: ${message}`);
  expect(told).toContainEqual(expect.stringMatching(/^web: \S+ began to copy to \/srv in \S+-2$/));
  expect(told).toContainEqual(expect.stringMatching(/^web: \S+ began to copy \/srv out of \S+-2$/));
});

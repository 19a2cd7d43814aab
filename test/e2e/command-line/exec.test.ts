import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BIN } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { app, yaml } from '../../support/yaml.ts';

/** A person with a shell in a container, and what is kept of that. */

let scenario: Scenario;
beforeAll(async () => {
  scenario = await Scenario.create();
  const folder = await scenario.manifests(yaml(app('web', { instances: 2 })));
  expect((await scenario.fairlead('apply', folder, '--yes')).code).toBe(0);
});
afterAll(() => scenario[Symbol.asyncDispose]());

it('gives the output, the errors and the exit code of a command', async () => {
  const { code, stdout, stderr } = await scenario.fairlead(
    ...['exec', 'web', '--', 'sh', '-c', 'echo $FAIRLEAD_INSTANCE; echo to stderr >&2; exit 7'],
  );
  expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: '1\n', stderr: 'to stderr\n' });
});

it('goes to the instance that is asked for', async () => {
  const { stdout } = await scenario.fairlead(
    'exec',
    'web',
    '--instance',
    '2',
    '--',
    'sh',
    '-c',
    'echo $FAIRLEAD_INSTANCE',
  );
  expect(stdout).toBe('2\n');
});

it('says what there is where there is no such instance, service or command', async () => {
  const third = await scenario.fairlead('exec', 'web', '--instance', '3', '--', 'true');
  expect(third).toMatchObject({ code: 1, stderr: 'Instance 3 of web does not run now. Those that do: 1, 2.\n' });
  const other = await scenario.fairlead('exec', 'wbe', '--', 'true');
  expect(other.stderr).toBe('No container belongs to a service wbe. The services that have some: web.\n');
  const { code, stdout, stderr } = await scenario.fairlead('exec', 'web', '--', 'no-such-command');
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain('no-such-command');
});

it('passes on what it reads, to the last byte', async () => {
  const child = spawn(process.execPath, [BIN, 'exec', 'web', '--', 'wc', '-c'], { cwd: scenario.directory });
  child.stdin.end(Buffer.alloc(300_000, 0xff));
  expect((await text(child.stdout)).trim()).toBe('300000');
});

it('has a terminal where somebody sits at one, of its size', async () => {
  const line = `stty rows 33 cols 77; exec ${process.execPath} ${BIN} exec web`;
  const options = { cwd: scenario.directory, env: { ...process.env, TERM: 'xterm' } };
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], options);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  await until('the prompt', () => output.includes('/ # '), { seen: () => output });
  child.stdin.write('stty size; test -t 0 && echo on a terminal; exit 5\n');
  const [code] = (await once(child, 'close')) as [number];
  expect(output.replaceAll('\r', '')).toContain('33 77\non a terminal');
  expect(code).toBe(5);
});

it('is told among the events, with who it was', async () => {
  await scenario.repository.push({ 'app.yaml': yaml(app('web', { instances: 2 })) }, 'the same');
  scenario.run();
  const { events } = await scenario.reports('the events tell of it', ({ events }) =>
    events.some(({ type }) => type === 'by-hand'),
  );
  const told = events.filter(({ type }) => type === 'by-hand').map(({ object, message }) => `${object}: ${message}`);
  expect(told).toContainEqual(expect.stringMatching(/^web: \S+ ran sh in .*-web-.*-2$/));
});

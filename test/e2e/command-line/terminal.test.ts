import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BIN, fairlead } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { app, yaml } from '../../support/yaml.ts';

/** What somebody at a terminal sees: a question, colours, and progress that is redrawn in place. */

let scenario: Scenario;
beforeAll(async () => {
  scenario = await Scenario.create();
  await scenario.manifests(yaml(app('web', { instances: 2 })));
});
afterAll(() => scenario[Symbol.asyncDispose]());

/** Runs it on a pseudo terminal of 100 columns, with stdin and all output on it; types the answer when it is asked. */
async function onTerminal(command: string, answer: string, env: Readonly<Record<string, string>> = {}) {
  const line = `stty cols 100; exec ${process.execPath} ${BIN} ${command}`;
  const { NO_COLOR: _, FORCE_COLOR: _forced, ...others } = process.env;
  const options = { cwd: scenario.directory, env: { ...others, TERM: 'xterm', ...env } };
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], options);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const isAsked = !output.includes('(yes/no)') && (output += text).includes('(yes/no)');
    if (isAsked) child.stdin.write(`${answer}\n`);
    else if (!output.endsWith(text)) output += text;
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, output: output.replaceAll('\r', '') };
}

it('asks, and takes nothing but yes for an answer', async () => {
  const { code, output } = await onTerminal('apply manifests', 'y');
  expect(output).toMatch(/Apply this plan\? \(yes\/no\)[^]*Nothing was changed\.\n$/);
  expect(code).toBe(1);
  expect(await scenario.containers()).toEqual({});
});

it.each([
  ['ends his input', '\u0004'],
  ['interrupts it', '\u0003'],
])('takes it for no where somebody %s in place of an answer', async (_, answer) => {
  const { code, output } = await onTerminal('apply manifests', answer);
  expect(output).toContain('(yes/no)');
  expect(code).toBe(1);
  expect(await scenario.containers()).toEqual({});
});

it('redraws the progress of all services in place, and ends with the verdict', async () => {
  const { code, output } = await onTerminal('apply manifests', 'yes');
  expect(code).toBe(0);
  expect(output).toContain('overall progress: 0 out of 2 instances\nweb              0/2 [                    ] ');
  expect(output).toContain(
    '\u001b[2A\u001b[Joverall progress: 2 out of 2 instances\nweb              2/2 [====================] steady\n',
  );
  expect(output).toContain('\u001b[32mDone: 1 of 1 services steady.\n');
  expect(output).not.toContain('web: started');
});

it('counts the instances of the new release while it replaces the old one', async () => {
  await scenario.manifests(yaml(app('web', { image: 'lab/app:v2', instances: 2 })));
  const { code, output } = await onTerminal('apply manifests --yes', '');
  expect(code).toBe(0);
  const ways = output.match(/\d out of 2 instances/g)?.filter((way, index, all) => way !== all[index - 1]);
  expect(ways?.join(', ')).toMatch(/^0 .*, 1 .*, 2 out of 2 instances$/);
  expect(output).toMatch(/web {14}1\/2 \[={10} {10}\] rolling-out, [a-z ]+ web@\w{7}\n/);
});

it('is without colours and escapes where NO_COLOR is set or the terminal is dumb', async () => {
  const [plain, dumb] = await Promise.all([
    onTerminal('plan manifests', '', { NO_COLOR: '1' }),
    onTerminal('plan manifests', '', { TERM: 'dumb' }),
  ]);
  expect([plain.output, dumb.output]).toEqual(['Nothing to do: 1 unchanged.\n', 'Nothing to do: 1 unchanged.\n']);
});

it('has colours elsewhere only where FORCE_COLOR asks for them', async () => {
  const plan = (env: Readonly<Record<string, string>>) =>
    fairlead(['plan', 'manifests'], { cwd: scenario.directory, env });
  expect((await plan({ NO_COLOR: '', FORCE_COLOR: '1' })).stdout).toBe(
    '\u001b[1mNothing to do: 1 unchanged.\u001b[22m\n',
  );
  expect((await plan({ NO_COLOR: '1', FORCE_COLOR: '1' })).stdout).toBe('Nothing to do: 1 unchanged.\n');
  expect((await plan({ NO_COLOR: '' })).stdout).toBe('Nothing to do: 1 unchanged.\n');
});

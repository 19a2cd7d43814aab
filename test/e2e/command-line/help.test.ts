import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { fairlead } from '../../support/fairlead.ts';

/** Somebody who has never seen it finds the way by --help and by what mistakes are answered with. */

const run = (...args: string[]) => fairlead(args, { cwd: tmpdir() });

it.concurrent('begins with what it is, its commands, its exit codes and a way to start', async () => {
  const { code, stdout } = await run('--help');
  expect(code).toBe(0);
  expect(stdout).toContain('Keeps a Docker host equal to a git repository');
  for (const command of Object.keys(OPTIONS)) expect(stdout).toMatch(new RegExp(`^ {2}${command} .*\\S`, 'm'));
  expect(stdout).toContain('Exit codes: 0 done; 1 error; 2 there are changes (plan --detailed-exitcode); 3');
  expect(stdout).toContain('fairlead validate examples/hello');
});

const OPTIONS = {
  validate: ['[dir]', '--format <format>', '"github"'],
  render: ['[dir]', '--format <format>'],
  plan: ['[dir]', '--format <format>', '--against <revision>', '--detailed-exitcode'],
  apply: ['[dir]', '--yes', '--prune-all'],
  run: ['[dir]', '--config <file>'],
  status: ['[name]', '--format <format>'],
  logs: ['[name]', '--tail <lines>', '--streams <instances>', '--follow', '--access', '--format <format>'],
  exec: ['<name>', '[command...]', '--instance <number>', '--no-tty'],
  cp: ['<source>', '<target>', '--instance <number>'],
  restart: ['<name>'],
  retry: ['<name>'],
};

it.concurrent('job --help leads to job run, which tells what it takes', async () => {
  expect((await run('job', '--help')).stdout).toMatch(/^ {2}run .*<name>/m);
  const { code, stdout } = await run('job', 'run', '--help');
  expect(code).toBe(0);
  for (const option of ['<name>', '--detach', '--config <file>']) expect(stdout).toContain(option);
});

it.concurrent.each(Object.entries(OPTIONS))('%s --help tells what it takes', async (command, options) => {
  const { code, stdout, stderr } = await run(command, '--help');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const option of [...options, '--config <file>']) expect(stdout).toContain(option);
  expect(await run('help', command)).toEqual({ code, stdout, stderr });
});

it.concurrent.each([
  [['aply'], "unknown command 'aply'\n(Did you mean apply?)"],
  [['plan', '--fromat', 'json'], "unknown option '--fromat'\n(Did you mean --format?)"],
  [['plan', '--format', 'yaml'], "'yaml' is invalid. Allowed choices are text, json."],
  [['logs'], "missing required argument 'name'"],
  [['logs', '--access', '--streams', '2'], "option '--access' cannot be used with option '--streams <instances>'"],
  [['logs', 'web', '--tail', 'all'], 'It has to be a whole number from 1.'],
  [['status', 'web', 'api'], 'too many arguments'],
])('%j ends with 1 and what is wrong on stderr', async (args, message) => {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain(message);
  expect(stderr).toContain('--help');
});

it.concurrent('without a command shows the help as an error', async () => {
  const { code, stdout, stderr } = await run();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('Usage: fairlead');
});

it.concurrent.each(['validate', 'render', 'plan', 'apply', 'run'])(
  '%s says that a folder is not there',
  async (command) => {
    const { code, stderr } = await run(command, 'nowhere');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: nowhere is not there; name the folder that holds the manifests.\n',
    });
  },
);

import { Command, InvalidArgumentError, Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { ExitCode } from '../commands/exit.ts';
import type { Terminal } from '../commands/terminal.ts';
import { settings } from '../manifest/settings.ts';
import type { Flags } from './review.ts';

/** What every command runs with. */
export interface Invocation {
  readonly terminal: Terminal;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

const HELP = `
Exit codes: 0 done; 1 error; 2 there are changes (plan --detailed-exitcode); 3 the manifests are invalid.
Results go to stdout, the log to stderr. NO_COLOR is respected.
Every setting of fairlead.yaml is a flag too (--cluster demo, --balancer-http 8080) and a variable (FAIRLEAD_CLUSTER);
flags win, then variables, then the file. docs/config.md lists them.

Start here:
  fairlead validate examples/hello          is it right?
  fairlead plan examples/hello              what would it do?
  fairlead apply examples/hello --yes       do it
  fairlead run --config fairlead.yaml       follow a repository`;

/** The command line; each command's code is loaded when it runs. */
export function program(invocation: Invocation, finish: (code: number) => void): Command {
  const fairlead = new Command('fairlead')
    .description('Keeps a Docker host equal to a git repository of Service and LoadBalancer manifests.')
    .version('0.1.0')
    .showHelpAfterError('Run the command with --help to see what it takes.')
    .addHelpText('after', HELP);
  for (const add of [addReviews, addReconciling, addLooks, addHands]) add(fairlead, invocation, finish);
  addSettings(fairlead.commands);
  return fairlead;
}

type Add = (fairlead: Command, invocation: Invocation, finish: (code: number) => void) => void;

/** What changes nothing, and looks at manifests. */
const addReviews: Add = (fairlead, invocation, finish) => {
  fairlead
    .command('validate')
    .description('Check manifests against their schemas and each other, without Docker.')
    .argument('[dir]', 'folder of the manifests', '.')
    .addOption(format('text', 'json', 'github'))
    .addOption(config())
    .action(async (dir, options) => finish(await (await import('./review.ts')).runValidate(invocation, dir, options)));

  fairlead
    .command('render')
    .description('Print the manifests as they are taken: with variables and overlays, and where each value comes from.')
    .argument('[dir]', 'folder of the manifests', '.')
    .addOption(format('text', 'json'))
    .addOption(config())
    .action(async (dir, options) => finish(await (await import('./review.ts')).runRender(invocation, dir, options)));

  fairlead
    .command('plan')
    .description('Show what would change: the manifests against what Docker really runs, or against a git revision.')
    .argument('[dir]', 'folder of the manifests', '.')
    .addOption(format('text', 'json'))
    .option('--against <revision>', "compare with the folder's own manifests of then, in each cluster, without Docker")
    .option('--detailed-exitcode', 'end with 2 where there are changes')
    .addOption(config())
    .action(async (dir, { against, ...options }) => finish(await runPlan(invocation, dir, options, against)));
};

/** What makes Docker equal to manifests. */
const addReconciling: Add = (fairlead, invocation, finish) => {
  fairlead
    .command('apply')
    .description('Make Docker equal to the manifests, with live progress; ends when nothing is left to do.')
    .argument('[dir]', 'folder of the manifests', '.')
    .option('--yes', 'do not ask')
    .option('--prune-all', 'remove services without a manifest, however many')
    .addOption(config())
    .action(async (dir, options) =>
      finish(await (await import('./reconciling.ts')).runApply(invocation, dir, options)),
    );

  fairlead
    .command('run')
    .description('Follow a repository, or a folder, until stopped.')
    .argument('[dir]', 'a folder to follow in place of repository.url')
    .addOption(config())
    .action(async (dir, options) => finish(await (await import('./reconciling.ts')).runRun(invocation, dir, options)));
};

/** What changes nothing, and looks at what runs. */
const addLooks: Add = (fairlead, invocation, finish) => {
  fairlead
    .command('status')
    .description('Show what runs, what is wrong and where, as Docker and the balancer say it now.')
    .argument('[name]', 'one service with its instances, job with its runs, or load balancer with its members')
    .addOption(format('text', 'json'))
    .addOption(config())
    .action(async (name, options) => finish(await (await import('./looks.ts')).runStatus(invocation, name, options)));

  fairlead
    .command('logs')
    .description(
      'Print the last log lines of a service or a job, also of instances that were stopped or replaced, or requests.',
    )
    .argument('[name]', 'the service or job; with --access a load balancer or service, or none for all')
    .option('--tail <lines>', 'lines from the end of each stream', count, 20)
    .option('--streams <instances>', 'how many instances or runs, the latest first', count, 1)
    .option('-f, --follow', 'go on printing')
    .addOption(new Option('--access', 'requests to the load balancer, each once it is over').conflicts('streams'))
    .addOption(format('text', 'json'))
    .addOption(config())
    .action(async (name, options, command) => {
      if (options.access === true) finish(await (await import('./looks.ts')).runAccess(invocation, name, options));
      else if (name === undefined) command.error("error: missing required argument 'name'");
      else finish(await (await import('./looks.ts')).runLogs(invocation, name, options));
    });
};

/** What a person does by hand. */
const addHands: Add = (fairlead, invocation, finish) => {
  fairlead
    .command('exec')
    .description('Run a command in an instance of a service, on a terminal where there is one.')
    .argument('<name>', 'the service')
    .argument('[command...]', 'after `--`: what to run; without it a shell')
    .option('-i, --instance <number>', 'which one; without it the first that runs', count)
    .option('-T, --no-tty', 'no terminal, so that output can be piped')
    .addOption(config())
    .action(async (name, command, options) =>
      finish(await (await import('./hands.ts')).runExec(invocation, name, command, options)),
    );

  fairlead
    .command('cp')
    .description('Copy a file or a folder into an instance of a service, or out of it, whether it runs or not.')
    .argument('<source>', 'NAME:PATH, NAME/2:PATH, a path here, or - for a tar archive on stdin')
    .argument('<target>', 'the same; - for a tar archive on stdout')
    .option('-i, --instance <number>', 'which one; without it the first that runs, or else the first', count)
    .addOption(config())
    .action(async (source, target, options) =>
      finish(await (await import('./hands.ts')).runCp(invocation, source, target, options)),
    );

  fairlead
    .command('job')
    .description('Work with jobs.')
    .command('run')
    .description('Run a job now, print what it prints, and end with its exit code.')
    .argument('<name>', 'the job')
    .option('-d, --detach', 'do not wait for its end')
    .addOption(config())
    .action(async (name, options) => finish(await (await import('./hands.ts')).runJobRun(invocation, name, options)));

  fairlead
    .command('restart')
    .description(
      'Replace the instances of a service by new ones of the same release, without a gap where there need be none.',
    )
    .argument('<name>', 'the service')
    .addOption(config())
    .action(async (name, options) => finish(await (await import('./hands.ts')).runRestart(invocation, name, options)));

  fairlead
    .command('retry')
    .description('Let a release that failed be tried again.')
    .argument('<name>', 'the service')
    .addOption(config())
    .action(async (name, options) => finish(await (await import('./hands.ts')).runRetry(invocation, name, options)));
};

/** Against what runs, or against a revision. */
async function runPlan(
  invocation: Invocation,
  dir: string,
  options: Flags & { format: 'text' | 'json'; detailedExitcode?: true },
  against: string | undefined,
): Promise<ExitCode> {
  if (against === undefined) return await (await import('./looks.ts')).runPlan(invocation, dir, options);
  return await (await import('./against.ts')).runPlanAgainst(invocation, dir, { ...options, against });
}

/** Every setting of fairlead.yaml is a flag too; the help stays readable without the list of them. */
function addSettings(commands: readonly CommandUnknownOpts[]): void {
  const options = settings().map(({ flag, description }) => new Option(`${flag} <value>`, description).hideHelp());
  for (const command of commands) {
    if (command.commands.length > 0) addSettings(command.commands);
    else for (const option of options) command.addOption(option);
  }
}

function format<const Choice extends string>(first: Choice, ...others: Choice[]) {
  return new Option('--format <format>', 'how to print the result').choices([first, ...others]).default(first);
}

function config() {
  return new Option('--config <file>', "the host's configuration (default: ./fairlead.yaml where there is one)");
}

function count(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It has to be a whole number from 1.');
  return Number(text);
}

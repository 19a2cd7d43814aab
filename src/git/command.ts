import { simpleGit, type SimpleGitOptions } from 'simple-git';
import { withoutUserInfo } from './address.ts';

/** How one git process is run; `environment` is all that it gets. */
export interface GitSetting {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** `key=value` */
  readonly config: readonly string[];
  /** Milliseconds until the process and all its children are ended. */
  readonly timeout: number;
  /** Replaced by `***` in whatever git says. */
  readonly secrets: readonly string[];
  readonly signal?: AbortSignal;
}

/** Runs git with these arguments; returns what it printed. Errors: GitFailure, or the signal's reason. */
export type Git = (args: readonly string[], more?: GitInput) => Promise<string>;

interface GitInput {
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Of what git said, the end. */
const MAX_OUTPUT = 4000;

/** git ended with an error; `output` is what it said, without secrets. */
export class GitFailure extends Error {
  readonly output: string;
  readonly timedOut: boolean;
  constructor(command: string, output: string, timedOut: boolean) {
    super(`git ${command}: ${output.trim()}`);
    this.name = 'GitFailure';
    this.output = output;
    this.timedOut = timedOut;
  }
}

/** What we set ourselves and simple-git would refuse: none of it comes from a repository. */
const UNSAFE = {
  allowUnsafeCustomBinary: true,
  allowUnsafeConfigPaths: true,
  allowUnsafeCredentialHelper: true,
  allowUnsafeFsMonitor: true,
  allowUnsafeHooksPath: true,
  allowUnsafeSshCommand: true,
} as const satisfies SimpleGitOptions['unsafe'];

/** git in one setting, by simple-git, each command in a process group of its own. */
export function gitWith(setting: GitSetting): Git {
  return async (args, { input, environment = {} } = {}) => {
    const { signal } = setting;
    signal?.throwIfAborted();
    const outcome: { exitCode?: number; output: string } = { output: '' };
    const env = { ...setting.environment, ...environment };
    const git = simpleGit({
      ...processOptions(setting, env),
      ...(signal !== undefined && { abort: signal }),
      // Always a buffer: simple-git leaves stdin open when the text is empty.
      ...(input !== undefined && { input: () => Buffer.from(input) }),
      errors: (error, result) => {
        if (error === undefined && result.exitCode === 0) return undefined;
        outcome.exitCode = result.exitCode;
        outcome.output = Buffer.concat([...result.stdOut, ...result.stdErr]).toString();
        return error ?? new Error('git failed');
      },
    });
    try {
      return await git.env(env).raw([...args]);
    } catch (error) {
      signal?.throwIfAborted();
      const output = outcome.output === '' ? String(error) : outcome.output;
      throw new GitFailure(
        args[0] ?? '',
        redact(output, setting.secrets).slice(-MAX_OUTPUT),
        isTimeout(outcome.exitCode),
      );
    }
  };
}

/** The text without the secrets, however they are spelled, and without user names in URLs. */
export function redact(text: string, secrets: readonly string[]): string {
  // The last is what git makes of a server's answer that does not say that it is UTF-8.
  const spellings = secrets.flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('latin1'),
  ]);
  return withoutUserInfo(spellings.reduce((rest, spelling) => rest.replaceAll(spelling, '***'), text));
}

/**
 * `timeout` makes a process group and passes signals on to all of it. git alone, when it is killed, leaves
 * git-remote-https and ssh behind; and should we be killed ourselves, they still end in time.
 */
function processOptions(
  { directory, config, timeout }: GitSetting,
  env: Readonly<Record<string, string>>,
): Partial<SimpleGitOptions> {
  const binary: [string, string] = ['env', `-Stimeout -k 2 ${(timeout / 1000).toFixed(3)} git`];
  return {
    baseDir: directory,
    binary,
    config: [...config],
    allowEnvironment: Object.keys(env),
    unsafe: UNSAFE,
    completion: { onClose: true, onExit: false },
  };
}

/** The exit codes of `timeout`: at the limit, and when it had to kill. */
function isTimeout(exitCode: number | undefined): boolean {
  return exitCode === 124 || exitCode === 137;
}

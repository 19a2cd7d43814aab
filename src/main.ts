#!/usr/bin/env node
import { isDebugging } from './quiet.ts';
import { isatty } from 'node:tty';
import { EXIT, type ExitCode } from './commands/exit.ts';
import { failureTexts } from './commands/failure.ts';
import { paletteOf, type Terminal } from './commands/terminal.ts';
import { program } from './cli/program.ts';

/** NO_COLOR wins, then FORCE_COLOR, then whether anybody looks. An empty variable says nothing. */
function isColoured(stream: { readonly fd: number }): boolean {
  const { NO_COLOR: forbidden = '', FORCE_COLOR: forced = '' } = process.env;
  if (forbidden !== '') return false;
  if (forced !== '') return forced !== '0';
  return isTerminal(stream);
}

function isTerminal({ fd }: { readonly fd: number }): boolean {
  return isatty(fd) && process.env['TERM'] !== 'dumb';
}

const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isLive: isTerminal(process.stderr),
  columns: process.stderr.columns || 80,
  palette: paletteOf(isColoured(process.stdout)),
};

/** A signal ends what runs, cleanly, and a reader that leaves does, such as `head`; the next signal ends it at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') controller.abort(new Error('ended as nobody reads the output'));
      else if (error.syscall === 'write' && !controller.signal.aborted) controller.abort(loses(error));
    });
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(EXIT.error);
      controller.abort(new Error(`ended by ${name}`));
    });
  }
  return controller.signal;
}

/** What is printed is not all there, whatever the command says of its end, and however late the system tells of it. */
function loses({ message }: Error): Error {
  const lost = new Error(`the output cannot be written: ${message}`);
  process.once('exit', (code) => {
    if (code !== EXIT.error) process.exitCode = fail(lost);
  });
  return lost;
}

function fail(error: unknown): ExitCode {
  const texts = failureTexts(error).join('\n  because: ');
  terminal.err(`${terminal.palette.bad('error')}: ${texts}\n`);
  if (isDebugging && error instanceof Error) terminal.err(`${error.stack ?? ''}\n`);
  return EXIT.error;
}

try {
  await program({ terminal, signal: stopSignal() }, (code) => (process.exitCode = code)).parseAsync();
} catch (error) {
  process.exitCode = fail(error);
}

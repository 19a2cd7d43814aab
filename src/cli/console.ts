import type { Session } from '../core/ports.ts';

/** What this process reads and prints, as a container's process has it; with a terminal every key goes there. */
export function openConsole(
  wantsTerminal: boolean,
): Pick<Session, 'terminal' | 'input' | 'out' | 'err'> & AsyncDisposable {
  const { stdin, stdout, stderr } = process;
  const isTerminal = wantsTerminal && stdin.isTTY && stdout.isTTY;
  if (isTerminal) stdin.setRawMode(true);
  return {
    ...(isTerminal && { terminal: { follow: followSize } }),
    input: stdin,
    out: (chunk) => void stdout.write(chunk),
    err: (chunk) => void stderr.write(chunk),
    [Symbol.asyncDispose]: () => {
      if (isTerminal) stdin.setRawMode(false);
      stdin.destroy();
      return Promise.resolve();
    },
  };
}

const followSize: NonNullable<Session['terminal']>['follow'] = (onSize) => {
  const tell = () => onSize(process.stdout);
  tell();
  process.stdout.on('resize', tell);
  return () => void process.stdout.off('resize', tell);
};

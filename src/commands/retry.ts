import type { Runtime } from '../core/ports.ts';
import { isUp } from '../core/observed.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { Terminal } from './terminal.ts';
import { unknownName } from './unknown-name.ts';

/** Lets a failed release be tried again: its mark, a stopped container, is removed; the reconciler sees it at once. */
export async function retry(name: string, runtime: Runtime, terminal: Terminal): Promise<ExitCode> {
  const { instances } = await runtime.observe();
  const own = instances.filter((each) => each.service === name);
  if (own.length === 0) {
    terminal.err(
      unknownName(
        name,
        instances.map((each) => each.service),
      ),
    );
    return EXIT.error;
  }
  const marks = own.filter((each) => !isUp(each) && each.restartPolicy === 'no');
  for (const mark of marks) await runtime.remove(mark);
  if (marks.length === 0) terminal.out(`Nothing of ${name} is marked as failed.\n`);
  for (const mark of marks) terminal.out(`${name}@${mark.release} may be tried again: removed ${mark.name}.\n`);
  return EXIT.done;
}

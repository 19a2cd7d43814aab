import { isUp, type Instance } from '../core/observed.ts';
import type { Plan } from '../core/plan/plan.ts';
import type { Runtime } from '../core/ports.ts';
import { evidenceOf, type Decision } from '../core/rollout/decide.ts';
import { isReady } from '../core/rollout/view.ts';

const LINES = 20;

/** The last log lines of what failed, read once for each container and start. */
export class Evidence {
  private readonly runtime: Runtime;
  private readonly known = new Map<string, readonly string[]>();

  constructor(runtime: Runtime) {
    this.runtime = runtime;
  }

  /** Oldest line first, by service. */
  async logTails({ decisions }: Plan): Promise<Record<string, readonly string[]>> {
    const failed = decisions.flatMap((each) => {
      const instance = failedInstance(each);
      return instance === undefined ? [] : [instance];
    });
    const wanted = new Set(failed.map(keyOf));
    for (const key of this.known.keys()) if (!wanted.has(key)) this.known.delete(key);
    return Object.fromEntries(
      await Promise.all(failed.map(async (each) => [each.service, await this.tailOf(each)] as const)),
    );
  }

  private async tailOf(instance: Instance): Promise<readonly string[]> {
    const known = this.known.get(keyOf(instance));
    if (known !== undefined) return known;
    const lines: string[] = [];
    for await (const line of this.runtime.logs(instance, { tail: LINES, follow: false })) lines.push(line.text);
    this.known.set(keyOf(instance), lines);
    return lines;
  }
}

/** The mark of a failed release, or an instance that fell and is not back. */
function failedInstance({ view, progress }: Decision): Instance | undefined {
  if (progress === undefined) return undefined;
  const mark = evidenceOf(progress);
  if (mark !== undefined) return mark;
  return progress.current.find((each) => each.restarts > 0 && isUp(each) && !isReady(view, each));
}

function keyOf(instance: Instance): string {
  return `${instance.id}/${instance.restarts}/${instance.finishedAt ?? 0}`;
}

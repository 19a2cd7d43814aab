import { isUp, type Instance } from '../core/observed.ts';
import type { Plan } from '../core/plan/plan.ts';
import type { Clock, Runtime } from '../core/ports.ts';
import { evidenceOf, type Decision } from '../core/rollout/decide.ts';
import { isReady } from '../core/rollout/view.ts';
import { failedRun } from '../core/status/job-status.ts';

const LINES = 20;
/** A status without the log is better than none. */
const LIMIT = 2_000;
const RETRY_AFTER = 60_000;

export interface EvidenceOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  /** Milliseconds that reading a log may take. */
  readonly limit?: number;
}

/** The last log lines of what failed, read once for each container and start. */
export class Evidence {
  private readonly options: EvidenceOptions;
  private readonly known = new Map<string, readonly string[]>();
  /** By container: when its log could not be read. */
  private readonly failedAt = new Map<string, number>();

  constructor(options: EvidenceOptions) {
    this.options = options;
  }

  /** Oldest line first, by service or job. */
  async logTails({ decisions, jobs }: Plan): Promise<Record<string, readonly string[]>> {
    const failed = [
      ...decisions.flatMap((each) => failedInstance(each) ?? []),
      ...jobs.flatMap(({ view }) => (view.desired && failedRun(view)) ?? []),
    ];
    const wanted = new Set(failed.map(keyOf));
    for (const key of this.known.keys()) if (!wanted.has(key)) this.known.delete(key);
    const ids = new Set(failed.map((each) => each.id));
    for (const id of this.failedAt.keys()) if (!ids.has(id)) this.failedAt.delete(id);
    return Object.fromEntries(
      await Promise.all(failed.map(async (each) => [each.service, await this.tailOf(each)] as const)),
    );
  }

  private async tailOf(instance: Instance): Promise<readonly string[]> {
    const { clock } = this.options;
    const known = this.known.get(keyOf(instance));
    if (known !== undefined) return known;
    if (clock.now() - (this.failedAt.get(instance.id) ?? -Infinity) < RETRY_AFTER) return [];
    try {
      const lines = await this.read(instance);
      this.known.set(keyOf(instance), lines);
      return lines;
    } catch {
      this.failedAt.set(instance.id, clock.now());
      return [];
    }
  }

  private async read(instance: Instance): Promise<readonly string[]> {
    const { runtime, limit = LIMIT } = this.options;
    const signal = AbortSignal.timeout(limit);
    const lines: string[] = [];
    for await (const line of runtime.logs(instance, { tail: LINES, follow: false, signal })) lines.push(line.text);
    signal.throwIfAborted();
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

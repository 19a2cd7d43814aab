import type Docker from 'dockerode';
import { found } from './errors.ts';
import { inTime } from './limit.ts';
import type { InspectedContainer, ListedContainer } from './inspected.ts';

const PATIENCE = 5_000;
const ASK_AGAIN_AFTER = 30_000;

type Listed = Pick<ListedContainer, 'Id' | 'Names'>;

/**
 * Inspects containers. A start that hangs, on a dead volume, keeps its container from being inspected for as long, and so
 * does a copy out of it or into it.
 */
export class Inspector {
  private readonly docker: Docker;
  private readonly now: () => number;
  private readonly patience: number;
  /** By container: when it could not be inspected. */
  private readonly silentAt = new Map<string, number>();

  constructor(options: { docker: Docker; now: () => number; patience?: number }) {
    this.docker = options.docker;
    this.now = options.now;
    this.patience = options.patience ?? PATIENCE;
  }

  /** Undefined: it is gone. */
  async inspect({ Id, Names }: Listed, abortSignal: AbortSignal): Promise<InspectedContainer | undefined> {
    const answer = this.docker.getContainer(Id).inspect({ abortSignal });
    const attempt = `Inspecting ${Names?.[0]?.slice(1) ?? Id}`;
    const inspected = (await found(attempt, answer)) as InspectedContainer | undefined;
    this.silentAt.delete(Id);
    return inspected;
  }

  /** Something has happened to it, so that it can be asked again. */
  changed(id: string): void {
    this.silentAt.delete(id);
  }

  /** The same; `silent`: it takes too long, or did so a moment ago. */
  async tryToInspect(listed: Listed, signal: AbortSignal): Promise<InspectedContainer | undefined | 'silent'> {
    if (this.isSilent(listed.Id)) return 'silent';
    let limit: AbortSignal | undefined;
    try {
      return await inTime(this.patience, signal, (own) => this.inspect(listed, (limit = own)));
    } catch (error) {
      if (signal.aborted || limit?.aborted !== true) throw error;
      this.silentAt.set(listed.Id, this.now());
      return 'silent';
    }
  }

  private isSilent(id: string): boolean {
    return this.now() - (this.silentAt.get(id) ?? -Infinity) < ASK_AGAIN_AFTER;
  }
}

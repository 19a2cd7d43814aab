import type { Resources } from '../../src/core/model.ts';
import type { Instance, InstanceState, Run } from '../../src/core/observed.ts';
import type { LogLine, SlotSpec } from '../../src/core/ports.ts';
import type { Reason } from '../../src/core/reason.ts';
import { resourcesText } from '../../src/core/resources.ts';

/** What a container of an image does; every image does nothing special until a test says so. */
export interface ImageBehaviour {
  /** The process ends by itself this many milliseconds after each start. */
  readonly exitsAfter?: number;
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  /** Milliseconds after a start at which the command check passes; `never`: it fails. Default: at the first check. */
  readonly healthy?: number | 'never';
  /** Docker's words for a command that cannot be run. */
  readonly startError?: string;
  /** Ignores its stop signal, so that it ends with 137. */
  readonly stubborn?: boolean;
  readonly pullError?: { readonly reason: Reason; readonly message: string };
  /** What it prints at each start. */
  readonly prints?: readonly string[];
}

export interface MemoryImage {
  readonly id: string;
  readonly digest: string;
}

const FIRST_BACK_OFF = 100;
const LONGEST_BACK_OFF = 60_000;
/** Docker forgets the back-off of a container that ran this long. */
const STABLE_AFTER = 10_000;

/** One container as a state machine over time that is given from outside. */
export class MemoryContainer {
  readonly id: string;
  readonly name: string;
  readonly cluster: string;
  readonly slot: SlotSpec;
  readonly image: MemoryImage;
  readonly address: string;
  readonly createdAt: number;
  readonly logs: LogLine[] = [];
  readonly deviations: string[] = [];
  state: InstanceState = 'created';
  /** As a run that was ended before its own end. */
  wasEnded = false;
  restartPolicy: Instance['restartPolicy'];
  resources: Resources;
  discoverable: boolean;
  hostPorts: Instance['hostPorts'] = [];
  error: string | undefined;
  private readonly behaviour: () => ImageBehaviour;
  private restarts = 0;
  private backOff = FIRST_BACK_OFF;
  private resumesAt = 0;
  private exitCode: number | undefined;
  private oomKilled = false;
  private startedAt: number | undefined;
  private finishedAt: number | undefined;
  private health: Instance['health'] = 'none';

  constructor(made: {
    id: string;
    name: string;
    cluster: string;
    slot: SlotSpec;
    image: MemoryImage;
    address: string;
    now: number;
    behaviour: () => ImageBehaviour;
  }) {
    this.id = made.id;
    this.name = made.name;
    this.cluster = made.cluster;
    this.slot = made.slot;
    this.image = made.image;
    this.address = made.address;
    this.createdAt = made.now;
    this.restartPolicy = made.slot.retries ? 'on-failure' : made.slot.restart;
    this.discoverable = made.slot.discoverable && made.slot.container.healthCommand === undefined;
    this.resources = made.slot.resources;
    this.behaviour = made.behaviour;
  }

  /** It is a job's. */
  get isRun(): boolean {
    return this.slot.role === 'job';
  }

  /** Docker starts it with the engine although it has ended: it may be tried again. */
  get hasTriesLeft(): boolean {
    const { retries = 0 } = this.slot;
    const hasFailed = this.state === 'exited' && this.exitCode !== 0;
    return this.restartPolicy === 'on-failure' && hasFailed && this.restarts < retries;
  }

  /** Whether it holds its host ports. */
  get alive(): boolean {
    return this.state === 'running' || this.state === 'paused' || this.state === 'restarting';
  }

  /** Lives through everything that happens by itself up to `now`. */
  settle(now: number): void {
    for (;;) {
      const exitsAt = this.exitsAt();
      if (this.state === 'running' && exitsAt <= now) this.exit(exitsAt, this.behaviour().exitCode ?? 1);
      else if (this.state === 'restarting' && this.resumesAt <= now) this.resume();
      else break;
    }
    if (this.state === 'running') this.health = this.healthAt(now);
  }

  start(now: number): void {
    this.restarts = 0;
    this.backOff = FIRST_BACK_OFF;
    this.run(now);
  }

  fail(error: string): void {
    this.error = error;
    this.exitCode = 127;
  }

  stop(now: number): void {
    this.state = 'exited';
    this.exitCode = this.behaviour().stubborn === true ? 137 : 0;
    this.finishedAt = now;
    this.hostPorts = [];
  }

  /** The process ends by itself; the restart policy decides what follows. */
  exit(now: number, exitCode: number): void {
    this.exitCode = exitCode;
    this.oomKilled = this.behaviour().oomKilled ?? false;
    this.finishedAt = now;
    if (now - (this.startedAt ?? now) >= STABLE_AFTER) this.backOff = FIRST_BACK_OFF;
    const isSpent = this.restarts >= (this.slot.retries ?? Infinity);
    const again = this.restartPolicy !== 'no' && !(this.restartPolicy === 'on-failure' && (exitCode === 0 || isSpent));
    this.state = again ? 'restarting' : 'exited';
    if (!again) this.hostPorts = [];
    this.resumesAt = now + this.backOff;
    this.backOff = Math.min(this.backOff * 2, LONGEST_BACK_OFF);
  }

  toInstance(): Instance {
    const { service, release, slot, container } = this.slot;
    return {
      id: this.id,
      name: this.name,
      service,
      release,
      version: container.version,
      slot,
      spec: container,
      ...(this.slot.dependsOn && { dependsOn: this.slot.dependsOn }),
      state: this.state,
      health: this.health,
      ...(this.exitCode === undefined || this.state === 'running' ? {} : { exitCode: this.exitCode }),
      oomKilled: this.oomKilled,
      ...(this.error === undefined ? {} : { error: this.error }),
      restarts: this.restarts,
      createdAt: this.createdAt,
      ...(this.startedAt === undefined ? {} : { startedAt: this.startedAt }),
      ...(this.finishedAt === undefined ? {} : { finishedAt: this.finishedAt }),
      restartPolicy: this.restartPolicy,
      address: this.address,
      discoverable: this.discoverable,
      resources: this.resources,
      hostPorts: this.hostPorts,
      imageId: this.image.id,
      digest: this.image.digest,
      deviations: [...this.deviations],
    };
  }

  toRun(): Run {
    const { retries = 0, schedule, madeAt = this.createdAt } = this.slot;
    return {
      ...this.toInstance(),
      retries,
      stopped: this.wasEnded,
      madeAt,
      asked: resourcesText(this.slot.resources),
      ...(schedule !== undefined && { schedule }),
    };
  }

  private exitsAt(): number {
    const after = this.behaviour().exitsAfter;
    return after === undefined || this.startedAt === undefined ? Infinity : this.startedAt + after;
  }

  private resume(): void {
    this.restarts += 1;
    this.run(this.resumesAt);
  }

  private run(now: number): void {
    this.state = 'running';
    this.error = undefined;
    this.oomKilled = false;
    this.startedAt = now;
    this.health = this.healthAt(now);
    const at = new Date(now).toISOString();
    for (const text of this.behaviour().prints ?? []) this.logs.push({ at, stream: 'stdout', text });
  }

  private healthAt(now: number): Instance['health'] {
    const check = this.slot.container.healthCommand;
    if (check === undefined) return 'none';
    const running = now - (this.startedAt ?? now);
    const { healthy = check.interval } = this.behaviour();
    if (healthy !== 'never') return running >= healthy ? 'healthy' : 'starting';
    return running >= check.startPeriod + check.retries * check.interval ? 'unhealthy' : 'starting';
  }
}

import type Docker from 'dockerode';
import { request } from './errors.ts';

/** What of the engine's word about itself counts here. */
export interface EngineInfo {
  readonly Name: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly ServerVersion: string;
  /** That of containers which are not told to have another one. */
  readonly LoggingDriver: string;
  /** Where it keeps its data, on its own machine. */
  readonly DockerRootDir: string;
}

const LASTS = 60_000;

/** What the engine says of itself, asked for once a minute. */
export class EngineIdentity {
  private readonly docker: Docker;
  private readonly now: () => number;
  private known: { readonly at: number; readonly value: EngineInfo } | undefined;

  constructor(docker: Docker, now: () => number) {
    this.docker = docker;
    this.now = now;
  }

  async info(abortSignal?: AbortSignal): Promise<EngineInfo> {
    const now = this.now();
    if (this.known !== undefined && now - this.known.at < LASTS) return this.known.value;
    // The signal is missing from dockerode's types.
    const docker = this.docker as unknown as { info(options: object): Promise<EngineInfo> };
    const answer = docker.info(abortSignal === undefined ? {} : { abortSignal });
    const value = await request('Asking the engine about itself', 'start-failed', answer);
    this.known = { at: now, value };
    return value;
  }
}

import type Docker from 'dockerode';
import type { EngineIdentity } from './engine-info.ts';

/** How much of a container's log is kept. */
export interface LogLimits {
  /** Bytes of one file; 0: as the engine has it. */
  readonly maxSize: number;
  readonly maxFiles: number;
}

/** The driver that keeps everything for ever, where nobody tells it otherwise; others have their own way. */
const ENDLESS = 'json-file';

/** Docker's options for logs that do not fill the disk; undefined: what the engine does by itself. */
export async function logOptions(
  limits: LogLimits | undefined,
  engine: EngineIdentity,
): Promise<Docker.HostConfig['LogConfig']> {
  if (limits === undefined || limits.maxSize === 0) return undefined;
  const { LoggingDriver } = await engine.info();
  if (LoggingDriver !== ENDLESS) return undefined;
  return { Type: ENDLESS, Config: { 'max-size': String(limits.maxSize), 'max-file': String(limits.maxFiles) } };
}

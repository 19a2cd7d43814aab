import { userInfo } from 'node:os';
import { recordAsked } from '../app/asked.ts';
import type { Config } from '../config/config.ts';
import { clock } from './compose.ts';

/** Keeps what a person did, with who it was as far as the machine knows, until the reconciler tells of it. */
export async function recordByHand({ stateDir }: Config, object: string, message: string): Promise<void> {
  const at = clock.date().toISOString();
  await recordAsked(stateDir, { at, type: 'by-hand', object, message: `${userName()} ${message}` });
}

/** Not every user of a container has a name. */
function userName(): string {
  try {
    return process.env['SUDO_USER'] ?? userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? ''}`;
  }
}

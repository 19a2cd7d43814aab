import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { aptInstall } from '../../script/apt.mjs';

/** The clock of a machine as a process sees it: it can be put forward and back, time itself goes on as always. */
export interface MachineClock {
  /** For the environment of that process. */
  readonly env: Readonly<Record<string, string>>;
  /** By so many seconds, against the real one. */
  put(offset: number): Promise<void>;
}

const FOLDERS = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu'];
/** The loader of programs puts its own folder in. */
const LIBRARY = '/usr/$LIB/faketime/libfaketime.so.1';

/** `file`: where the offset is kept. */
export async function machineClock(file: string): Promise<MachineClock> {
  if (!FOLDERS.some((folder) => existsSync(`${folder}/faketime/libfaketime.so.1`)))
    await aptInstall(['libfaketime'], { log: console.error, why: 'A clock that jumps' });
  const put = (offset: number) => writeFile(file, `${offset < 0 ? '' : '+'}${offset}`);
  await put(0);
  return {
    env: {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    put,
  };
}

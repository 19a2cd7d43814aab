import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ROOT } from '../../script/setup.mjs';
import { dockerHost } from '../support/docker.ts';

/** Asks the engine for a sign of life, and prints what has been loaded for it. */
const PROGRAM = `
import { createRequire } from 'node:module';
import { openDocker } from './dist/docker/connect.js';
const answer = await openDocker(process.argv[1]).ping();
console.log(JSON.stringify({ answer: String(answer), loaded: Object.keys(createRequire(import.meta.url).cache) }));
`;

it('is the library, without what it loads for SSH and for builds', async () => {
  const args = ['--input-type=module', '--eval', PROGRAM, dockerHost()];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  const { answer, loaded } = JSON.parse(stdout) as { answer: string; loaded: string[] };
  expect(answer).toBe('OK');
  expect(loaded.filter((file) => file.includes('/dockerode/'))).not.toEqual([]);
  expect(loaded.filter((file) => /\/(ssh2|@grpc|protobufjs)\//.test(file))).toEqual([]);
});

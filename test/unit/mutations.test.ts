import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { read } from '../../script/run.mjs';

/** Whether they are caught is seen by npm run test:mutations; here, that they still fit. */

it.each(readdirSync('test/mutations'))('%s can be applied', async (patch) => {
  await expect(read('git', ['apply', '--check', `test/mutations/${patch}`])).resolves.toBe('');
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Scenario } from '../../support/scenario.ts';
import { sleeper, yaml } from '../../support/yaml.ts';
import { runs } from './runs.ts';

/** The status branch: for people to read, with one commit for one change, and safe from others who write to it. */

it.concurrent('is a page for people, and its log is the history', async () => {
  await using scenario = await Scenario.create();
  const broken = yaml(sleeper('api'), sleeper('big', { memory: '900G' }), sleeper('off', { enabled: false }));
  await scenario.repository.push({ 'app.yaml': broken }, 'Begin with `code` | and a pipe');
  scenario.run();
  await scenario.reports(
    'all is told',
    ({ unscheduled, services }) => unscheduled.length > 0 && services[0]?.state === 'steady',
  );
  const branch = `fairlead/${scenario.cluster}`;
  const page = (await scenario.repository.file(branch, 'STATUS.md')) ?? '';
  const lines = page.split('\n');
  expect(lines[0]).toBe(`# ${scenario.cluster}: 2 of 3 services steady; big unscheduled, 1 unscheduled`);
  expect(page).toMatch(/^Revision kept: `[0-9a-f]{10}` Begin with \\`code\\` \\\| and a pipe/m);
  expect(page).toMatch(/^\| api \| steady \| api@\w{7} \| 1 of 1 \| lab\/busybox:1 \|$/m);
  expect(page).toMatch(/^\| off \| disabled \| off@\w{7} \| 0 of 0 \| lab\/busybox:1 \|$/m);
  expect(page).toMatch(/^- `not-enough-memory` big: big does not fit on /m);
  expect(page).toMatch(/^- \S+Z api: started api@\w{7}, instance 1$/m);
  expect((await scenario.repository.subjects(branch))[0]).toBe(lines[0]?.slice(2));
  const author = await scenario.repository.origin.git('log', '-1', '--format=%an %ae', branch);
  expect(author.toLowerCase()).toContain('fairlead');
  const files = await scenario.repository.origin.git('ls-tree', '--name-only', branch);
  expect(files.trim().split('\n')).toEqual(['STATUS.md', 'status.json']);
});

it.concurrent('goes on top of what somebody else has pushed to it, and reacts to none of it', async () => {
  await using scenario = await Scenario.create();
  const branch = `fairlead/${scenario.cluster}`;
  await scenario.repository.push({ 'app.yaml': yaml(sleeper('web')) }, 'Begin');
  scenario.run();
  await runs(scenario, 1);
  await scenario.reports('there is a status', () => true);
  const { checkout, git, work } = scenario.repository.origin;
  await checkout('fetch', '--quiet', 'origin');
  await checkout('switch', '--quiet', '--create', 'theirs', `origin/${branch}`);
  await writeFile(join(work, 'note.txt'), 'I was here.');
  await checkout('add', 'note.txt');
  await checkout('commit', '--quiet', '--message', 'Not of Fairlead');
  await checkout('push', '--quiet', 'origin', `HEAD:${branch}`);
  const stranger = (await git('rev-parse', branch)).trim();
  await checkout('switch', '--quiet', 'main');
  const revision = await scenario.repository.push({ 'app.yaml': yaml(sleeper('web', { instances: 2 })) }, 'Grow');
  const status = await scenario.reports('it is told', (each) => each.revision.applied === revision);
  expect(status.ready).toBe(true);
  expect((await git('rev-list', branch)).split('\n')).toContain(stranger);
  expect(await git('ls-tree', '--name-only', branch)).toBe('STATUS.md\nstatus.json\n');
  expect(await scenario.runningIds()).toHaveLength(2);
});

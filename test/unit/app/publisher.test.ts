import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal } from '../../../src/app/journal.ts';
import { Publisher } from '../../../src/app/publisher.ts';
import { ReasonError } from '../../../src/core/reason.ts';
import type { StatusReport } from '../../../src/core/status/status.ts';
import { NOW, reportOf } from '../../support/decisions.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { service } from '../../support/manifests.ts';
import { MemoryRepository } from '../../support/memory-repository.ts';
import { until } from '../../support/until.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const { signal } = new AbortController();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let clock: VirtualClock;
let repository: MemoryRepository;
let journal: Journal;
let publisher: Publisher;
let woken: number;
beforeEach(async () => {
  folder = await temporaryFolder();
  clock = new VirtualClock(NOW);
  repository = new MemoryRepository();
  journal = new Journal(clock, () => undefined);
  woken = 0;
  publisher = publisherOf(true);
});
afterEach(async () => await folder[Symbol.asyncDispose]());

function publisherOf(enabled: boolean): Publisher {
  const wake = () => void (woken += 1);
  return new Publisher({ repository, clock, journal, stateDir: join(folder.path, 'state'), enabled, wake });
}

/** A status whose meaning is the name of its only service. */
function statusOf(name: string, now = NOW): StatusReport {
  return reportOf({ wanted: [service({ name })], now });
}

/** Offers it, and gives in how many seconds it wants to be offered again. */
function offer(status: StatusReport): number | undefined {
  const due = publisher.offer(status, signal);
  return due === undefined ? undefined : (due - clock.now()) / 1000;
}

/** Offers it and waits until it has been published; what is published once is not published again. */
async function publish(status: StatusReport): Promise<void> {
  await soon('it is taken', () => offer(status) === undefined);
  await publisher.flush(status, signal);
}

/** Offers it until it is taken, and waits until that has failed. */
async function failToPublish(status: StatusReport): Promise<void> {
  await soon('it is taken', () => offer(status) === undefined);
  const name = status.services[0]?.name;
  await soon('the failure is kept', async () => {
    const { services, problems } = await kept().catch(() => ({ services: [], problems: [] }));
    return services[0]?.name === name && problems.length > 0;
  });
  await soon('it has ended', () => offer(status) !== Infinity);
}

async function soon(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  await until(what, async () => await condition(), { within: 5_000, every: 2 });
}

function subjects(): string[] {
  return repository.published.map(({ message }) => message.split('\n')[0] ?? '');
}

async function kept(): Promise<StatusReport> {
  return JSON.parse(await readFile(join(folder.path, 'state', 'status.json'), 'utf8')) as StatusReport;
}

describe('a status', () => {
  it('is published for people and for programs, with its verdict and its revision', async () => {
    await publish(statusOf('web'));
    const [{ files, message } = { files: {}, message: '' }] = repository.published;
    expect(message).toBe('demo: 0 of 1 services steady; web unknown\n\nRevision: c0ffee\n');
    expect(Object.keys(files)).toEqual(['STATUS.md', 'status.json']);
    expect(files['STATUS.md']).toContain('# demo: 0 of 1');
    expect(JSON.parse(files['status.json'] ?? '')).toEqual(statusOf('web'));
  });

  it('is kept in the state directory for its owner alone', async () => {
    await publish(statusOf('web'));
    expect(await kept()).toEqual(statusOf('web'));
    expect((await stat(join(folder.path, 'state', 'status.json'))).mode & 0o777).toBe(0o600);
  });

  it('is published once for each meaning', async () => {
    await publish(statusOf('web'));
    clock.advance(60_000);
    await publish(statusOf('web', clock.now()));
    expect(repository.published).toHaveLength(1);
    await publish(statusOf('api'));
    expect(repository.published).toHaveLength(2);
  });

  it('is published ten seconds after the last one at the earliest', async () => {
    await publish(statusOf('web'));
    clock.advance(3_000);
    expect(offer(statusOf('api'))).toBe(7);
    clock.advance(6_999);
    expect(offer(statusOf('api'))).toBe(0.001);
    clock.advance(1);
    await publish(statusOf('api'));
    expect(subjects()).toEqual([expect.stringContaining('web'), expect.stringContaining('api')]);
  });

  it('is published sixty times an hour at most, and what holds in the end is told', async () => {
    const end = clock.now() + 3_600_000;
    let last = statusOf('web');
    for (let count = 0; clock.now() < end; count++) {
      last = statusOf(`s${count % 100}`);
      if (offer(last) === undefined) await publisher.flush(last, signal);
      clock.advance(10_000);
    }
    expect(repository.published.length).toBeGreaterThan(50);
    expect(repository.published.length).toBeLessThanOrEqual(60);
    const wait = offer(last) ?? 0;
    expect(wait).toBeLessThanOrEqual(120);
    clock.advance(wait * 1000);
    await publish(last);
    expect(subjects().at(-1)).toContain(last.services[0]?.name);
  });

  it('waits while another one is being published', async () => {
    let finish: (() => void) | undefined;
    repository.beforePublish = () => new Promise((resolve) => (finish = resolve));
    offer(statusOf('web'));
    await soon('it is being published', () => finish !== undefined);
    clock.advance(30_000);
    expect(offer(statusOf('api'))).toBe(Infinity);
    expect(woken).toBe(0);
    repository.beforePublish = () => Promise.resolve();
    finish?.();
    await soon('it asks for the newer one', () => woken === 1);
    await publish(statusOf('api'));
    expect(repository.published).toHaveLength(2);
  });

  it('stays in the state directory where it is not to be published', async () => {
    publisher = publisherOf(false);
    await publish(statusOf('web'));
    expect(repository.published).toEqual([]);
    expect((await kept()).services[0]?.name).toBe('web');
  });

  it('is published at once where it is the last word of the process', async () => {
    await publish(statusOf('web'));
    await publisher.flush(statusOf('api'), signal);
    expect(repository.published).toHaveLength(2);
  });
});

describe('a status that cannot be published', () => {
  beforeEach(() => (repository.error = new ReasonError('auth-failed', 'wrong password')));

  it('is kept in the state directory with the reason, which is not published later', async () => {
    await failToPublish(statusOf('web'));
    const problem = { layer: 'git', reason: 'auth-failed', message: 'The status was not published: wrong password' };
    expect(await kept()).toMatchObject({ ready: false, problems: [problem] });
    expect(journal.list()).toMatchObject([{ type: 'failed', object: 'cluster', message: problem.message }]);
    repository.error = undefined;
    clock.advance(20_000);
    await publish(statusOf('web'));
    expect(JSON.parse(repository.published[0]?.files['status.json'] ?? '')).toMatchObject({ problems: [] });
    expect((await kept()).problems).toEqual([]);
  });

  it('is offered less and less often, up to every ten minutes', async () => {
    const gaps: (number | undefined)[] = [];
    for (let count = 0; count < 8; count++) {
      await failToPublish(statusOf(`s${count}`));
      gaps.push(offer(statusOf('web')));
      clock.advance(600_000);
    }
    expect(gaps).toEqual([20, 40, 80, 160, 320, 600, 600, 600]);
  });

  it('need not wait for long any more where the remote answers again, and once it has been published', async () => {
    await failToPublish(statusOf('web'));
    publisher.hasten();
    expect(offer(statusOf('web'))).toBe(10);
    repository.error = undefined;
    clock.advance(10_000);
    await publish(statusOf('web'));
    expect(offer(statusOf('api'))).toBe(10);
  });

  it('does not end the process, also where nothing can be written', async () => {
    await writeFile(join(folder.path, 'state'), 'in the way');
    await publisher.flush(statusOf('web'), signal);
    expect(journal.list()[0]?.message).toMatch(/^The status was not published: /);
  });
});

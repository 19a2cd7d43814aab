import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readLastGood, readLastStatus } from '../../../src/app/source.ts';
import type { Manifest } from '../../../src/core/model.ts';
import { ReasonError } from '../../../src/core/reason.ts';
import type { StatusReport } from '../../../src/core/status/status.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { loadBalancer, service } from '../../support/manifests.ts';
import type { MemoryEngine } from '../../support/memory-engine.ts';
import { MemoryRepository } from '../../support/memory-repository.ts';
import { Running } from '../../support/running.ts';

const HOUR = 3_600_000;
const problem = { layer: 'validation', reason: 'schema', message: 'no such field', file: 'web.yaml', line: 3 } as const;
const away = new ReasonError('unreachable', 'no route to host');
const valid = (...manifests: Manifest[]) => ({ manifests, problems: [], warnings: [] });

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let repository: MemoryRepository;
let running: Running;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.UTC(2026, 10, 21) });
  folder = await temporaryFolder();
  repository = new MemoryRepository();
  repository.push('one');
});
afterEach(async () => {
  await running.end();
  vi.useRealTimers();
  await folder[Symbol.asyncDispose]();
});

function start(interval = 30_000, earlier: { engine?: MemoryEngine; lastStatus?: StatusReport } = {}): Running {
  const manifests = new Map([
    ['one', valid(service(), loadBalancer())],
    ['two', valid(service({ instances: 2 }), loadBalancer())],
    ['new', valid(service({ container: { image: 'web:v2' } }), loadBalancer())],
    ['more', valid(service(), service({ name: 'api', container: { image: 'web:v2' } }), loadBalancer())],
    ['bad', { ...valid(), problems: [problem, problem] }],
  ]);
  running = new Running({ stateDir: folder.path, interval, repository, manifests, ...earlier });
  return running;
}

async function started(interval?: number): Promise<Running> {
  start(interval);
  await running.until(() => running.status?.ready);
  return running;
}

function up(): number {
  return [...running.engine.containers.values()].filter((each) => each.alive).length;
}

/** How often the repository is looked at in this many seconds. */
async function pullsIn(seconds: number): Promise<number> {
  const before = repository.pulls;
  await running.wait(seconds * 1000);
  return repository.pulls - before;
}

describe('a new commit', () => {
  it('is brought to the engine and reported on, without a look at a clock in between', async () => {
    start(HOUR);
    const took = await running.until(() => running.status?.ready);
    expect(took).toBeLessThan(30_000);
    expect(running.status).toMatchObject({
      revision: { applied: 'one', tried: 'one' },
      services: [{ state: 'steady' }],
    });
    expect(running.events).toContain('took one one');
  });

  it('is seen within the interval', async () => {
    await started(30_000);
    repository.push('two');
    const took = await running.until(() => up() === 2);
    expect(took).toBeGreaterThan(1_000);
    expect(took).toBeLessThan(31_000);
  });

  it('is seen at once by who is told', async () => {
    await started(HOUR);
    repository.push('two');
    running.loop.lookAtRepository();
    expect(await running.until(() => up() === 2)).toBeLessThan(500);
  });

  it('that is refused changes nothing, and is told with its place', async () => {
    await started();
    const before = running.engine.mutations.length;
    repository.push('bad');
    running.loop.lookAtRepository();
    await running.until(() => running.status?.revision.tried === 'bad');
    expect(running.status).toMatchObject({ ready: false, problems: [problem, problem], revision: { lastGood: 'one' } });
    expect(running.events).toContain('refused bad bad: web.yaml:3:1: no such field (and 1 more)');
    expect(running.engine.mutations.slice(before)).toEqual([]);
  });
});

describe('without any valid revision', () => {
  it('nothing is done, and what is wrong is told', async () => {
    repository.push('bad');
    start();
    await running.until(() => running.status);
    expect(running.status).toMatchObject({ ready: false, problems: [problem, problem], services: [] });
    expect(running.engine.mutations).toEqual([]);
  });

  it('what runs already goes on', async () => {
    const { engine } = await started();
    await running.end();
    await rm(join(folder.path, 'last-good.json'));
    repository.push('bad');
    const before = engine.mutations.length;
    start(30_000, { engine });
    await running.wait(60_000);
    expect(up()).toBe(1);
    expect(engine.mutations.slice(before)).toEqual([]);
  });
});

describe('while the repository is away', () => {
  it('what runs is kept as it is to be, and the reason is told', async () => {
    await started(5_000);
    repository.error = away;
    await running.until(() => running.events.includes('no route to host'));
    running.engine.remove([...running.engine.containers.keys()][0] ?? '');
    expect(await running.until(() => up() === 1)).toBeLessThan(2_000);
  });

  it('it is asked less and less often, and then as often as before', async () => {
    await started(1_000);
    expect(await pullsIn(10)).toBe(10);
    repository.error = away;
    await pullsIn(2);
    expect(await pullsIn(300)).toBeLessThan(15);
    repository.error = undefined;
    await running.until(() => running.status?.ready);
    await pullsIn(60);
    expect(await pullsIn(10)).toBe(10);
  });

  it('a new process goes on with what the one before has kept', async () => {
    await started();
    await running.end();
    repository.error = away;
    start();
    await running.until(() => up() === 1);
    expect(await readLastGood(folder.path, 'demo')).toMatchObject({ revision: { id: 'one' } });
  });
});

describe('the engine', () => {
  it('wakes the loop: drift is healed in about a second, however long the interval is', async () => {
    await started(HOUR);
    await running.wait(120_000);
    running.engine.remove([...running.engine.containers.keys()][0] ?? '');
    expect(await running.until(() => up() === 1)).toBeLessThan(1_000);
  });

  it('is looked at in full every ten minutes, and when events were missed', async () => {
    await started(5_000);
    const { sweeps } = running.runtime;
    await running.wait(60_000);
    expect(running.runtime.sweeps).toBe(sweeps);
    running.engine.breakEvents();
    await running.wait(100);
    expect(running.runtime.sweeps).toBe(sweeps + 1);
    await running.wait(605_000);
    expect(running.runtime.sweeps).toBe(sweeps + 2);
  });

  it('that is away is asked less and less often, and nothing else ends', async () => {
    await started(5_000);
    running.engine.reachable = false;
    await running.until(() => running.status?.problems.some((each) => each.reason === 'engine-unreachable'));
    expect(running.status).toMatchObject({ ready: false, services: [{ name: 'web' }] });
    await running.until(() => !running.pulse.isWell());
    running.engine.reachable = true;
    const took = await running.until(() => running.events.includes('the engine answers again'));
    expect(took).toBeGreaterThan(1_000);
    expect(took).toBeLessThanOrEqual(30_000);
    await running.until(() => running.status?.ready);
    expect(running.pulse.isWell()).toBe(true);
  });

  it.each([false, true])(
    'that was never seen is told to be away; an earlier process has told of it: %s',
    async (told) => {
      const { engine } = await started();
      await running.end();
      const lastStatus = told ? await readLastStatus(folder.path, 'demo') : undefined;
      engine.reachable = false;
      start(30_000, { engine, ...(lastStatus && { lastStatus }) });
      await running.until(() => running.status?.ready === false);
      expect(running.status?.problems.map((each) => each.reason)).toEqual(['engine-unreachable']);
      expect(running.status?.services.map((each) => each.state)).toEqual(told ? ['steady'] : []);
      engine.reachable = true;
      await running.until(() => running.status?.ready);
      expect(running.status?.problems).toEqual([]);
    },
  );

  it('is left alone while all is steady', async () => {
    await started(60_000);
    await running.wait(20_000);
    const { mutations, observations } = running.engine;
    const before = [mutations.length, observations];
    await running.wait(300_000);
    expect(running.engine.mutations.length).toBe(before[0]);
    expect(running.engine.observations - (before[1] ?? 0)).toBeLessThanOrEqual(10);
  });
});

describe('while something waits', () => {
  /** How often the engine is looked at in the minute after the next one. */
  async function looks(): Promise<number> {
    await running.wait(60_000);
    const before = running.engine.observations;
    await running.wait(60_000);
    return running.engine.observations - before;
  }

  async function update(revision = 'new'): Promise<void> {
    repository.push(revision);
    running.loop.lookAtRepository();
    await running.until(() => running.events.includes(`took ${revision} ${revision}`));
  }

  it('for an image that is missing, the engine is asked less and less often', async () => {
    await started();
    const pullError = { reason: 'image-not-found', message: 'no such image' } as const;
    running.engine.behave('web:v2', { pullError });
    await update();
    expect(await looks()).toBeLessThanOrEqual(8);
    expect(running.status?.services[0]?.problem?.reason).toBe('image-not-found');
  });

  it('for a balancer that does not answer, it is asked less and less often, and told at once when it does', async () => {
    await started();
    const { balancer } = running;
    const asked: number[] = [];
    const observe = balancer.observe.bind(balancer);
    balancer.observe = () => {
      asked.push(Date.now());
      return observe();
    };
    balancer.answers = false;
    await update();
    await running.wait(60_000);
    asked.length = 0;
    await running.wait(60_000);
    expect(asked.length).toBeLessThanOrEqual(4);
    balancer.answers = true;
    expect(await running.until(() => running.status?.ready)).toBeLessThan(35_000);
  });

  it('for what has failed, a newer commit has it tried at once', async () => {
    await started();
    running.balancer.problem = { reason: 'config-rejected', message: 'no such word' };
    await update();
    await running.wait(100_000);
    running.balancer.problem = undefined;
    await update('two');
    expect(await running.until(() => running.status?.ready && up() === 2)).toBeLessThan(10_000);
  });

  it('for a pull that takes its time, the engine is asked less and less often, and its end is seen at once', async () => {
    await started();
    const pull = { end: (): void => undefined };
    running.engine.beforeMutation = (mutation) =>
      mutation.startsWith('pull') ? new Promise((resolve) => (pull.end = resolve)) : undefined;
    await update();
    expect(await looks()).toBeLessThanOrEqual(8);
    pull.end();
    expect(await running.until(() => up() === 2)).toBeLessThan(1_000);
  });

  it('what the engine tells in the middle of a pass is acted on by the next one', async () => {
    await started();
    running.engine.beforeMutation = (mutation) =>
      mutation.startsWith('pull') ? new Promise(() => undefined) : undefined;
    await update('more');
    await running.wait(40_000);
    const { engine, balancer } = running;
    const removed = { at: Infinity };
    const observe = balancer.observe.bind(balancer);
    balancer.observe = async () => {
      balancer.observe = observe;
      const seen = await observe();
      engine.remove([...engine.containers.keys()][0] ?? '');
      removed.at = Date.now();
      return seen;
    };
    await running.until(() => removed.at < Infinity && up() === 1);
    expect(Date.now() - removed.at).toBeLessThan(1_000);
  });

  it('its time is kept: a release that does not get ready is given up when it is due', async () => {
    await started();
    running.balancer.failingImages.add('web:v2');
    await update();
    await running.until(() => up() === 2);
    const took = await running.until(() => running.status?.services[0]?.state === 'rolled-back');
    expect(took).toBeGreaterThan(59_000);
    expect(took).toBeLessThan(72_000);
  });
});

describe('the end of the process', () => {
  it('leaves everything as it is, and its last word is published', async () => {
    await started();
    repository.push('bad');
    running.loop.lookAtRepository();
    await running.wait(50);
    await running.end();
    expect(up()).toBe(1);
    expect(running.status?.revision.tried).toBe('bad');
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { Executor } from '../../../src/app/execute.ts';
import { Journal } from '../../../src/app/journal.ts';
import type { Instance } from '../../../src/core/observed.ts';
import { EMPTY_TABLE } from '../../../src/core/routing.ts';
import { ReasonError } from '../../../src/core/reason.ts';
import type { Step } from '../../../src/core/rollout/steps.ts';
import { MemoryBalancer } from '../../support/memory-balancer.ts';
import { MemoryEngine } from '../../support/memory-engine.ts';
import { MemoryRuntime } from '../../support/memory-runtime.ts';
import { containerSpec, slotSpec } from '../../support/specs.ts';
import { settled } from '../../support/world.ts';

const container = containerSpec({ image: 'web:v1' });
const networks: Step = { do: 'networks', names: ['default'] };
const route: Step = { do: 'route', table: EMPTY_TABLE };

let engine: MemoryEngine;
let runtime: MemoryRuntime;
let journal: Journal;
let executor: Executor;
let wakes: number;
/** Mutating calls that wait until they are let go, by their first words. */
let held: Map<string, () => void>;
/** For what takes long, or hangs. */
let waits: { readonly duration: number; readonly end: () => void }[];
beforeEach(() => {
  waits = [];
  engine = new MemoryEngine();
  runtime = new MemoryRuntime(engine);
  journal = new Journal(engine.clock, () => undefined);
  wakes = 0;
  held = new Map();
  executor = new Executor({
    runtime,
    balancer: new MemoryBalancer(engine),
    journal,
    wake: () => (wakes += 1),
    sleep: (duration) => new Promise((end) => waits.push({ duration, end })),
  });
});

const pull = (release: string, image = 'web:v1'): Step => ({
  do: 'pull',
  service: 'web',
  release,
  image,
  policy: 'missing',
});
const ensure = (slot: number): Step => ({ do: 'ensure', slot: slotSpec({ container, slot }) });
const stop = (instance: Instance): Step => ({ do: 'stop', instance, mark: false, because: 'not wanted' });
const execute = (...steps: Step[]) => executor.execute(steps, new AbortController().signal);

/** Ends waits of so many milliseconds and less. */
function tire(duration = Infinity): void {
  const ending = waits.filter((each) => each.duration <= duration);
  waits = waits.filter((each) => each.duration > duration);
  for (const { end } of ending) end();
}

/** Lets these calls wait, until `held` lets them go. */
function hold(...verbs: string[]): void {
  engine.beforeMutation = async (mutation) => {
    if (verbs.includes(mutation.split(' ')[0] ?? '')) await new Promise<void>((go) => held.set(mutation, go));
  };
}

async function letGo(mutation: string): Promise<void> {
  held.get(mutation)?.();
  await settled();
}

async function startWeb(): Promise<Instance> {
  await runtime.pull('web:v1', 'missing');
  await runtime.ensure(slotSpec({ container }));
  const [instance] = (await runtime.observe()).instances;
  if (instance === undefined) throw new Error('web was not started');
  return instance;
}

function messages(): string[] {
  return journal.list().map((each) => each.message);
}

describe('short steps', () => {
  it('are done when the pass is, the networks before all others', async () => {
    await runtime.pull('web:v1', 'missing');
    const { results, begun } = await execute(ensure(1), ensure(2), networks);
    expect(results.map(({ status, step }) => `${step.do} ${status}`)).toEqual([
      'networks done',
      'ensure done',
      'ensure done',
    ]);
    expect(begun).toBe(3);
    expect(engine.mutations.slice(0, 2)).toEqual(['pull web:v1', 'network default']);
    expect(executor.isBusy).toBe(false);
  });

  it('are told once they are done', async () => {
    await runtime.pull('web:v1', 'missing');
    await execute(ensure(1));
    expect(messages()).toEqual(['started web@1a2b3c4, instance 1']);
  });

  it('that fail do not keep the others from being done', async () => {
    engine.behave('web:v1', { startError: 'no such file' });
    await runtime.pull('web:v1', 'missing');
    const { results } = await execute(ensure(1), networks);
    expect(results.map((each) => each.status)).toEqual(['done', 'failed']);
    expect(results[1]).toMatchObject({
      problem: { layer: 'container', reason: 'start-failed', object: 'web', message: /no such file/ },
    });
    expect(journal.list()[0]).toMatchObject({ type: 'failed', object: 'web' });
  });

  it('that fail for an unknown reason keep the words of the error', async () => {
    engine.beforeMutation = () => Promise.reject(new TypeError('x is not a function'));
    const { results } = await execute(networks);
    expect(results).toMatchObject([{ problem: { reason: 'start-failed', message: 'x is not a function' } }]);
    expect(results[0]).not.toHaveProperty('problem.object');
    expect(journal.list()[0]?.object).toBe('cluster');
  });

  it('are eight at a time', async () => {
    await runtime.pull('web:v1', 'missing');
    hold('create');
    const pass = execute(...Array.from({ length: 10 }, (_, index) => ensure(index + 1)));
    await settled();
    expect(held.size).toBe(8);
    for (const mutation of [...held.keys()]) await letGo(mutation);
    for (const mutation of [...held.keys()]) await letGo(mutation);
    expect((await pass).results).toHaveLength(10);
  });
});

describe('a short step that hangs', () => {
  const hang = async (verb: string, ...steps: Step[]) => {
    hold(verb);
    const pass = execute(...steps);
    await settled();
    tire();
    return await pass;
  };

  it('goes on beside the passes after a while, and how it ended is told later', async () => {
    await runtime.pull('web:v1', 'missing');
    const { results, begun } = await hang('start', networks, ensure(1));
    expect(results.map(({ step }) => step)).toEqual([networks]);
    expect({ begun, busy: executor.isBusy, working: executor.working }).toEqual({
      begun: 2,
      busy: true,
      working: [ensure(1)],
    });
    expect(await execute(ensure(1))).toEqual({ results: [], begun: 0 });
    expect(wakes).toBe(0);
    await letGo([...held.keys()][0] ?? '');
    expect(wakes).toBe(1);
    // Nobody has acted on its end yet.
    expect(executor.isBusy).toBe(true);
    expect(executor.takeEnded()).toEqual([{ status: 'done', step: ensure(1) }]);
    expect(executor.isBusy).toBe(false);
  });

  it('leaves its place to the next one', async () => {
    await runtime.pull('web:v1', 'missing');
    const pass = hang('create', ...Array.from({ length: 10 }, (_, index) => ensure(index + 1)));
    await settled();
    await settled();
    expect(held.size).toBe(10);
    tire();
    expect((await pass).results).toEqual([]);
  });

  it('that waits for its turn is given up where it is not wanted any more', async () => {
    await runtime.pull('web:v1', 'missing');
    const steps = Array.from({ length: 10 }, (_, index) => ensure(index + 1));
    hold('create');
    const pass = execute(...steps);
    await settled();
    tire(1_000);
    await pass;
    expect(executor.working).toHaveLength(10);
    await execute(...steps.slice(1, 9));
    await settled();
    expect(executor.working).toEqual(steps.slice(0, 9));
    tire();
    await settled();
    expect([...held.keys()].map((each) => each.split('-').at(-1))).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
      '8',
      '9',
    ]);
  });

  it('comes after those that end what has begun', async () => {
    const instance = await startWeb();
    hold('create', 'update');
    const steps = Array.from({ length: 10 }, (_, index) => ensure(index + 2));
    const update: Step = { do: 'update', instance, restart: 'always' };
    void execute(...steps, update);
    await settled();
    await letGo([...held.keys()][0] ?? '');
    expect([...held.keys()].at(-1)).toBe(`update ${instance.name}`);
  });

  it('is left alone at the end of the process', async () => {
    await runtime.pull('web:v1', 'missing');
    await hang('start', ensure(1));
    const closing = executor.close();
    tire();
    await closing;
    expect(executor.takeEnded()).toEqual([]);
  });
});

describe('long steps', () => {
  it('run beside the passes, and wake the loop at their end', async () => {
    hold('pull');
    const { results, begun } = await execute(pull('1a2b3c4'));
    expect({ results, begun, busy: executor.isBusy, wakes }).toEqual({ results: [], begun: 1, busy: true, wakes: 0 });
    expect(executor.working).toEqual([pull('1a2b3c4')]);
    expect(executor.takeEnded()).toEqual([]);
    await letGo('pull web:v1');
    expect({ busy: executor.isBusy, wakes }).toEqual({ busy: true, wakes: 1 });
    const image = { ...engine.registryImage('web:v1'), isNew: true };
    expect(executor.takeEnded()).toEqual([{ status: 'done', step: pull('1a2b3c4'), image }]);
    expect(executor.isBusy).toBe(false);
    expect(executor.takeEnded()).toEqual([]);
    expect(messages()).toEqual(['pulled web:v1', 'pulling web:v1']);
  });

  it('that pull do not wait for networks', async () => {
    hold('network');
    const executing = execute(networks, pull('1a2b3c4'));
    await settled();
    expect(executor.takeEnded().map(({ step }) => step)).toEqual([pull('1a2b3c4')]);
    await letGo('network default');
    expect((await executing).results.map(({ step }) => step)).toEqual([networks]);
  });

  it('that fail say why at their end', async () => {
    engine.behave('web:v1', { pullError: { reason: 'registry-unauthorized', message: 'log in first' } });
    await execute(pull('1a2b3c4'));
    await settled();
    expect(executor.takeEnded()).toMatchObject([
      { status: 'failed', problem: { layer: 'image', reason: 'registry-unauthorized', message: 'log in first' } },
    ]);
  });

  it('keep another step from their object until their end is known', async () => {
    const instance = await startWeb();
    hold('stop');
    await execute(stop(instance));
    const remove: Step = { do: 'remove', instance, because: 'not wanted' };
    expect(await execute(remove)).toMatchObject({ begun: 0 });
    await letGo(`stop ${instance.name}`);
    expect(await execute(remove)).toMatchObject({ begun: 0 });
    executor.takeEnded();
    expect(await execute(remove)).toMatchObject({ begun: 1 });
    expect(engine.containers.size).toBe(0);
  });

  it('on one object are begun one by one, the first of them first', async () => {
    const instance = await startWeb();
    const unpause: Step = { do: 'unpause', instance, because: 'it was paused' };
    expect((await execute(stop(instance), unpause)).begun).toBe(1);
    expect(engine.mutations.at(-1)).toBe(`stop ${instance.name}`);
  });

  it('that pull are four at a time, and hold up no stop', async () => {
    const instance = await startWeb();
    hold('pull', 'stop');
    const images = Array.from({ length: 6 }, (_, index) => pull(`r${index}`, `image:${index}`));
    await execute(...images, stop(instance));
    await settled();
    expect([...held.keys()].filter((each) => each.startsWith('pull'))).toHaveLength(4);
    expect(held.has(`stop ${instance.name}`)).toBe(true);
  });

  it('that stop are ten at a time, but for those that take long', async () => {
    const instance = await startWeb();
    const instances = Array.from({ length: 12 }, (_, index) => ({ ...instance, slot: index + 1 }));
    let begun = 0;
    runtime.stop = () => {
      begun += 1;
      return new Promise(() => undefined);
    };
    await execute(...instances.map(stop));
    await settled();
    expect(begun).toBe(10);
    tire();
    await settled();
    expect(begun).toBe(12);
  });

  it('that tell the balancer its table are told at their end alone', async () => {
    await execute(route);
    await settled();
    expect(messages()).toEqual(['told the balancer whom to check; it leads nowhere']);
  });
});

describe('a pull that is not wanted any more', () => {
  it('is given up without a word, and the next one for its release begins at once', async () => {
    hold('pull');
    await execute(pull('1a2b3c4'), pull('5d6e7f8', 'web:v2'));
    await execute(pull('5d6e7f8', 'web:v2'));
    engine.beforeMutation = () => Promise.reject(new ReasonError('pull-failed', 'aborted'));
    await letGo('pull web:v1');
    await letGo('pull web:v2');
    expect(executor.takeEnded().map(({ step }) => step)).toEqual([pull('5d6e7f8', 'web:v2')]);
    expect(messages()).not.toContain('aborted');
    expect(executor.isBusy).toBe(false);
  });

  it('ends nothing else: a stop goes on', async () => {
    const instance = await startWeb();
    hold('stop');
    await execute(stop(instance));
    await execute();
    await letGo(`stop ${instance.name}`);
    expect(executor.takeEnded()).toMatchObject([{ status: 'done' }]);
  });
});

it('the end of the process waits for what it has begun', async () => {
  hold('pull');
  await execute(pull('1a2b3c4'));
  let isClosed = false;
  const closing = executor.close().then(() => (isClosed = true));
  await settled();
  expect(isClosed).toBe(false);
  await letGo('pull web:v1');
  await closing;
  expect(executor.takeEnded()).toEqual([]);
});

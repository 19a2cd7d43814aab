import type Docker from 'dockerode';
import { beforeEach, describe, expect, it } from 'vitest';
import { Addresses } from '../../../src/docker/networks/addresses.ts';
import type { InspectedHostConfig, ListedContainer } from '../../../src/docker/inspected.ts';
import { LABEL } from '../../../src/docker/labels.ts';
import { Networks } from '../../../src/docker/networks/networks.ts';
import { EngineIdentity } from '../../../src/docker/engine-info.ts';
import { Observer } from '../../../src/docker/observer.ts';
import { createOptions } from '../../../src/docker/options.ts';
import { containerSpec, slotSpec } from '../../support/specs.ts';

const CONTAINER = containerSpec({ image: 'web:v1' });
const NEVER = '0001-01-01T00:00:00Z';

/** An engine that answers what it is asked, but for containers whose lock something holds. */
class FakeEngine {
  readonly locked = new Set<string>();
  readonly asked: string[] = [];
  private readonly containers = new Map<string, ListedContainer>();

  add(slot: number, State: string, cluster = 'demo'): void {
    const Labels = { ...this.optionsOf(slot).Labels, [LABEL.cluster]: cluster };
    const id = String(slot);
    this.containers.set(id, { Id: id, Names: [`/web-${slot}`], State, Status: State, Labels });
  }

  /** What the observer uses of dockerode. */
  get docker(): Docker {
    return {
      listContainers: () => Promise.resolve([...this.containers.values()]),
      listNetworks: () => Promise.resolve([]),
      info: () => Promise.resolve({ Name: 'fake', NCPU: 2, MemTotal: 1, ServerVersion: '29' }),
      getImage: () => ({ inspect: () => Promise.resolve({ Id: 'sha256:1' }) }),
      getContainer: (id: string) => ({ inspect: (options: { abortSignal: AbortSignal }) => this.inspect(id, options) }),
    } as unknown as Docker;
  }

  private async inspect(id: string, { abortSignal }: { abortSignal: AbortSignal }): Promise<object> {
    this.asked.push(id);
    if (this.locked.has(id))
      await new Promise((_, fail) => abortSignal.addEventListener('abort', () => fail(new Error('aborted'))));
    const { HostConfig, ...Config } = this.optionsOf(Number(id));
    return {
      Id: id,
      Name: `/web-${id}`,
      Created: NEVER,
      Image: 'sha256:1',
      RestartCount: 0,
      State: { Status: this.containers.get(id)?.State, Error: '', StartedAt: NEVER, FinishedAt: NEVER },
      Config,
      HostConfig: HostConfig as InspectedHostConfig,
      NetworkSettings: {},
    };
  }

  private optionsOf(slot: number) {
    return createOptions(slotSpec({ container: CONTAINER, slot }), {
      cluster: 'demo',
      network: 'f00',
      address: '10.0.0.2',
    });
  }
}

describe('a container that cannot be inspected', () => {
  let engine: FakeEngine;
  let observer: Observer;
  let now: number;
  const observed = async () => (await observer.observe({})).instances.map(({ slot, state }) => `${slot} ${state}`);

  beforeEach(() => {
    engine = new FakeEngine();
    now = 0;
    const { docker } = engine;
    const networks = new Networks(docker, 'demo');
    observer = new Observer({
      docker,
      engine: new EngineIdentity(docker, () => now),
      disk: { look: () => Promise.resolve(undefined) },
      cluster: 'demo',
      capabilities: [],
      networks,
      addresses: new Addresses(() => now),
      now: () => now,
      patience: 20,
    });
    engine.add(1, 'running');
  });

  it('is left out while it is new, and holds up the others now and then at most', async () => {
    engine.add(2, 'created');
    engine.locked.add('2');
    expect(await observed()).toEqual(['1 running']);
    expect(await observed()).toEqual(['1 running']);
    expect(engine.asked).toEqual(['1', '2']);
    now += 30_000;
    engine.locked.clear();
    expect(await observed()).toEqual(['1 running', '2 created']);
  });

  it('of another cluster holds up nobody, as when somebody copies a large file out of it', async () => {
    engine.add(2, 'running', 'elsewhere');
    engine.locked.add('2');
    expect(await observed()).toEqual(['1 running']);
    expect(engine.asked).toEqual(['1', '2']);
  });

  it('is asked again as soon as something has happened to it', async () => {
    engine.add(2, 'created');
    engine.locked.add('2');
    await observed();
    engine.locked.clear();
    engine.add(2, 'running');
    observer.changed('2');
    expect(await observed()).toEqual(['1 running', '2 running']);
  });

  it('stays what it was, also where all is looked at anew', async () => {
    engine.add(2, 'exited');
    await observed();
    engine.locked.add('2');
    observer.forget();
    expect(await observed()).toEqual(['1 running', '2 exited']);
    engine.add(2, 'running');
    now += 30_000;
    expect(await observed()).toEqual(['1 running', '2 exited']);
    now += 30_000;
    engine.locked.clear();
    expect(await observed()).toEqual(['1 running', '2 running']);
  });

  it('is not asked while something is done to it, and then at once', async () => {
    engine.add(2, 'created');
    observer.begins('1');
    observer.begins('2');
    engine.locked.add('2');
    expect(await observed()).toEqual(['1 running']);
    engine.add(1, 'exited');
    // What an event tells meanwhile does not end it.
    observer.changed('1');
    expect(await observed()).toEqual(['1 running']);
    expect(engine.asked).toEqual(['1']);
    engine.locked.clear();
    for (const id of ['1', '2']) observer.ended(id);
    expect(await observed()).toEqual(['1 exited', '2 created']);
  });
});

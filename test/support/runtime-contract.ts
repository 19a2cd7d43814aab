import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canonicalResources } from '../../src/core/resources.ts';
import type { ContainerSpec } from '../../src/core/model.ts';
import type { Instance, Run } from '../../src/core/observed.ts';
import type { Runtime, RuntimeEvent, SlotSpec } from '../../src/core/ports.ts';
import { freePort } from '../lab/free-port.ts';
import { containerSpec, slotSpec } from './specs.ts';

/** What a container does, by an image or a command of the runtime under test. */
interface Behaviours {
  /** Runs until it is stopped, and prints `ready` on stdout. */
  readonly serving: Pick<ContainerSpec, 'image' | 'command'>;
  /** Ends with code 3 half a second after each start. */
  readonly exiting: Pick<ContainerSpec, 'image' | 'command'>;
  /** Its command check, every second, fails. */
  readonly unhealthy: Pick<ContainerSpec, 'image' | 'command'>;
  /** The engine cannot run it at all. */
  readonly unrunnable: Pick<ContainerSpec, 'image' | 'command'>;
  /** Ignores its stop signal. */
  readonly stubborn: Pick<ContainerSpec, 'image' | 'command'>;
}

export interface RuntimeLab {
  readonly behaviours: Behaviours;
  /** Two clusters that nothing else uses. */
  readonly cluster: string;
  readonly otherCluster: string;
  /** A new process of the cluster on the one engine. */
  open(cluster: string): Runtime;
  /** Lets time pass until the condition holds; fails after ten seconds. */
  until(holds: () => Promise<boolean>): Promise<void>;
  /** Ends the container's process from outside, as a crash does. */
  crash(instance: Instance): Promise<void>;
  /** Somebody removes the container by hand. */
  remove(instance: Instance): Promise<void>;
  close(): Promise<void>;
}

/** What every Runtime promises to the core. */
export function describeRuntime(name: string, openLab: () => Promise<RuntimeLab>): void {
  describe(name, () => {
    let lab: RuntimeLab;
    let runtime: Runtime;
    let serving: ContainerSpec;

    beforeEach(async () => {
      lab = await openLab();
      runtime = lab.open(lab.cluster);
      serving = containerSpec(lab.behaviours.serving);
      await runtime.ensureNetworks(['default']);
      await runtime.pull(serving.image, 'missing');
    });
    afterEach(() => lab.close());

    const observed = async (from: Runtime = runtime) => (await from.observe()).instances;
    const only = async (from: Runtime = runtime): Promise<Instance> => {
      const [instance, ...others] = await observed(from);
      if (instance === undefined || others.length > 0)
        throw new Error(`${others.length + 1} instances where 1 was expected`);
      return instance;
    };
    const become = (matches: (instance: Instance) => boolean) => lab.until(async () => matches(await only()));

    describe('networks', () => {
      it('are made once, however often they are asked for', async () => {
        await Promise.all([runtime.ensureNetworks(['default', 'back']), runtime.ensureNetworks(['back'])]);
        expect([...(await runtime.observe()).networks].sort()).toEqual(['back', 'default']);
      });

      it('are pruned where they are neither kept nor used', async () => {
        await runtime.ensureNetworks(['spare', 'used']);
        await runtime.ensure(slotSpec({ container: { ...serving, networks: ['used'] } }));
        const refused = { reason: 'start-failed', message: expect.stringContaining('used') as string };
        await expect(runtime.pruneNetworks(['default'])).rejects.toMatchObject(refused);
        expect([...(await runtime.observe()).networks].sort()).toEqual(['default', 'used']);
      });
    });

    describe('ensure', () => {
      it('makes and starts the container of a slot, as it was asked for', async () => {
        await runtime.ensure(slotSpec({ container: serving }));
        const instance = await only();
        expect(instance).toMatchObject({
          name: `${lab.cluster}-web-1a2b3c4-1`,
          service: 'web',
          release: '1a2b3c4',
          version: '1',
          slot: 1,
          spec: serving,
          state: 'running',
          health: 'none',
          restarts: 0,
          restartPolicy: 'unless-stopped',
          discoverable: false,
          deviations: [],
        });
        expect(instance.address).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
        expect(instance.exitCode).toBeUndefined();
        expect(instance.startedAt).toBeGreaterThanOrEqual(instance.createdAt);
      });

      it('leaves a container alone that runs already, also in another process', async () => {
        await runtime.ensure(slotSpec({ container: serving }));
        const before = await only();
        await lab.open(lab.cluster).ensure(slotSpec({ container: serving }));
        expect(await only()).toEqual(before);
      });

      it('starts a stopped container again, with the same id and address and the policy asked for', async () => {
        await runtime.ensure(slotSpec({ container: serving }));
        const before = await only();
        await runtime.stop(before, { mark: true });
        await runtime.ensure(slotSpec({ container: serving, restart: 'always' }));
        expect(await only()).toMatchObject({
          id: before.id,
          address: before.address,
          state: 'running',
          restartPolicy: 'always',
        });
      });

      it('gives every slot an address of its own and does not soon give out one again', async () => {
        const slots = [1, 2, 3].map((slot) => slotSpec({ container: serving, slot }));
        await Promise.all(slots.map((slot) => runtime.ensure(slot)));
        const before = await observed();
        for (const instance of before.filter(({ slot }) => slot < 3)) await runtime.remove(instance);
        for (const slot of slots) await runtime.ensure(slot);
        const addresses = [...before, ...(await observed())].map(({ address }) => address);
        expect(new Set(addresses).size).toBe(5);
      });

      it('fails on a command that cannot be run, and keeps the container as evidence', async () => {
        const slot = slotSpec({ container: containerSpec(lab.behaviours.unrunnable) });
        await runtime.pull(slot.container.image, 'missing');
        await expect(runtime.ensure(slot)).rejects.toMatchObject({ reason: 'start-failed' });
        const evidence = await only();
        expect(evidence).toMatchObject({ state: 'created', exitCode: 127 });
        expect(evidence.error).toMatch(/no-such-program/);
      });

      it('marks that evidence with restart policy no', async () => {
        const slot = slotSpec({ container: containerSpec(lab.behaviours.unrunnable) });
        await runtime.pull(slot.container.image, 'missing');
        await runtime.ensure(slot).catch(() => undefined);
        expect((await only()).restartPolicy).toBe('no');
      });

      it('fails on a host port that is taken, and leaves nothing behind', async () => {
        const hostPort = await freePort();
        const ports = [{ port: 80, protocol: 'tcp', hostPort, publish: false }] as const;
        await runtime.ensure(slotSpec({ container: { ...serving, ports } }));
        const rival = slotSpec({ service: 'rival', container: { ...serving, ports } });
        await expect(runtime.ensure(rival)).rejects.toMatchObject({
          reason: 'start-failed',
          message: expect.stringContaining(String(hostPort)) as string,
        });
        expect((await only()).hostPorts).toEqual([{ port: 80, protocol: 'tcp', hostPort }]);
      });

      it('leaves the mark of a candidate that lacks something of the host twice running', async () => {
        const hostPort = await freePort();
        const ports = [{ port: 80, protocol: 'tcp', hostPort, publish: false }] as const;
        await runtime.ensure(slotSpec({ container: { ...serving, ports } }));
        const candidate = slotSpec({ release: '5d6e7f8', container: { ...serving, ports }, restart: 'no' });
        for (const _ of ['first', 'second']) await expect(runtime.ensure(candidate)).rejects.toThrow(String(hostPort));
        const [mark, ...others] = (await observed()).filter((each) => each.release === '5d6e7f8');
        expect(others).toEqual([]);
        expect(mark).toMatchObject({ state: 'created', restartPolicy: 'no' });
        expect(mark?.error).toContain(String(hostPort));
      });

      it('leaves the mark of a candidate that cannot be made twice running, and makes it once it can be', async () => {
        const mounts = [{ type: 'bind', source: '/nowhere/at/all', target: '/data', readOnly: true }] as const;
        const candidate = slotSpec({ container: { ...serving, mounts }, restart: 'no' });
        const refused = { reason: 'start-failed', message: expect.stringContaining('/nowhere') as string };
        await expect(runtime.ensure(candidate)).rejects.toMatchObject(refused);
        expect(await observed()).toEqual([]);
        await expect(runtime.ensure(candidate)).rejects.toMatchObject(refused);
        expect(await only()).toMatchObject({ state: 'created', restartPolicy: 'no', release: '1a2b3c4', slot: 1 });
        expect((await only()).error).toContain('/nowhere');
        await runtime.remove(await only());
        await expect(runtime.ensure(candidate)).rejects.toMatchObject(refused);
        expect(await observed()).toEqual([]);
        await runtime.ensure(slotSpec({ container: serving, restart: 'no' }));
        expect(await only()).toMatchObject({ state: 'running', restartPolicy: 'no' });
      });

      it('publishes a port where the engine likes', async () => {
        const ports = [{ port: 80, protocol: 'tcp', publish: true }] as const;
        await runtime.ensure(slotSpec({ container: { ...serving, ports } }));
        const [published] = (await only()).hostPorts;
        expect(published).toMatchObject({ port: 80, protocol: 'tcp' });
        expect(published?.hostPort).toBeGreaterThan(1024);
      });

      it('does not pull', async () => {
        const absent = containerSpec({ image: 'lab/not-pulled:1' });
        await expect(runtime.ensure(slotSpec({ container: absent }))).rejects.toMatchObject({
          reason: 'image-not-found',
        });
        expect(await observed()).toEqual([]);
      });
    });

    describe('a life', () => {
      it('is restarted by its policy after a crash, without us', async () => {
        await runtime.ensure(slotSpec({ container: serving }));
        await lab.crash(await only());
        await become(({ state, restarts }) => state === 'running' && restarts === 1);
      });

      it('ends with a crash where the policy is no', async () => {
        await runtime.ensure(slotSpec({ container: serving, restart: 'no' }));
        await lab.crash(await only());
        await become(({ state }) => state === 'exited');
        expect(await only()).toMatchObject({ exitCode: 137, restarts: 0, restartPolicy: 'no' });
      });

      it('shows the exit code and the restarts of what ends by itself', async () => {
        const container = containerSpec(lab.behaviours.exiting);
        await runtime.pull(container.image, 'missing');
        await runtime.ensure(slotSpec({ container }));
        await become(({ restarts }) => restarts >= 2);
        await become(({ exitCode }) => exitCode === 3);
      });

      it('shows the health of a command check', async () => {
        const check = { interval: 1000, timeout: 1000, retries: 2, startPeriod: 0 };
        const healthy = { ...serving, healthCommand: { ...check, command: ['CMD', 'true'] } };
        const unhealthy = {
          ...containerSpec(lab.behaviours.unhealthy),
          healthCommand: { ...check, command: ['CMD', 'false'] },
        };
        await runtime.pull(unhealthy.image, 'missing');
        await runtime.ensure(slotSpec({ container: healthy, slot: 1 }));
        await runtime.ensure(slotSpec({ container: unhealthy, slot: 2 }));
        const unasked = { ...healthy, healthCommand: { ...healthy.healthCommand, interval: 60_000 } };
        await runtime.ensure(slotSpec({ container: unasked, slot: 3 }));
        await lab.until(async () => {
          const bySlot = [...(await observed())].sort((a, b) => a.slot - b.slot);
          return bySlot.map(({ health }) => health).join() === 'healthy,unhealthy,starting';
        });
      });
    });

    describe('stop', () => {
      it('keeps the container, and its policy unless it is marked', async () => {
        await runtime.ensure(slotSpec({ container: serving }));
        await runtime.stop(await only(), { mark: false });
        expect(await only()).toMatchObject({ state: 'exited', restartPolicy: 'unless-stopped' });
      });

      it('leaves nothing that looks like a mark of a candidate, and nothing that the engine starts by itself', async () => {
        await runtime.ensure(slotSpec({ container: serving, restart: 'no' }));
        await runtime.stop(await only(), { mark: false });
        expect(await observed()).toEqual([]);
        await runtime.ensure(slotSpec({ container: serving, restart: 'always' }));
        await runtime.stop(await only(), { mark: false });
        expect(await only()).toMatchObject({ state: 'exited', restartPolicy: 'unless-stopped' });
      });

      it('marks with restart policy no, also what is stopped already', async () => {
        await runtime.ensure(slotSpec({ container: serving }));
        await runtime.stop(await only(), { mark: false });
        await runtime.stop(await only(), { mark: true });
        expect(await only()).toMatchObject({ state: 'exited', restartPolicy: 'no' });
      });

      it('kills what ignores its signal, after its grace', async () => {
        const container = { ...containerSpec(lab.behaviours.stubborn), stopGracePeriod: 1000 };
        await runtime.pull(container.image, 'missing');
        await runtime.ensure(slotSpec({ container }));
        await runtime.stop(await only(), { mark: false });
        expect(await only()).toMatchObject({ state: 'exited', exitCode: 137 });
      });

      it('and remove do nothing to what is gone', async () => {
        await runtime.ensure(slotSpec({ container: serving }));
        const instance = await only();
        await lab.remove(instance);
        await runtime.stop(instance, { mark: true });
        await runtime.remove(instance);
        expect(await observed()).toEqual([]);
      });
    });

    it('restarts a container in place', async () => {
      await runtime.ensure(slotSpec({ container: serving }));
      const before = await only();
      await runtime.restart(before);
      const after = await only();
      expect(after).toMatchObject({ id: before.id, state: 'running', address: before.address });
      expect(after.startedAt).toBeGreaterThanOrEqual(before.startedAt ?? 0);
    });

    it('starts a stopped container again', async () => {
      await runtime.ensure(slotSpec({ container: serving }));
      await runtime.stop(await only(), { mark: false });
      const { id } = await only();
      await runtime.ensure(slotSpec({ container: serving }));
      expect(await only()).toMatchObject({ id, state: 'running' });
    });

    describe('a run of a job', () => {
      const job = (container: ContainerSpec, change: Partial<SlotSpec> = {}): SlotSpec =>
        slotSpec({ role: 'job', service: 'migrate', container, restart: 'no', retries: 0, ...change });
      const exiting = async () => {
        const container = containerSpec(lab.behaviours.exiting);
        await runtime.pull(container.image, 'missing');
        return container;
      };
      const onlyRun = async (from: Runtime = runtime): Promise<Run> => {
        const { runs, instances } = await from.observe();
        const [run, ...others] = runs;
        if (run === undefined || others.length > 0 || instances.length > 0) throw new Error('one run was expected');
        return run;
      };

      it('is made without being started, once, also by another process', async () => {
        const slot = job(serving, { retries: 2, schedule: '0 3 * * * UTC', madeAt: 1e12, dependsOn: ['db'] });
        await runtime.prepare(slot);
        const run = await onlyRun();
        expect(run).toMatchObject({
          name: `${lab.cluster}-migrate-1a2b3c4-1`,
          service: 'migrate',
          slot: 1,
          state: 'created',
          spec: serving,
          retries: 2,
          schedule: '0 3 * * * UTC',
          madeAt: 1e12,
          stopped: false,
          dependsOn: ['db'],
          discoverable: false,
          deviations: [],
        });
        expect(run.exitCode).toBeUndefined();
        await lab.open(lab.cluster).prepare(slot);
        expect(await onlyRun()).toEqual(run);
      });

      it('begins once, however often it is started, and by whomever', async () => {
        await runtime.prepare(job(await exiting()));
        const made = await onlyRun();
        await runtime.start(made);
        await lab.until(async () => (await onlyRun()).state === 'exited');
        const ended = await onlyRun();
        expect(ended).toMatchObject({ exitCode: 3, restarts: 0, restartPolicy: 'no' });
        await runtime.start(made);
        await lab.open(lab.cluster).start(made);
        expect(await onlyRun()).toEqual(ended);
      });

      it('is started again by the engine as often as it may be', async () => {
        await runtime.prepare(job(await exiting(), { retries: 1 }));
        await runtime.start(await onlyRun());
        await lab.until(async () => (await onlyRun()).state === 'exited');
        expect(await onlyRun()).toMatchObject({ exitCode: 3, restarts: 1, retries: 1 });
      });

      it('that was ended stays, is not started again, and says so', async () => {
        await runtime.prepare(job(serving, { retries: 5 }));
        await runtime.start(await onlyRun());
        const begun = await onlyRun();
        expect(begun).toMatchObject({ state: 'running', stopped: false });
        await runtime.end(begun);
        const ended = await onlyRun();
        expect(ended).toMatchObject({ state: 'exited', stopped: true, restartPolicy: 'no', deviations: [] });
        for (const each of [begun, ended]) await runtime.end(each);
        expect(await onlyRun()).toEqual(ended);
      });

      it('that is gone cannot be started', async () => {
        await runtime.prepare(job(serving));
        const run = await onlyRun();
        await lab.remove(run);
        await expect(runtime.start(run)).rejects.toMatchObject({ reason: 'start-failed' });
      });

      it('that cannot be run says so', async () => {
        const container = containerSpec(lab.behaviours.unrunnable);
        await runtime.pull(container.image, 'missing');
        await runtime.prepare(job(container));
        await expect(runtime.start(await onlyRun())).rejects.toMatchObject({ reason: 'start-failed' });
        expect(await onlyRun()).toMatchObject({ state: 'created', exitCode: 127 });
      });
    });

    describe('update', () => {
      const MB = 1024 ** 2;

      it.each([
        { cpu: 0.1, memory: 32 * MB, limits: { cpu: 0.333, memory: 64 * MB } },
        { cpu: 0.015, memory: 128 * MB, limits: { cpu: 1, memory: 128 * MB } },
        { cpu: 1.999, memory: 6 * MB, limits: { cpu: 0.01, memory: 16 * MB } },
      ])('changes resources without a restart, and reads back what was asked for: %j', async (resources) => {
        const first = { cpu: 0.25, memory: 64 * MB, limits: { cpu: 0.5, memory: 96 * MB } };
        await runtime.ensure(slotSpec({ container: serving, resources: first }));
        const before = await only();
        expect(before.resources).toEqual(canonicalResources(first));
        await runtime.update(before, { resources });
        const after = await only();
        expect(after.resources).toEqual(canonicalResources(resources));
        expect(after).toMatchObject({ id: before.id, startedAt: before.startedAt, deviations: [] });
      });

      it('takes nothing away, and a stopped container with more than is wanted is made anew', async () => {
        const resources = { cpu: 0.5, memory: 64 * MB, limits: { cpu: 1, memory: 96 * MB } };
        await runtime.ensure(slotSpec({ container: serving }));
        const before = await only();
        await runtime.update(before, { resources });
        await runtime.update(before, { resources: { cpu: 0, memory: 0, limits: {} } });
        expect((await only()).resources).toEqual(resources);
        await runtime.stop(await only(), { mark: false });
        await runtime.ensure(slotSpec({ container: serving }));
        const after = await only();
        expect(after).toMatchObject({ state: 'running', resources: { cpu: 0, memory: 0, limits: {} } });
        expect(after.id).not.toBe(before.id);
      });

      it('changes the restart policy', async () => {
        await runtime.ensure(slotSpec({ container: serving, restart: 'no' }));
        await runtime.update(await only(), { restart: 'on-failure' });
        expect(await only()).toMatchObject({ restartPolicy: 'on-failure', state: 'running' });
      });
    });

    it('makes a container discoverable and hides it again, as often as it is told', async () => {
      await runtime.ensureNetworks(['front', 'back']);
      await runtime.ensure(slotSpec({ container: { ...serving, networks: ['front', 'back'] } }));
      for (const discoverable of [true, true, false, false]) {
        await runtime.setDiscoverable(await only(), discoverable);
        expect(await only()).toMatchObject({ discoverable, deviations: [] });
      }
    });

    it('makes a container discoverable from its start, unless a health check has to pass first', async () => {
      const check = { command: ['CMD', 'true'], interval: 60_000, timeout: 1000, retries: 2, startPeriod: 0 };
      await runtime.ensure(slotSpec({ container: serving, discoverable: true, slot: 1 }));
      const checked = { ...serving, healthCommand: check };
      await runtime.ensure(slotSpec({ container: checked, discoverable: true, slot: 2 }));
      const found = (await observed()).map(({ slot, discoverable, deviations }) => ({
        slot,
        discoverable,
        deviations,
      }));
      expect(found.sort((a, b) => a.slot - b.slot)).toEqual([
        { slot: 1, discoverable: true, deviations: [] },
        { slot: 2, discoverable: false, deviations: [] },
      ]);
    });

    it('pulls never where the policy says so', async () => {
      await expect(runtime.pull('lab/not-pulled:1', 'never')).rejects.toMatchObject({ reason: 'image-not-found' });
      expect(await runtime.pull(serving.image, 'never')).toEqual(await runtime.pull(serving.image, 'missing'));
    });

    it('keeps two clusters on one engine apart', async () => {
      const other = lab.open(lab.otherCluster);
      await other.ensureNetworks(['default']);
      await runtime.ensure(slotSpec({ container: serving }));
      await other.ensure(slotSpec({ container: serving }));
      expect((await only()).name).toBe(`${lab.cluster}-web-1a2b3c4-1`);
      await runtime.remove(await only());
      await runtime.pruneNetworks([]);
      expect(await only(other)).toMatchObject({ name: `${lab.otherCluster}-web-1a2b3c4-1`, state: 'running' });
      expect((await other.observe()).networks).toEqual(['default']);
    });

    it('reads the last lines of a log, also of a stopped container', async () => {
      await runtime.ensure(slotSpec({ container: serving }));
      const lines = async () => {
        const read = [];
        for await (const line of runtime.logs(await only(), { tail: 1, follow: false })) read.push(line);
        return read;
      };
      await lab.until(async () => (await lines()).length === 1);
      await runtime.stop(await only(), { mark: false });
      const [line] = await lines();
      expect(line).toMatchObject({ stream: 'stdout', text: 'ready' });
      expect(Date.parse(line?.at ?? '')).not.toBeNaN();
    });

    it('gives containers their files, also those that a later process makes without them', async () => {
      const entries = [{ path: '', mode: 0o640, uid: 7, gid: 8, content: Buffer.from('one\n').toString('base64') }];
      const container = { ...serving, files: [{ target: '/etc/app.conf', digest: '3f9c' }] };
      await runtime.ensure(slotSpec({ container, contents: [{ digest: '3f9c', entries }] }));
      const first = await only();
      expect(first).toMatchObject({ state: 'running', deviations: [] });
      expect(await runtime.files(first, '/etc/app.conf')).toEqual(entries);
      const later = lab.open(lab.cluster);
      await later.ensure(slotSpec({ container, slot: 2 }));
      await runtime.remove(first);
      expect(await later.files(await only(later), '/etc/app.conf')).toEqual(entries);
      expect(await later.files(await only(later), '/etc/none.conf')).toBeUndefined();
      expect(await later.observe()).not.toHaveProperty('spareFiles');
      await later.remove(await only(later));
      const { spareFiles = [] } = await later.observe();
      expect(spareFiles).toHaveLength(1);
      await later.pruneFiles(spareFiles);
      expect(await later.observe()).not.toHaveProperty('spareFiles');
    });

    it('tells of events of its own containers until it is aborted', async () => {
      const stop = new AbortController();
      const seen: RuntimeEvent[] = [];
      const watched = (async () => {
        for await (const event of runtime.watch(stop.signal)) seen.push(event);
      })();
      // The stream is open once an event came through.
      await runtime.ensure(slotSpec({ container: serving }));
      const instance = await only();
      await lab.until(async () => {
        await runtime.restart(instance);
        return seen.length > 0;
      });
      await lab.remove(instance);
      await lab.until(() =>
        Promise.resolve(
          seen.some((event) => event.type === 'container' && event.action === 'destroy' && event.id === instance.id),
        ),
      );
      stop.abort();
      await watched;
    });
  });
}

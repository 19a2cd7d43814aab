import { deepEqual, equal, ok } from 'node:assert/strict';
import type { Pass } from '../../src/app/reconcile.ts';
import { servicesOfSet, type Member } from '../../src/core/routing.ts';
import { MemoryRuntime } from './memory-runtime.ts';
import { act, imageOf, isGood, teach, type Act, type Commit, type Draft } from './history.ts';
import { slotSpec } from './specs.ts';
import { World } from './world.ts';
import { containerSpec } from './specs.ts';

/** Virtual seconds in which everything that can get steady has. */
const LONG = 240;

/** Lives through a history and checks on the way, and at its end, what must always hold. */
export async function liveThrough(history: readonly Act[]): Promise<void> {
  await liveIn(await worldWithNeighbour(), history, cutsRoute);
}

async function liveIn(world: World, history: readonly Act[], isCutOff: CutOff): Promise<void> {
  const cutOffs: string[] = [];
  world.onMutation = (mutation) => {
    if (isCutOff(world, mutation)) cutOffs.push(mutation);
  };
  for (const each of history) await act(world, each);
  const last = history.findLast((each) => each.do === 'commit');
  if (last === undefined) return;
  const pass = await finish(world);
  if (pass.steady) await isQuiet(world);
  else isExplained(world, pass);
  isAsWanted(world, 'web', last.web, pass);
  isAsWanted(world, 'api', last.api, pass);
  deepEqual(neighbours(world), ['other-web-1a2b3c4-1 running 1']);
  deepEqual(cutOffs, []);
}

/** As `liveThrough`, and no client of the load balancer or of the name finds nobody after it found somebody. */
export async function serveThrough(history: readonly Act[]): Promise<void> {
  const world = await worldWithNeighbour();
  await liveIn(world, history, (...call) => cutsRoute(...call) || cutsName(...call));
  const first = world.seen.findIndex((each) => each !== '');
  ok(first < 0 || !world.seen.slice(first).includes(''), `nobody was reachable: ${world.seen.join(' | ')}`);
}

export interface Fate {
  readonly commit: Commit;
  /** The process is killed after this many mutating calls. */
  readonly crashAfter: number;
}

/** The same commits, each one lived to its end, come to the same with and without the death of the process. */
export async function survives(fates: readonly Fate[]): Promise<void> {
  const [calm, harsh] = [await worldWithNeighbour(), await worldWithNeighbour()];
  for (const { commit, crashAfter } of fates) {
    for (const world of [calm, harsh]) await act(world, commit);
    harsh.crashAfter(crashAfter);
    const passes = [await finish(calm), await finish(harsh)];
    harsh.crashAfter(Infinity);
    deepEqual(standing(harsh), standing(calm));
    // What cannot get any further may have left different things behind.
    if (passes.every((each) => each.steady)) deepEqual(remains(harsh), remains(calm));
  }
}

function standing(world: World): object {
  return { up: world.up(), reachable: world.balancer.reachable('web') };
}

function remains(world: World): readonly string[] {
  return [...new Set(world.stopped().map((each) => each.split('#')[0] ?? ''))];
}

async function worldWithNeighbour(): Promise<World> {
  const world = new World();
  teach(world);
  const other = new MemoryRuntime(world.engine, 'other');
  await other.ensureNetworks(['default']);
  await other.pull('web:good1', 'missing');
  await other.ensure(slotSpec({ container: containerSpec({ image: 'web:good1' }) }));
  return world;
}

function neighbours({ engine }: World): string[] {
  const others = [...engine.containers.values()].filter((each) => each.cluster === 'other');
  return others.map(({ name, state, id }) => `${name} ${state} ${Number.parseInt(id, 16)}`);
}

type CutOff = (world: World, mutation: string) => boolean;

/** Nothing is stopped while the balancer may send somebody there, but for what has failed. */
function cutsRoute({ engine, balancer }: World, mutation: string): boolean {
  const [verb, name = ''] = mutation.split(' ');
  const container = engine.containers.get(name);
  if ((verb !== 'stop' && verb !== 'remove') || container?.state !== 'running') return false;
  const isActive = (member: Member) => member.instance === name && member.state === 'active';
  const routes = balancer.recorded?.routes ?? [];
  return (
    isGood(container.slot.container.image) && routes.some(({ pools, active }) => pools[active].members.some(isActive))
  );
}

/** Nobody leaves a name who is the last to answer to it. */
function cutsName({ engine }: World, mutation: string): boolean {
  const [verb, name = ''] = mutation.split(' ');
  const slot = engine.containers.get(name)?.slot;
  if (verb !== 'hide' || slot === undefined || !isGood(slot.container.image)) return false;
  const answering = [...engine.containers.values()].filter(
    (each) =>
      each.cluster === 'demo' && each.slot.service === slot.service && each.discoverable && each.state === 'running',
  );
  return answering.every((each) => each.name === name);
}

/** Steady, with nothing kept any more, or as long as it takes to be sure that it does not get there. */
async function finish(world: World): Promise<Pass> {
  const end = world.clock.now() + LONG * 1000;
  for (let calm = 0, idle = 0; ;) {
    const before = world.engine.mutations.length;
    // A process that has just begun has not seen anything yet.
    if (world.clock.now() > end - (LONG * 1000) / 2) world.crashAfter(Infinity);
    // The longer nothing is done, the longer the steps of time.
    const pass = await world.pass(idle > 20 ? Math.min(idle * 50, 5000) : undefined);
    idle = world.engine.mutations.length > before ? 0 : idle + 1;
    calm = pass.steady ? calm + 1 : 0;
    // Longer than any keepOld of the histories.
    if (calm > 16 || world.clock.now() > end) return pass;
  }
}

/** What is steady stays as it is: nothing is planned and nothing is done, by this process or the next. */
export async function isQuiet(world: World): Promise<void> {
  const before = world.engine.mutations.length;
  for (const next of ['the same', 'a new']) {
    if (next === 'a new') world.restart();
    const passes = [await world.pass(), await world.pass(), await world.pass()];
    deepEqual(world.engine.mutations.slice(before), [], `${next} process goes on`);
    for (const { plan } of passes) deepEqual(plan.changes, [], `${next} process plans`);
    equal(passes.at(-1)?.steady, true);
  }
}

/** What does not get steady says why. */
function isExplained(world: World, pass: Pass): void {
  const { services, loadBalancers } = world.status(pass);
  const silent = services.filter(
    (each) => each.state !== 'steady' && each.state !== 'disabled' && each.problem === undefined,
  );
  deepEqual(
    silent.map(({ name, state }) => `${name} ${state}`),
    [],
  );
  ok(
    [...services, ...loadBalancers].some((each) => each.problem !== undefined),
    `not steady, and nothing says why: ${unsteady(pass)}`,
  );
}

function unsteady({ plan }: Pass): string {
  const decisions = plan.decisions.filter((each) => !each.steady);
  return JSON.stringify(decisions.map(({ view, steps }) => [view.name, steps.map((each) => each.do)]));
}

function isAsWanted(world: World, name: string, draft: Draft | undefined, { plan }: Pass): void {
  const up = world.up().filter((each) => each.startsWith(`${name}:`));
  const stopped = world.stopped().filter((each) => each.startsWith(`${name}:`));
  const decision = plan.decisions.find((each) => each.view.name === name);
  const isGone = draft === undefined || !draft.enabled || draft.instances === 0;
  if (isGone && isEndedLater(world, name)) return;
  if (isGone) {
    deepEqual({ up, stopped }, { up: [], stopped: [] });
    return;
  }
  if (decision?.view.blocked === true) return;
  const wanted = slotsOf(imageOf(name, draft.tag), decision?.view.admitted ?? 0);
  if (draft.tag.startsWith('good')) {
    deepEqual({ up, stopped }, { up: wanted, stopped: [] });
    return;
  }
  const { failureAction, maxFailureRatio } = draft.update;
  const good = up.filter(isGood);
  if (draft.tag === 'late' || failureAction !== 'rollback' || maxFailureRatio !== 0 || good.length === 0) return;
  const [image = ''] = (good[0] ?? '').split('#');
  // Where nothing can be fetched, nothing changes.
  if (draft.tag === 'nopull') return;
  deepEqual(up, slotsOf(image, decision?.progress?.target.instances ?? 0));
  const evidence = stopped.map((each) => each.split('#')[0]);
  deepEqual(evidence, [imageOf(name, draft.tag)]);
}

/** A load balancer still leads to it, because the service that should take over is not ready. */
function isEndedLater({ balancer }: World, name: string): boolean {
  const sets = (balancer.recorded?.routes ?? []).map(({ pools, active }) => pools[active].set);
  return sets.some((set) => servicesOfSet(set).includes(name));
}

function slotsOf(image: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${image}#${index + 1}`);
}

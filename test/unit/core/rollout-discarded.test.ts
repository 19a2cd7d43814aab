import { beforeEach, describe, expect, it } from 'vitest';
import type { HealthCheck } from '../../../src/core/model.ts';
import { service } from '../../support/manifests.ts';
import { World } from '../../support/world.ts';

/** A process was killed while it ended a candidate that had not failed. */

let world: World;
beforeEach(() => {
  world = new World();
});

const image = (tag: string) => ({ image: `web:${tag}`, version: tag });
const hostPort = { ports: [{ port: 8080, protocol: 'tcp' as const, publish: false, hostPort: 9000 }] };
const check = { path: '/', port: 8080, status: '200-399' };
const healthCheck: HealthCheck = {
  http: check,
  interval: 2000,
  timeout: 1000,
  retries: 3,
  startPeriod: 0,
  restart: true,
};
const broken = { startError: 'exec: "/app": no such file' };

describe('a candidate that nobody wants any more', () => {
  const bad = { strategy: 'rolling' as const, failureAction: 'pause' as const, timeout: 4000 };
  const paused = () => service({ update: bad, container: image('bad'), healthCheck });
  const discarded = () => [...world.engine.containers.values()].find((each) => each.restartPolicy === 'discarded');

  async function killedWhileItEnds(): Promise<void> {
    world.balancer.failingImages.add('web:bad');
    await world.take([service()]);
    world.commit([paused()]);
    await world.wait(10);
    world.latency.set('stop', 60_000);
    world.commit([service({ container: image('v3') })]);
    await world.until(() => discarded() !== undefined);
    world.restart();
    world.latency.clear();
  }

  it('is ended by the next process, and nothing is ever made of it again', async () => {
    await killedWhileItEnds();
    await world.steady();
    expect([world.up(), world.stopped()]).toEqual([['web:v3#1'], []]);
  });

  it('is nothing to go back to', async () => {
    await killedWhileItEnds();
    world.engine.behave('web:v4', broken);
    await world.take([service({ container: { ...image('v4'), ...hostPort } })]);
    expect(world.up()).toEqual(['web:v1#1']);
  });

  it('is no mark of its release, which may be wanted again', async () => {
    await killedWhileItEnds();
    world.balancer.failingImages.clear();
    await world.take([paused()]);
    expect([world.up(), world.stopped()]).toEqual([['web:bad#1'], []]);
  });
});

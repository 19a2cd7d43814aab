import { describe, expect, it } from 'vitest';
import type { Instance } from '../../../../src/core/observed.ts';
import { meaningOf } from '../../../../src/core/status/meaning.ts';
import { checked, NOW, reportOf } from '../../../support/decisions.ts';
import { instanceOf } from '../../../support/observed.ts';
import { instances, problem, said, served, table, web } from '../../../support/served.ts';

describe('the meaning of a report', () => {
  const [first, ...others] = instances;
  const restarted = (restarts: number) => {
    const known = { [first?.id ?? '']: [{ at: NOW, count: restarts }] };
    const changed = first ? [{ ...first, restarts }] : [];
    return reportOf({ ...served, instances: [...changed, ...others], memory: { restarts: known } });
  };
  const event = (at: string, message = 'started') => ({ at, type: 'started', object: 'web', message });

  it('is not when it was looked at', () => {
    expect(meaningOf(reportOf({ ...served, now: NOW + 5 }))).toBe(meaningOf(reportOf(served)));
  });

  it('is not how many sessions there are', () => {
    const [member] = table.routes[0]?.pools.a.members ?? [];
    const members = {
      [`web/a/${member?.id ?? ''}`]: { check: 'up', description: '', sessions: 7, errors: 3, requests: 0, queue: 0 },
    } as const;
    const busy = reportOf({ ...served, balancer: { ...checked(table), members } });
    expect(busy.loadBalancers).not.toEqual(reportOf(served).loadBalancers);
    expect(meaningOf(busy)).toBe(meaningOf(reportOf(served)));
  });

  it('is not what others take of the node, but what there is of it', () => {
    const foreign = { cpu: 0.5, memory: 64 * 1024 ** 2 };
    const shared = reportOf({ ...served, node: { foreign } });
    expect(shared.nodes).not.toEqual(reportOf(served).nodes);
    expect(meaningOf(shared)).toBe(meaningOf(reportOf(served)));
    expect(meaningOf(reportOf({ ...served, node: { cpu: 64 } }))).not.toBe(meaningOf(reportOf(served)));
  });

  it('is the magnitude of restarts', () => {
    const groups = [0, 1, 2, 3, 4, 5, 8, 9].map((count) => meaningOf(restarted(count)));
    const changes = groups.map((each, index) => Number(each !== groups[index - 1]));
    expect(changes).toEqual([1, 1, 1, 1, 0, 1, 0, 1]);
  });

  it('of one that Docker restarts again and again is not when it last fell, nor its words then', () => {
    const fallen = (restarts: number, change: Partial<Instance> = {}) => {
      const looping = instanceOf(web, 1, { restarts, startedAt: NOW - restarts, health: 'starting', ...change });
      const history = [
        { at: NOW - 9_000, count: restarts - 4 },
        { at: NOW, count: restarts },
      ];
      const logTails = { web: [`panic at ${restarts}`] };
      return reportOf(
        { ...served, instances: [looping], memory: { restarts: { [looping.id]: history } } },
        { logTails },
      );
    };
    const report = fallen(5);
    expect(report.services[0]?.problem).toMatchObject({ reason: 'crash-loop', logTail: ['panic at 5'] });
    expect(meaningOf(fallen(6))).toBe(meaningOf(report));
    expect(meaningOf(fallen(6, { state: 'restarting', exitCode: 2 }))).toBe(meaningOf(report));
    expect(meaningOf(fallen(6, { state: 'exited', exitCode: 2 }))).not.toBe(meaningOf(report));
    expect(meaningOf(fallen(9))).not.toBe(meaningOf(report));
  });

  it('is when one was started that did not fall', () => {
    const started = (startedAt: number) => reportOf({ ...served, instances: [instanceOf(web, 1, { startedAt })] });
    expect(meaningOf(started(NOW - 2_000))).not.toBe(meaningOf(started(NOW - 1_000)));
  });

  it('is what happened, in whatever order and whenever', () => {
    const meaning = (...events: ReturnType<typeof event>[]) => meaningOf(reportOf(served, { events }));
    expect(meaning(event('1'), event('2', 'stopped'))).toBe(meaning(event('3', 'stopped'), event('4')));
    expect(meaning(event('1'))).not.toBe(meaning(event('1', 'stopped')));
  });

  it('is the magnitude of how often something happened', () => {
    const meaning = (fallen: number) =>
      meaningOf(reportOf(served, { events: Array.from({ length: fallen }, (_, at) => event(String(at), 'it fell')) }));
    expect(meaning(2)).not.toBe(meaning(1));
    expect(meaning(3)).toBe(meaning(4));
    expect(meaning(5)).not.toBe(meaning(4));
  });

  it('is what is wrong', () => {
    expect(meaningOf(reportOf(served, { problems: [problem] }))).not.toBe(meaningOf(reportOf(served)));
    expect(meaningOf(said('down'))).not.toBe(meaningOf(said('up')));
  });
});

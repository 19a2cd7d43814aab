import { expect, test } from 'vitest';
import { oldWorkerLines } from '../../../src/haproxy/old-workers.ts';
import { ROUTE } from './tables.ts';

const limits = (change: Partial<typeof ROUTE.timeouts>) => ({ ...ROUTE, timeouts: { ...ROUTE.timeouts, ...change } });

test('a reload cuts nothing sooner than the longest time limit of a route', () => {
  const routes = [limits({ tunnel: 60_000 }), limits({ tunnel: 1000, server: 90_000 })];
  expect(oldWorkerLines(routes, 30_000)[0]).toBe('hard-stop-after 90000ms');
  expect(oldWorkerLines(routes, 120_000)[0]).toBe('hard-stop-after 120000ms');
  expect(oldWorkerLines([], 30_000)[0]).toBe('hard-stop-after 30000ms');
});

test('and there are never more old workers than the machine can bear', () => {
  expect(oldWorkerLines([ROUTE], 0)[1]).toBe('mworker-max-reloads 20');
});

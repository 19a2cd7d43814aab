import fc from 'fast-check';
import { describe, it } from 'vitest';
import { anyFates, calmHistory, wildHistory } from '../../support/history.ts';
import { liveThrough, serveThrough, survives } from '../../support/invariants.ts';

/** Enough to see that the properties still hold; tens of thousands were run to find what is below. */
const RUNS = 25;
const LIMIT = 60_000;

describe('whatever happens', () => {
  it('ends steady and quiet, or says why not', { timeout: LIMIT }, async () => {
    await fc.assert(fc.asyncProperty(wildHistory, liveThrough), { numRuns: RUNS });
  });

  it('keeps a load balancer served through every update that can', { timeout: LIMIT }, async () => {
    await fc.assert(fc.asyncProperty(calmHistory, serveThrough), { numRuns: RUNS });
  });

  it('comes to the same when the process is killed at any call', { timeout: LIMIT }, async () => {
    await fc.assert(fc.asyncProperty(anyFates, survives), { numRuns: RUNS });
  });
});

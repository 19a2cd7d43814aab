import fc from 'fast-check';
import { describe, it } from 'vitest';
import { cases, patience } from '../../support/cases.ts';
import { LIVED, SERVED, SURVIVED } from '../../support/counterexamples.ts';
import { anyFates, calmHistory, wildHistory } from '../../support/history.ts';
import { liveThrough, serveThrough, survives } from '../../support/invariants.ts';

/** Enough to see that the properties still hold; tens of thousands were looked at to find what is below. */
const RUNS = 25;
const LIMIT = patience(60_000);

describe('whatever happens', () => {
  it('ends steady and quiet, or says why not', LIMIT, async () => {
    await fc.assert(fc.asyncProperty(wildHistory, liveThrough), cases(RUNS));
  });

  it('keeps a load balancer served through every update that can', LIMIT, async () => {
    await fc.assert(fc.asyncProperty(calmHistory, serveThrough), cases(RUNS));
  });

  it('comes to the same when the process is killed at any call', LIMIT, async () => {
    await fc.assert(fc.asyncProperty(anyFates, survives), cases(RUNS));
  });
});

describe('what once went wrong', () => {
  it.each(Object.entries(LIVED))('goes well: %s', (_, history) => liveThrough(history));
  it.each(Object.entries(SERVED))('goes well: %s', (_, history) => serveThrough(history));
  it.each(Object.entries(SURVIVED))('goes well: %s', (_, fates) => survives(fates));
});

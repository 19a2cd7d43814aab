import type { Act, Commit, Draft } from './history.ts';
import type { Fate } from './invariants.ts';

/** Histories that something once went wrong in, as short as they could be made. */

function draft(tag: Draft['tag'], change: Partial<Draft> = {}): Draft {
  const update = {
    order: 'start-first',
    parallelism: 1,
    monitor: 0,
    delay: 0,
    drain: 0,
    keepOld: 0,
    failureAction: 'rollback',
    maxFailureRatio: 0,
    ...change.update,
  } as const;
  const rest = { instances: 1, enabled: true, strategy: 'rolling', hostPort: false, healthCommand: false, memory: 0 };
  return { tag, ...(rest as Omit<Draft, 'tag' | 'update'>), ...change, update };
}

const commit = (change: Omit<Commit, 'do'>): Commit => ({ do: 'commit', ...change });

export const LIVED: Readonly<Record<string, readonly Act[]>> = {
  'a release with a host port is made anew while its successor fails': [
    commit({ web: draft('good1', { hostPort: true }) }),
    { do: 'pass', count: 1 },
    { do: 'crash', after: 11 },
    { do: 'pass', count: 1 },
    { do: 'drift', kind: 'deviate', index: 0 },
    commit({ web: draft('unhealthy', { instances: 2, update: { parallelism: 2 } }) }),
  ],
};

export const SERVED: Readonly<Record<string, readonly Act[]>> = {
  'the first release of a service has just started when the next one comes': [
    commit({ web: draft('good1', { memory: 1024 ** 3 }), api: draft('good1'), route: 'api' }),
    { do: 'pass', count: 2 },
    commit({ web: draft('good1'), api: draft('good1'), route: 'api' }),
  ],
  'a service gets green-blue before its route leads to anybody': [
    commit({ web: draft('unready'), api: draft('good1'), route: 'api' }),
    { do: 'latency', milliseconds: 3000 },
    { do: 'pass', count: 20 },
    commit({ web: draft('good3'), api: draft('good2', { strategy: 'green-blue' }), route: 'api' }),
  ],
  'a service gets green-blue as its route is to lead to another one too, which is never ready': [
    commit({ web: draft('good1'), api: draft('exits'), route: 'web' }),
    { do: 'pass', count: 20 },
    commit({
      web: draft('good1', { strategy: 'green-blue', healthCommand: true, update: { keepOld: 3000 } }),
      api: draft('nostart'),
      route: 'both',
    }),
  ],
};

export const SURVIVED: Readonly<Record<string, readonly Fate[]>> = {
  'a candidate is about to be stopped that nobody wants any more': [
    { commit: commit({ web: draft('good1'), api: draft('good1'), route: 'web' }), crashAfter: 0 },
    { commit: commit({ api: draft('unready', { update: { failureAction: 'pause' } }) }), crashAfter: 0 },
    {
      commit: commit({ web: draft('good1', { instances: 0 }), api: draft('unready', { hostPort: true }) }),
      crashAfter: 1,
    },
  ],
  'nothing is ever ready, and fewer of it are wanted': [
    {
      commit: commit({ web: draft('unready', { instances: 2 }), api: draft('unready'), route: 'web' }),
      crashAfter: 0,
    },
    {
      commit: commit({
        web: draft('exits', { update: { drain: 2000 } }),
        api: draft('good1', { instances: 0 }),
        route: 'web',
      }),
      crashAfter: 1,
    },
  ],
  'a candidate has been made and not yet started': [
    { commit: commit({ web: draft('exits'), api: draft('nostart', { instances: 2 }), route: 'web' }), crashAfter: 0 },
    {
      commit: commit({
        web: draft('good2', { instances: 2, strategy: 'green-blue' }),
        api: draft('exits', { instances: 2 }),
        route: 'web',
      }),
      crashAfter: 9,
    },
    { commit: commit({ api: draft('good1', { instances: 2, hostPort: true }) }), crashAfter: 0 },
  ],
  'a rollout stops at its failure before all that went for it have gone': [
    { commit: commit({ api: draft('good1', { instances: 4 }) }), crashAfter: 0 },
    {
      commit: commit({
        web: draft('good3', { instances: 2 }),
        api: draft('nostart', { update: { parallelism: 2, failureAction: 'pause' } }),
        route: 'web',
      }),
      crashAfter: 13,
    },
  ],
  'a release that cannot be started is tried again and again, as nothing else is any better': [
    { commit: commit({ web: draft('exits'), api: draft('good1'), route: 'web' }), crashAfter: 0 },
    { commit: commit({ web: draft('nostart', { update: { failureAction: 'continue' } }) }), crashAfter: 6 },
    { commit: commit({ web: draft('good1', { instances: 2, hostPort: true }) }), crashAfter: 0 },
    { commit: commit({}), crashAfter: 0 },
  ],
  'what is too many has been found by its name, and falls again and again': [
    { commit: commit({ api: draft('good1'), route: 'api' }), crashAfter: 0 },
    {
      commit: commit({
        web: draft('good1', { instances: 0 }),
        api: draft('exits', { instances: 2, strategy: 'recreate', update: { failureAction: 'continue' } }),
        route: 'web',
      }),
      crashAfter: 4,
    },
    {
      commit: commit({
        web: draft('good1'),
        api: draft('unready', { strategy: 'green-blue', update: { drain: 2000, keepOld: 3000 } }),
        route: 'web',
      }),
      crashAfter: 0,
    },
  ],
};

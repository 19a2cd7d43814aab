import { describe, expect, it } from 'vitest';
import { planOf, type Situation } from '../../../support/decisions.ts';
import { loadBalancer, service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';

const services = Array.from({ length: 30 }, (_, index) => service({ name: `s${index + 10}` }));
const instances = services.map((each) => instanceOf(each));

/** A cluster of thirty services of which this many lose their manifest. */
function removing(count: number, more: Partial<Situation> = {}) {
  return planOf({ wanted: services.slice(count), instances, ...more });
}

function reasons({ problems }: ReturnType<typeof removing>): string[] {
  return problems.map((each) => each.reason);
}

describe('removing many services at once', () => {
  it.each<[string, number, Partial<Situation>, boolean]>([
    ['a fifth of them', 6, {}, false],
    ['more than a fifth', 7, {}, true],
    ['more, where the host allows more', 7, { budget: { maxFraction: 0.25, maxCount: 3 } }, false],
    ['as many as are always allowed', 9, { budget: { maxFraction: 0, maxCount: 9 } }, false],
    ['all of them', 30, { budget: { maxFraction: 1, maxCount: 99 } }, true],
    ['more, where the commit names the number', 7, { message: 'end\n\nFairlead-Prune: 7' }, false],
    ['more than the commit names', 8, { message: 'end\n\nFairlead-Prune: 7' }, true],
    ['more, where the number stands in no line of its own', 7, { message: 'Fairlead-Prune: 7, or so' }, true],
    ['all of them, where the commit names the number', 30, { message: 'end\n\nfairlead-prune:30' }, false],
    ['all of them, where a person says so', 30, { pruneAll: true }, false],
  ])('%s', (_, count, more, isRefused) => {
    const plan = removing(count, more);
    expect(reasons(plan)).toEqual(isRefused ? ['prune-refused'] : []);
    const stopping = plan.decisions.filter((each) => each.steps.length > 0).map((each) => each.view.name);
    expect(stopping).toHaveLength(isRefused ? 0 : count);
  });

  it('counts services that are disabled or set to none', () => {
    const [first, second, ...others] = services;
    if (first === undefined || second === undefined) throw new Error('no services');
    const ended = [
      { ...first, enabled: false },
      { ...second, instances: 0 },
    ];
    expect(reasons(planOf({ wanted: [...ended, ...others.slice(4)], instances }))).toEqual([]);
    expect(reasons(planOf({ wanted: [...ended, ...others.slice(5)], instances }))).toEqual(['prune-refused']);
  });

  it('counts what is stopped too: whoever stops some of them by hand does not allow the others to go', () => {
    const stopped = instances.map((each) => ({ ...each, state: 'exited' as const }));
    expect(reasons(removing(30, { instances: stopped }))).toEqual(['prune-refused']);
  });

  it('is refused in words that say which, how many, and what to do', () => {
    const [problem] = removing(12).problems;
    expect(problem?.message).toBe(
      '12 services would be removed (s10, s11, s12, s13, s14, s15, s16, s17, s18, s19, …): more than 6 at once. ' +
        'They go on running. If it is meant, add the line "Fairlead-Prune: 12" to the commit message, or run fairlead apply --prune-all.',
    );
    const [only] = planOf({ wanted: [], instances: instances.slice(0, 1) }).problems;
    expect(only?.message).toMatch(/^1 service would be removed \(s10\): the repository has no services at all\./);
  });
});

it('a refusal keeps the routes to what goes on running', () => {
  const [first] = services;
  if (first === undefined) throw new Error('no services');
  const route = loadBalancer({ service: first.name });
  const { table } = planOf({ wanted: [...services, route], instances });
  const kept = removing(7, { balancer: { table } }).table.routes;
  expect(kept).toEqual(table.routes);
  expect(removing(6, { balancer: { table } }).table.routes).toEqual([]);
});

import { expect, it } from 'vitest';
import { describe as describeStep } from '../../../src/app/describe.ts';
import type { Step } from '../../../src/core/rollout/steps.ts';
import { checked, planOf } from '../../support/decisions.ts';
import { loadBalancer, service } from '../../support/manifests.ts';
import { instanceOf } from '../../support/observed.ts';

const instance = instanceOf(service(), 2);
const { name } = instance;
const resources = { cpu: 1, memory: 0, limits: {} };

it.each<[Step, 'begun' | 'done', string]>([
  [{ do: 'restart', instance, because: 'L7STS/503' }, 'begun', `restarting ${name}: L7STS/503`],
  [{ do: 'restart', instance, because: 'L7STS/503' }, 'done', `restarted ${name}: L7STS/503`],
  [{ do: 'stop', instance, mark: false, because: '1 wanted' }, 'begun', `stopping ${name}: 1 wanted`],
  [{ do: 'stop', instance, mark: false, because: '1 wanted' }, 'done', `stopped ${name}: 1 wanted`],
  [{ do: 'update', instance, resources }, 'done', `updated ${name} in place: limits`],
  [
    { do: 'update', instance, resources, restart: 'always' },
    'done',
    `updated ${name} in place: limits, restart always`,
  ],
  [{ do: 'discover', instance, discoverable: true }, 'done', `${name} answers to the name web`],
  [{ do: 'discover', instance, discoverable: false }, 'done', `${name} no longer answers to the name web`],
])('%j, %s, is an event of its service', (step, phase, message) => {
  expect(describeStep(step, phase).slice(1)).toEqual(['web', message]);
});

it('a table is told by who gets the traffic, and only in part where it is long', () => {
  const routed = (count: number, instances: number) => {
    const names = Array.from({ length: count }, (_, index) => `lb${index + 10}`);
    const wanted = [service({ instances }), ...names.map((each) => loadBalancer({ name: each }))];
    const situation = { wanted, instances: [instanceOf(service()), instance] };
    const { table } = planOf({ ...situation, balancer: checked(planOf(situation).table) });
    return { wanted, table };
  };
  const told = (table: ReturnType<typeof routed>['table']) => describeStep({ do: 'route', table }, 'done')[2];
  expect(told(routed(2, 2).table)).toBe('routed lb10 to 2 of web; lb11 to 2 of web');
  expect(told(routed(12, 2).table)).toMatch(/^routed lb10 .*; lb19 to 2 of web; and 2 more$/);
  const { table } = routed(1, 2);
  const fewer = routed(1, 1).wanted;
  const draining = planOf({ wanted: fewer, instances: [instanceOf(service()), instance], balancer: checked(table) });
  expect(told(draining.table)).toBe('routed lb10 to 1 of web, 1 draining');
});

import fc from 'fast-check';
import type { LoadBalancer } from '../../src/core/load-balancer.ts';
import type { Service, Strategy, UpdatePolicy } from '../../src/core/model.ts';
import { isUp } from '../../src/core/observed.ts';
import { loadBalancer, service } from './manifests.ts';
import { WITNESSES, type Witness, type World } from './world.ts';

/** Random histories of a cluster: commits, what people and machines do to it meanwhile, and ends of the process. */

/** `late` fails after it was ready, but before it is trusted; the other bad ones never get ready. */
const TAGS = ['good1', 'good2', 'good3', 'exits', 'unready', 'nostart', 'nopull', 'unhealthy', 'late'] as const;
type Tag = (typeof TAGS)[number];

export interface Draft {
  readonly tag: Tag;
  readonly instances: number;
  readonly enabled: boolean;
  readonly strategy?: Strategy;
  readonly update: Partial<UpdatePolicy>;
  readonly hostPort: boolean;
  readonly healthCommand: boolean;
  readonly memory: number;
}

export interface Commit {
  readonly do: 'commit';
  readonly web?: Draft;
  readonly api?: Draft;
  readonly route?: 'web' | 'api' | 'both';
}

const DRIFTS = ['stop', 'crash', 'remove', 'pause', 'deviate', 'balancer'] as const;

export type Act =
  | Commit
  | { readonly do: 'pass'; readonly count: number }
  | { readonly do: 'drift'; readonly kind: (typeof DRIFTS)[number]; readonly index: number }
  | { readonly do: 'restart' }
  | { readonly do: 'engine'; readonly witness: Witness }
  | { readonly do: 'latency'; readonly milliseconds: number }
  | { readonly do: 'crash'; readonly after: number };

export function imageOf(name: string, tag: Tag): string {
  return `${name}:${tag}`;
}

export function isGood(image: string): boolean {
  return image.includes(':good');
}

/** Tells engine and balancer what the images do. */
export function teach({ engine, balancer }: World): void {
  for (const name of ['web', 'api']) {
    engine.behave(imageOf(name, 'exits'), { exitsAfter: 0 });
    engine.behave(imageOf(name, 'late'), { exitsAfter: 1500 });
    engine.behave(imageOf(name, 'nostart'), { startError: 'exec: "/app": no such file' });
    engine.behave(imageOf(name, 'unhealthy'), { healthy: 'never' });
    engine.behave(imageOf(name, 'nopull'), { pullError: { reason: 'image-not-found', message: 'no such image' } });
    balancer.failingImages.add(imageOf(name, 'unready'));
  }
}

function manifestsOf({ web, api, route }: Commit): (Service | LoadBalancer)[] {
  const services = [web && serviceOf('web', web), api && serviceOf('api', api)].filter((each) => each !== undefined);
  const backends = services
    .filter(({ name }) => route === name || route === 'both')
    .map(({ name }) => ({ service: name, weight: name === 'web' ? 70 : 30 }))
    .sort((a, b) => (a.service < b.service ? -1 : 1));
  return backends.length === 0 ? services : [...services, loadBalancer({ backends })];
}

function serviceOf(name: string, draft: Draft): Service {
  const port = { port: 8080, protocol: 'tcp' as const, publish: false };
  const ports = draft.hostPort ? [{ ...port, hostPort: name === 'web' ? 9000 : 9001 }] : [port];
  const command = ['CMD', '/check'];
  const check = { command, interval: 500, timeout: 500, retries: 2, startPeriod: 0 };
  const image = imageOf(name, draft.tag);
  return service({
    name,
    instances: draft.instances,
    enabled: draft.enabled,
    resources: { cpu: 0, memory: draft.memory, limits: {} },
    // Only a check can tell that these are not ready.
    ...(draft.tag === 'unready' && {
      healthCheck: {
        http: { path: '/', port: 8080, status: '200-399' },
        interval: 1000,
        timeout: 1000,
        retries: 2,
        startPeriod: 0,
        restart: true,
      },
    }),
    container: {
      image,
      version: draft.tag,
      ports,
      ...((draft.healthCommand || draft.tag === 'unhealthy') && { healthCommand: check }),
    },
    update: { timeout: 4_000, ...draft.update, ...(draft.strategy && { strategy: draft.strategy }) },
  });
}

const anyUpdate: fc.Arbitrary<Partial<UpdatePolicy>> = fc.record({
  order: fc.constantFrom('start-first', 'start-first', 'stop-first'),
  parallelism: fc.integer({ min: 1, max: 3 }),
  monitor: fc.constantFrom(0, 1000, 2000),
  delay: fc.constantFrom(0, 0, 1000),
  drain: fc.constantFrom(0, 2000),
  keepOld: fc.constantFrom(0, 3000),
  failureAction: fc.constantFrom('rollback', 'rollback', 'rollback', 'pause', 'continue'),
  maxFailureRatio: fc.constantFrom(0, 0, 0.5),
});

const anyDraft: fc.Arbitrary<Draft> = fc.record({
  tag: fc.constantFrom(...TAGS, 'good1', 'good2', 'good3'),
  instances: fc.integer({ min: 0, max: 4 }),
  enabled: fc.constantFrom(true, true, true, false),
  strategy: fc.constantFrom('rolling', 'green-blue', 'recreate'),
  update: anyUpdate,
  hostPort: fc.constantFrom(false, false, false, true),
  healthCommand: fc.boolean(),
  memory: fc.constantFrom(0, 0, 1024 ** 3),
});

/** Nothing in it may ever leave a load balancer without a ready member. */
const calmDraft: fc.Arbitrary<Draft> = fc.record({
  tag: fc.constantFrom('good1', 'good2', 'good3', 'good1', 'good2', 'good3', 'exits', 'unready', 'nostart', 'nopull'),
  instances: fc.integer({ min: 1, max: 3 }),
  enabled: fc.constant(true),
  strategy: fc.constantFrom('rolling', 'green-blue'),
  update: anyUpdate.map((update) => ({
    ...update,
    order: 'start-first',
    failureAction: 'rollback',
    maxFailureRatio: 0,
  })),
  hostPort: fc.constant(false),
  healthCommand: fc.boolean(),
  memory: fc.constantFrom(0, 1024 ** 3),
});

const anyCommit = (draft: fc.Arbitrary<Draft>): fc.Arbitrary<Commit> =>
  fc.record(
    { do: fc.constant('commit'), web: draft, api: draft, route: fc.constantFrom('web', 'api', 'both') },
    { requiredKeys: ['do'] },
  );

const calmCommit: fc.Arbitrary<Commit> = fc.record({
  do: fc.constant('commit'),
  web: calmDraft,
  api: calmDraft,
  route: fc.constantFrom('web', 'api', 'both'),
});

const passes: fc.Arbitrary<Act> = fc.record({ do: fc.constant('pass'), count: fc.constantFrom(1, 2, 5, 20, 60) });
const restart: fc.Arbitrary<Act> = fc.record({ do: fc.constant('restart') });
const crash: fc.Arbitrary<Act> = fc.record({ do: fc.constant('crash'), after: fc.integer({ min: 0, max: 12 }) });
const engine: fc.Arbitrary<Act> = fc.record({
  do: fc.constant('engine'),
  witness: fc.constantFrom(...WITNESSES),
});
const latency: fc.Arbitrary<Act> = fc.record({
  do: fc.constant('latency'),
  milliseconds: fc.constantFrom(0, 250, 1000, 3000, 8000),
});
const drift: fc.Arbitrary<Act> = fc.record({
  do: fc.constant('drift'),
  kind: fc.constantFrom(...DRIFTS),
  index: fc.nat({ max: 7 }),
});

export const wildHistory: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(anyCommit(anyDraft), anyCommit(anyDraft), passes, passes, drift, restart, crash, engine, latency),
  { minLength: 2, maxLength: 12 },
);

export const calmHistory: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(calmCommit, calmCommit, passes, passes, restart, crash, latency),
  { minLength: 1, maxLength: 10 },
);

export async function act(world: World, act: Act): Promise<void> {
  switch (act.do) {
    case 'commit':
      world.commit(manifestsOf(act), 'change\n\nFairlead-Prune: 9');
      return;
    case 'pass':
      for (let count = 0; count < act.count; count++) await world.pass();
      return;
    case 'restart':
      world.restart();
      return;
    case 'crash':
      world.crashAfter(act.after);
      return;
    case 'latency':
      for (const verb of ['pull', 'stop', 'route', 'create', 'start']) world.latency.set(verb, act.milliseconds);
      return;
    case 'engine':
      await world.restartEngine(act.witness);
      return;
    case 'drift':
      disturb(world, act);
  }
}

/** A candidate that falls is taken for bad, and rightly so: only what is trusted is disturbed. */
function disturb({ engine, balancer }: World, { kind, index }: Extract<Act, { do: 'drift' }>): void {
  if (kind === 'balancer') {
    balancer.lose();
    return;
  }
  engine.settle();
  const trusted = [...engine.containers.values()].filter(
    (each) => each.cluster === 'demo' && each.restartPolicy !== 'no' && isUp(each.toInstance()),
  );
  const container = trusted[index % Math.max(1, trusted.length)];
  if (container === undefined) return;
  if (kind === 'pause') container.state = container.state === 'running' ? 'paused' : container.state;
  else if (kind === 'deviate') container.deviations.push('environment.A is 2, not 1');
  else if (kind !== 'crash' || container.state === 'running') engine[kind](container.name);
}

/** Whatever happens to it, only one end is right. */
const plainDraft = anyDraft.map((draft): Draft => ({
  ...draft,
  tag: draft.tag === 'late' ? 'exits' : draft.tag,
  update: { ...draft.update, maxFailureRatio: 0 },
}));

export const anyFates = fc.array(
  fc.record({ commit: fc.oneof(anyCommit(plainDraft), calmCommit), crashAfter: fc.nat({ max: 25 }) }),
  { minLength: 1, maxLength: 4 },
);

import { app, loadBalancer, yaml } from '../../support/yaml.ts';

/** Two sets of manifests: the way from each to the other is a rollout of its kind. */
export interface Rollout {
  readonly versions: readonly [string, string];
  /** The two ways differ, and each is walked for itself. */
  readonly isOneWay: boolean;
  /** Requests fail for a while, also where nobody is killed. */
  readonly hasGap: boolean;
}

const UPDATE = { monitor: '200ms', drain: '2s', keepOld: '500ms' };

function web(image: string, instances: number, update: object = {}): object[] {
  return [app('web', { image, instances, update: { ...UPDATE, ...update } }), loadBalancer('web')];
}

function update(strategy: string, instances: number): readonly [string, string] {
  const version = (image: string) => yaml(...web(image, instances, { strategy }));
  return [version('lab/app:v1'), version('lab/app:v2')];
}

/** A service that depends on another, with a file from the repository. */
function configured(content: string): string {
  const files = [{ target: '/etc/app.conf', content }];
  const update = { ...UPDATE, strategy: 'rolling' };
  return yaml(
    app('base', { files }),
    app('web', { image: 'lab/app:v1', instances: 2, files, dependsOn: ['base'], update }),
    loadBalancer('web'),
  );
}

const BOTH_WAYS = { isOneWay: false, hasGap: false };
const ONE_WAY = { isOneWay: true, hasGap: false };

export const ROLLOUTS = {
  rolling: { versions: update('rolling', 2), ...BOTH_WAYS },
  'green-blue': { versions: update('green-blue', 2), ...BOTH_WAYS },
  recreate: { versions: update('recreate', 1), ...BOTH_WAYS, hasGap: true },
  files: { versions: [configured('one'), configured('two')], ...BOTH_WAYS },
  scale: { versions: [yaml(...web('lab/app:v1', 1)), yaml(...web('lab/app:v1', 3))], ...ONE_WAY },
  removal: {
    versions: [
      yaml(...web('lab/app:v1', 1), app('more', { networks: ['aside'] }), loadBalancer('more')),
      yaml(...web('lab/app:v1', 1)),
    ],
    ...ONE_WAY,
  },
} as const satisfies Record<string, Rollout>;

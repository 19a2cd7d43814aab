/** The closed sets of codes; each has a section in docs/reasons.md. */

export const REASONS = {
  scheduling: [
    'duplicate',
    'missing-capabilities',
    'not-enough-memory',
    'not-enough-cpu',
    'no-healthy-hosts',
    'host-port-conflict',
    'conflicts-with',
    'node-not-available',
    'platform-unsupported',
  ],
  image: ['pull-failed', 'image-not-found', 'registry-unauthorized'],
  container: ['start-failed', 'exited', 'crash-loop', 'oom-killed', 'job-failed'],
  health: ['unhealthy', 'not-ready-in-time'],
  lb: [
    'unknown-service',
    'port-not-declared',
    'no-members',
    'duplicate-route',
    'no-certificate',
    'config-rejected',
    'reload-failed',
    'target-not-ready',
    'address-not-allowed',
  ],
  validation: ['schema', 'syntax', 'unsupported', 'duplicate-name', 'too-large', 'policy'],
  update: [
    'paused',
    'rolled-back',
    'rollback-failed',
    'prune-refused',
    'suspended',
    'stale-plan',
    'dependency-not-ready',
    'dependency-cycle',
  ],
  host: ['engine-unreachable', 'balancer-unreachable', 'disk-full', 'node-absent', 'secret-unreadable'],
  git: ['unreachable', 'auth-failed', 'signature-invalid', 'push-conflict'],
} as const;

export type Layer = keyof typeof REASONS;
export type Reason = (typeof REASONS)[Layer][number];

/** `policy`: the host's own configuration is not known here, and its default would refuse. */
export const WARNINGS = [
  'gap',
  'removal',
  'major-version',
  'changed-volume',
  'unpinned-tag',
  'shared-volume',
  'identity-variable',
  'policy',
  'disk-space',
  'certificate-expiry',
] as const;
export type WarningCode = (typeof WARNINGS)[number];

/** What is wrong, where, and what to do. `line` and `column` count from 1; `path` is like `ports[0].port`. */
export interface Problem {
  readonly layer: Layer;
  readonly reason: Reason;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly path?: string;
  /** Service or LoadBalancer it is about, as `web`. */
  readonly object?: string;
  /** Last lines of the container's log, oldest first. */
  readonly logTail?: readonly string[];
}

export interface Warning {
  readonly code: WarningCode;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly object?: string;
}

/** An error whose message is for the user and whose reason is of the closed set. */
export class ReasonError extends Error {
  readonly reason: Reason;
  constructor(reason: Reason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ReasonError';
    this.reason = reason;
  }
}

export function layerOf(reason: Reason): Layer {
  const layers = Object.keys(REASONS) as Layer[];
  const layer = layers.find((candidate) => (REASONS[candidate] as readonly string[]).includes(reason));
  if (layer === undefined) throw new Error(`unknown reason ${reason}`);
  return layer;
}

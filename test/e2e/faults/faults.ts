import { execIn } from '../../support/docker.ts';
import { PASSWORD, type Stage } from './stage.ts';

/** One thing that goes wrong while an update comes. */
export interface Fault {
  readonly name: string;
  /** Two that spoil the same thing would hide each other. */
  readonly spoils: 'engine' | 'registry' | 'container' | 'balancer' | 'repository';
  /** Codes that the status gives while it lasts: this, and no other. */
  readonly reason: string | undefined;
  /** The update itself is the fault: fields that it has, until a better one comes. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly begin?: (stage: Stage) => Promise<void> | void;
  readonly end?: (stage: Stage) => Promise<void> | void;
}

/** The file at which the lab's balancer takes offence; see `pickyBalancer`. */
export const OFFENCE = '/var/lib/fairlead/host/offence';

export const FAULTS: readonly Fault[] = [
  {
    name: 'the engine says nothing',
    spoils: 'engine',
    reason: 'engine-unreachable',
    begin: ({ proxy }) => proxy.fail({ do: 'silence' }),
    end: ({ proxy }) => proxy.heal(),
  },
  {
    name: 'the engine hangs up',
    spoils: 'engine',
    reason: 'engine-unreachable',
    begin: ({ proxy }) => proxy.fail({ do: 'cut' }),
    end: ({ proxy }) => proxy.heal(),
  },
  {
    name: 'the image takes its time',
    spoils: 'registry',
    reason: undefined,
    begin: ({ proxy }) => proxy.fail({ do: 'silence', on: /POST \/images\/create/ }),
    end: ({ proxy }) => proxy.heal(),
  },
  {
    name: 'the image is not there',
    spoils: 'registry',
    reason: 'image-not-found',
    begin: (stage) => stage.publish(false),
    end: (stage) => stage.publish(true),
  },
  {
    name: 'the registry lets nobody in',
    spoils: 'registry',
    reason: 'registry-unauthorized',
    begin: (stage) => stage.lock(true),
    end: (stage) => stage.lock(false),
  },
  {
    name: 'the registry says nothing',
    spoils: 'registry',
    reason: 'pull-failed',
    begin: ({ relay }) => void (relay.mode = 'silent'),
    end: ({ relay }) => void (relay.mode = 'open'),
  },
  {
    name: 'the registry breaks off',
    spoils: 'registry',
    reason: 'pull-failed',
    begin: ({ relay }) => void (relay.mode = 'truncating'),
    end: ({ relay }) => void (relay.mode = 'open'),
  },
  {
    name: 'the container ends at once',
    spoils: 'container',
    reason: 'rolled-back',
    fields: { command: ['sh', '-c', 'exit 1'] },
  },
  {
    name: 'the container ends after three seconds',
    spoils: 'container',
    reason: 'rolled-back',
    fields: { command: ['sh', '-c', 'node /app.mjs & sleep 3; exit 1'], update: { monitor: '5s', timeout: '20s' } },
  },
  {
    name: 'the container never gets healthy',
    spoils: 'container',
    reason: 'rolled-back',
    fields: {
      environment: { RELEASE: 'unhealthy' },
      healthCheck: { http: { path: '/health', port: 8080, status: '200' } },
    },
  },
  {
    name: 'the container does not end when it is told to',
    spoils: 'container',
    reason: undefined,
    fields: { environment: { RELEASE: 'stubborn' }, stopGracePeriod: '2s' },
  },
  {
    name: 'the command line of the balancer says nothing',
    spoils: 'balancer',
    reason: 'balancer-unreachable',
    begin: (stage) => signalBalancer(stage, 'SIGSTOP'),
    end: (stage) => signalBalancer(stage, 'SIGCONT'),
  },
  {
    name: 'the balancer refuses its configuration',
    spoils: 'balancer',
    reason: 'config-rejected',
    begin: (stage) => inBalancer(stage, ['touch', OFFENCE]),
    end: (stage) => inBalancer(stage, ['rm', OFFENCE]),
  },
  {
    name: 'the repository lets nobody in',
    spoils: 'repository',
    reason: 'auth-failed',
    begin: ({ git }) => void (git.password = 'another-one'),
    end: ({ git }) => void (git.password = PASSWORD),
  },
  {
    name: 'the repository says nothing',
    spoils: 'repository',
    reason: 'unreachable',
    begin: ({ git }) => void (git.hang = /./),
    end: ({ git }) => void (git.hang = undefined),
  },
  {
    name: 'the repository breaks off in the middle of a fetch',
    spoils: 'repository',
    reason: 'unreachable',
    begin: ({ git }) => void (git.breaksOff = true),
    end: ({ git }) => void (git.breaksOff = false),
  },
  {
    name: 'the branch is gone',
    spoils: 'repository',
    reason: 'unreachable',
    begin: ({ origin }) => configure(origin, 'uploadpack.hideRefs', 'refs/heads/main'),
    end: ({ origin }) => configure(origin, '--unset', 'uploadpack.hideRefs'),
  },
  {
    name: 'history is another one',
    spoils: 'repository',
    reason: undefined,
    begin: async ({ origin }) => void (await origin.checkout('checkout', '--quiet', '--orphan', 'another')),
  },
];

/** To its master, which has the command line; the workers serve on. */
async function signalBalancer({ scenario }: Stage, signal: NodeJS.Signals): Promise<void> {
  const { State } = await scenario.docker.getContainer(`fairlead-${scenario.cluster}-balancer`).inspect();
  process.kill(State.Pid, signal);
}

async function configure({ git }: Stage['origin'], ...setting: readonly string[]): Promise<void> {
  await git('config', ...setting);
}

async function inBalancer({ scenario }: Stage, command: readonly string[]): Promise<void> {
  await execIn(scenario.docker, `fairlead-${scenario.cluster}-balancer`, command);
}

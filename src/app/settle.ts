import type { DesiredState } from '../core/desire.ts';
import type { StatusReport } from '../core/status/status.ts';
import type { Reconciler } from './reconcile.ts';
import type { Reporter } from './reporter.ts';
import type { Wake } from './wake.ts';

export interface SettleOptions {
  readonly desired: DesiredState;
  readonly reconciler: Reconciler;
  readonly reporter: Reporter;
  readonly wake: Wake;
  readonly onStatus: (status: StatusReport) => void;
}

const NEXT = 20;
const POLL = 250;

/** Passes until everything is steady, or what is not has failed; the last status says which. */
export async function settle(options: SettleOptions, signal: AbortSignal): Promise<StatusReport> {
  const { desired, reconciler, reporter, wake, onStatus } = options;
  try {
    for (;;) {
      const pass = await reconciler.pass(desired, signal);
      const status = await reporter.status(desired, pass, { tried: desired.revision.id, problems: [] });
      onStatus(status);
      if (pass.steady || (!pass.moved && isStuck(status))) return status;
      await wake.sleep(pass.moved ? NEXT : POLL, signal);
      signal.throwIfAborted();
    }
  } finally {
    await reconciler.close();
  }
}

/** Nothing is on its way any more: what is not steady has a problem that waiting does not solve. */
function isStuck({ services }: StatusReport): boolean {
  return services.every(
    (each) => each.state !== 'rolling-out' && each.state !== 'unknown' && each.rollout === undefined,
  );
}

import type { DesiredState } from '../core/desire.ts';
import type { Problem } from '../core/reason.ts';
import { report, type BalancerPorts } from '../core/status/report.ts';
import type { StatusReport } from '../core/status/status.ts';
import { Evidence } from './evidence.ts';
import type { Journal } from './journal.ts';
import type { Pass, ReconcilerOptions } from './reconcile.ts';

export interface ReporterOptions extends Pick<ReconcilerOptions, 'runtime' | 'journal' | 'clock'> {
  /** The balancer's own ports, for addresses. */
  readonly balancerPorts: BalancerPorts;
}

/** Makes the status report of a pass, with the last words of what failed. */
export class Reporter {
  private readonly journal: Journal;
  private readonly options: ReporterOptions;
  private readonly evidence: Evidence;
  private applied = '';

  constructor(options: ReporterOptions) {
    this.options = options;
    this.journal = options.journal;
    this.evidence = new Evidence(options);
  }

  /** `tried`: the newest commit, which `problems` may keep from being taken. */
  async status(
    desired: DesiredState,
    pass: Pick<Pass, 'state' | 'plan' | 'steady'>,
    { tried, problems }: { tried: string; problems: readonly Problem[] },
  ): Promise<StatusReport> {
    const { id: lastGood, message, author, at } = desired.revision;
    const status = report({
      desired,
      state: pass.state,
      plan: pass.plan,
      revision: { tried, applied: this.applied, lastGood, message, author, at: new Date(at).toISOString() },
      problems,
      events: this.journal.list(),
      logTails: await this.evidence.logTails(pass.plan),
      balancerPorts: this.options.balancerPorts,
      observedAt: this.options.clock.date(),
    });
    if (pass.steady && tried === lastGood && isReached(status)) this.applied = lastGood;
    return { ...status, revision: { ...status.revision, applied: this.applied } };
  }
}

/** A release that was rolled back or does not fit was not reached. */
function isReached({ services, jobs, unscheduled }: StatusReport): boolean {
  const isDone = services.every(({ state }) => state === 'steady' || state === 'disabled');
  return unscheduled.length === 0 && isDone && jobs.every(({ state }) => state !== 'pending' && state !== 'failed');
}

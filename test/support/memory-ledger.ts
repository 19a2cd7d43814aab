import { withEnded } from '../../src/core/jobs/record.ts';
import type { RecordedRun, Run } from '../../src/core/observed.ts';

/** What a state directory keeps of runs, in memory. */
export class MemoryLedger {
  recorded: readonly RecordedRun[] = [];

  keep(runs: readonly Run[]): Promise<void> {
    this.recorded = withEnded(this.recorded, runs);
    return Promise.resolve();
  }
}

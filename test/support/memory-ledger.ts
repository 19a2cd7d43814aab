import type { Ledger } from '../../src/app/ledger.ts';
import { NO_RECORDS, type Records } from '../../src/core/records.ts';

/** What a state directory keeps, in memory. */
export class MemoryLedger implements Ledger {
  records: Records = NO_RECORDS;

  keep(records: Records): Promise<void> {
    this.records = records;
    return Promise.resolve();
  }
}

import { describe, expect, it } from 'vitest';
import { withRuns } from '../../../../src/core/jobs/record.ts';
import type { RecordedRun, Run } from '../../../../src/core/observed.ts';

const recorded = (release: string, finishedAt: number): RecordedRun => ({
  release,
  succeeded: true,
  exitCode: 0,
  finishedAt,
});
const MANY = Array.from({ length: 2_100 }, (_, index) => recorded(`migrate@${index}`, 1_000 + index));

/** What has ended as a container that is still there. */
function ended(service: string, release: string, finishedAt: number, change: Partial<Run> = {}): Run {
  const run = {
    service,
    release,
    state: 'exited',
    exitCode: 0,
    startedAt: 0,
    finishedAt,
    createdAt: 0,
    stopped: false,
    ...change,
  };
  return run as Partial<Run> as Run;
}

describe('the record of runs', () => {
  it('holds on to the latest of those that nobody wants any more', () => {
    const after = withRuns(MANY, [ended('migrate', 'new', 9_000)], new Set());
    expect(after).toHaveLength(2_001);
    expect(after[0]?.release).toBe('migrate@100');
    expect(after.at(-1)?.release).toBe('migrate@new');
  });

  it('never forgets what is wanted, nor what has a container, however old, and is then as it was', () => {
    const [wanted, there] = [recorded('init@1', 1), recorded('seed@1', 2)];
    const seed = ended('seed', '1', 2);
    const news = ended('migrate', 'new', 9_000);
    const after = withRuns([wanted, there, ...MANY], [seed, news], new Set(['init@1']));
    expect(after.slice(0, 2)).toEqual([wanted, there]);
    expect(withRuns(after, [seed, news], new Set(['init@1']))).toBe(after);
  });

  it('has a run that is up as one that began, once, however often it is tried again', () => {
    const up = (startedAt: number) => ended('migrate', '1', 0, { state: 'running', createdAt: 5, startedAt });
    const after = withRuns([], [up(10)], new Set());
    expect(after).toEqual([{ release: 'migrate@1', succeeded: false, exitCode: -1, startedAt: 10, finishedAt: 10 }]);
    expect(withRuns(after, [up(10)], new Set())).toBe(after);
    expect(withRuns(after, [up(20)], new Set())).toBe(after);
  });

  it('has the end of a run in place of its beginning, and a later beginning in place of an end', () => {
    const begun = withRuns([], [ended('migrate', '1', 0, { state: 'running', startedAt: 10 })], new Set());
    const over = withRuns(begun, [ended('migrate', '1', 10)], new Set());
    expect(over).toEqual([recorded('migrate@1', 10)]);
    const again = ended('migrate', '1', 0, { state: 'running', createdAt: 15, startedAt: 20 });
    const anew = withRuns(over, [ended('migrate', '1', 10), again], new Set());
    expect(anew).toMatchObject([{ succeeded: false, startedAt: 20 }]);
    expect(withRuns(anew, [ended('migrate', '1', 10), again], new Set())).toBe(anew);
  });

  it('has no runs by a schedule', () => {
    const up = ended('backup', '1', 0, { state: 'running', startedAt: 10, schedule: '0 3 * * * UTC' });
    expect(withRuns([], [up], new Set())).toEqual([]);
  });
});

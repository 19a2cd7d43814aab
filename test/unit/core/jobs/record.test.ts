import { describe, expect, it } from 'vitest';
import { withEnded } from '../../../../src/core/jobs/record.ts';
import type { RecordedRun, Run } from '../../../../src/core/observed.ts';

const recorded = (release: string, finishedAt: number): RecordedRun => ({
  release,
  succeeded: true,
  exitCode: 0,
  finishedAt,
});
const MANY = Array.from({ length: 2_100 }, (_, index) => recorded(`migrate@${index}`, 1_000 + index));

/** What has ended as a container that is still there. */
function ended(service: string, release: string, finishedAt: number): Run {
  const run = {
    service,
    release,
    state: 'exited',
    exitCode: 0,
    startedAt: 0,
    finishedAt,
    createdAt: 0,
    stopped: false,
  };
  return run as Partial<Run> as Run;
}

describe('the record of runs', () => {
  it('holds on to the latest of those that nobody wants any more', () => {
    const after = withEnded(MANY, [ended('migrate', 'new', 9_000)], new Set());
    expect(after).toHaveLength(2_001);
    expect(after[0]?.release).toBe('migrate@100');
    expect(after.at(-1)?.release).toBe('migrate@new');
  });

  it('never forgets what is wanted, nor what has a container, however old, and is then as it was', () => {
    const [wanted, there] = [recorded('init@1', 1), recorded('seed@1', 2)];
    const seed = ended('seed', '1', 2);
    const news = ended('migrate', 'new', 9_000);
    const after = withEnded([wanted, there, ...MANY], [seed, news], new Set(['init@1']));
    expect(after.slice(0, 2)).toEqual([wanted, there]);
    expect(withEnded(after, [seed, news], new Set(['init@1']))).toBe(after);
  });
});

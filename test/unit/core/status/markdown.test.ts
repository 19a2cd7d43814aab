import { describe, expect, it } from 'vitest';
import { meaningOf } from '../../../../src/core/status/meaning.ts';
import { statusMarkdown, verdictOf } from '../../../../src/core/status/markdown.ts';
import type { StatusReport } from '../../../../src/core/status/status.ts';
import { checked, planOf, reportOf, type Situation } from '../../../support/decisions.ts';
import { loadBalancer, service } from '../../../support/manifests.ts';
import { instanceOf } from '../../../support/observed.ts';

const wanted = [service(), loadBalancer()];
const instances = [instanceOf(service())];
const { table } = planOf({ wanted, instances });
const served: Situation = { wanted, instances, balancer: checked(table), message: 'Show | prices\n\nand more' };
const id = 'a'.repeat(40);

function withRevision(change: Partial<StatusReport['revision']>): string {
  const status = reportOf(served);
  return statusMarkdown({ ...status, revision: { ...status.revision, ...change } });
}

describe('STATUS.md', () => {
  it('says all that is well in one page', () => {
    expect(statusMarkdown(reportOf(served))).toBe(`# demo: 1 of 1 services steady

Revision kept: \`c0ffee\` Show \\| prices

## Services

| Service | State | Release | Ready | Image |
| --- | --- | --- | --- | --- |
| web | steady | web@${instances[0]?.release ?? ''} | 1 of 1 | web:v1 |

## Load balancers

| Load balancer | State | Address | Members |
| --- | --- | --- | --- |
| web | serving | http://web.example.com/ | 1 of 1 healthy |
`);
  });

  it('says which revision was reached, and which was not taken', () => {
    expect(withRevision({ applied: '' })).toContain('Last one reached in full: none yet');
    expect(withRevision({ applied: id })).toContain('Last one reached in full: `aaaaaaaaaa`\n');
    expect(withRevision({ tried: id })).toContain('Newest, not taken: `aaaaaaaaaa`\n');
    expect(withRevision({})).not.toMatch(/reached|not taken/);
  });

  it('shows what is wrong, where, and its last words', () => {
    const problem = {
      layer: 'validation',
      reason: 'schema',
      message: 'a *bad* <port>',
      file: 'web.yaml',
      line: 3,
    } as const;
    const fallen = instances.map((each) => ({ ...each, state: 'restarting' as const, restarts: 1 }));
    const status = reportOf(
      { ...served, instances: fallen },
      { problems: [problem], logTails: { web: ['<b>bye</b>'] } },
    );
    const text = statusMarkdown(status);
    expect(text).toContain('- `schema` web.yaml:3:1: a \\*bad\\* \\<port\\>\n');
    expect(text).toContain(`- \`exited\` web: ${instances[0]?.name ?? ''}: restarted once; restarting`);
    expect(text).toContain('\n\n      <b>bye</b>\n');
  });

  it('shows the last twenty events', () => {
    const events = Array.from({ length: 21 }, (_, index) => ({
      at: `${index}`,
      type: 't',
      object: 'web',
      message: '`x`',
    }));
    const text = statusMarkdown(reportOf(served, { events }));
    expect(text.match(/^- \d+ web: \\`x\\`$/gm)).toHaveLength(20);
    expect(text).not.toContain('- 20 web');
  });

  it('is the same text for the same meaning', () => {
    const [now, later] = [reportOf(served), reportOf({ ...served, now: Date.UTC(2027, 0, 1) })];
    expect(meaningOf(now)).toBe(meaningOf(later));
    expect(statusMarkdown(now)).toBe(statusMarkdown(later));
  });
});

describe('the verdict', () => {
  const many = Array.from({ length: 7 }, (_, index) => service({ name: `s${index}`, instances: index === 6 ? 0 : 1 }));

  it('names who is not steady, but not all of many', () => {
    expect(verdictOf(reportOf({ wanted: many }))).toBe(
      '1 of 7 services steady; s0 unknown, s1 unknown, s2 unknown, s3 unknown, s4 unknown',
    );
  });

  it('counts problems and what is not scheduled', () => {
    const problem = { layer: 'git', reason: 'unreachable', message: '' } as const;
    const large = service({ resources: { cpu: 99, memory: 0, limits: {} } });
    expect(verdictOf(reportOf({ wanted: [large] }, { problems: [problem] }))).toBe(
      '0 of 1 services steady; web unscheduled, 1 problem, 1 unscheduled',
    );
    expect(verdictOf(reportOf(served, { problems: [problem, problem] }))).toBe('1 of 1 services steady; 2 problems');
  });
});

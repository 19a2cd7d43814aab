import { describe, expect, it } from 'vitest';
import { readManifests } from '../../../src/manifest/read.ts';
import { line, problems, service } from './reading.ts';

describe('an alias', () => {
  it('stands for the last anchor of its name before it', () => {
    const { container } = service('environment: { A: &x 1, B: *x, C: &x 2, D: *x }');
    expect(container.environment).toEqual({ A: '1', B: '1', C: '2', D: '2' });
  });

  it('stands for a whole map, as it was expanded', () => {
    const { container } = service('labels: &all { a: "${FAIRLEAD_CLUSTER}" }\nenvironment: *all');
    expect(container.environment).toEqual({ a: 'default' });
  });

  it('is a mistake where no anchor of its name stands before it, and takes nothing away in an overlay', () => {
    expect(problems('kind: Service\nname: web\nimage: a:1\nlabels: { a: *later, b: &later c }')).toEqual([
      '4:14 syntax: `labels.a` names an anchor that is not defined before it.',
    ]);
    const files = [
      { path: 'web.yaml', text: 'kind: Service\nname: web\nimage: a:1\nlabels: { a: b }' },
      { path: 'clusters/demo/web.yaml', text: 'kind: Service\nname: web\nlabels: *none' },
    ];
    expect(readManifests(files, { cluster: 'demo' }).problems.map(line)).toEqual([
      '3:9 syntax: `labels` names an anchor that is not defined before it.',
    ]);
  });
});

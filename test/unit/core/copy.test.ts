import { describe, expect, it } from 'vitest';
import { copyOf, landingOf } from '../../../src/core/copy.ts';

const here = (path: string) => ({ type: 'here', path });
const there = (service: string, path: string, slot?: number) => ({
  type: 'instance',
  service,
  path,
  ...(slot !== undefined && { slot }),
});

describe('copyOf', () => {
  it.each([
    ['app.conf', 'web:/etc/', { type: 'in', from: here('app.conf'), to: there('web', '/etc/') }],
    ['web/12:/etc/app.conf', '.', { type: 'out', from: there('web', '/etc/app.conf', 12), to: here('.') }],
    ['-', 'web:/', { type: 'in', from: { type: 'stream' }, to: there('web', '/') }],
    ['web:a:b', '-', { type: 'out', from: there('web', 'a:b'), to: { type: 'stream' } }],
    ['./web:x', 'web:x', { type: 'in', from: here('./web:x'), to: there('web', 'x') }],
    ['/web:x', 'web:x', { type: 'in', from: here('/web:x'), to: there('web', 'x') }],
    ['web/0:x', 'web:x', { type: 'in', from: here('web/0:x'), to: there('web', 'x') }],
    ['web/two:x', 'web:x', { type: 'in', from: here('web/two:x'), to: there('web', 'x') }],
  ])('%s to %s', (source, target, copy) => {
    expect(copyOf(source, target)).toEqual(copy);
  });

  it.each([
    ['a', 'b', 'Neither a nor b is in an instance; name one of them as NAME:PATH or NAME/2:PATH.'],
    ['-', '-', 'Neither - nor - is in an instance; name one of them as NAME:PATH or NAME/2:PATH.'],
    ['web:/a', 'api:/b', 'Both web:/a and api:/b are in instances; copy to this machine first, and from there.'],
    ['web:', 'dir', 'web: names no path; web:/ is all that there is.'],
    ['dir', 'web/2:', 'web/2: names no path; web/2:/ is all that there is.'],
  ])('%s to %s is none', (source, target, message) => {
    expect(copyOf(source, target)).toEqual({ type: 'refused', message });
  });
});

describe('landingOf', () => {
  const landing = (isFolder: boolean, found?: 'folder' | 'file' | 'special', saysFolder = false) =>
    landingOf(isFolder, { where: 'in web-1', path: '/a', found, saysFolder });

  it('is inside of a folder that is there, else the name itself', () => {
    for (const isFolder of [true, false]) {
      expect(landing(isFolder, 'folder')).toBe('inside');
      expect(landing(isFolder, 'folder', true)).toBe('inside');
      expect(landing(isFolder)).toBe('itself');
    }
    expect(landing(false, 'file')).toBe('itself');
    expect(landing(true, undefined, true)).toBe('itself');
  });

  it('is nowhere where it cannot be meant', () => {
    expect(() => landing(true, 'file')).toThrow('/a in web-1 is no folder; name another one.');
    expect(() => landing(false, 'file', true)).toThrow('/a in web-1 is no folder; name another one.');
    expect(() => landing(false, undefined, true)).toThrow('There is no folder /a in web-1; make it first.');
    expect(() => landing(false, 'special')).toThrow('/a in web-1 is neither a file nor a folder; it is not replaced.');
  });
});

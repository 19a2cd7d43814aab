import { describe, expect, it } from 'vitest';
import { failureTexts } from '../../../src/commands/failure.ts';

describe('a failure', () => {
  it('is told with its causes, each fact once', () => {
    const refused = new Error('connect ECONNREFUSED /run/docker.sock');
    const away = new Error('The engine does not answer (connect ECONNREFUSED /run/docker.sock).', { cause: refused });
    expect(failureTexts(new Error('Nothing was applied.', { cause: away }))).toEqual([
      'Nothing was applied.',
      'The engine does not answer (connect ECONNREFUSED /run/docker.sock).',
    ]);
  });

  it('names a cause that its message leaves out', () => {
    const cause = new Error('EACCES: permission denied\n');
    expect(failureTexts(new Error('The password file cannot be read.', { cause }))).toEqual([
      'The password file cannot be read.',
      'EACCES: permission denied',
    ]);
  });

  it('tells of an aborted operation only why it was aborted', () => {
    const aborted = AbortSignal.abort(new Error('ended by SIGINT'));
    const operation = Object.assign(new Error('The operation was aborted', { cause: aborted.reason }), {
      name: 'AbortError',
    });
    expect(failureTexts(operation)).toEqual(['ended by SIGINT']);
    expect(failureTexts(Object.assign(new Error('aborted'), { name: 'AbortError' }))).toEqual(['aborted']);
  });

  it('has words where an error has none', () => {
    expect(failureTexts('gone')).toEqual(['gone']);
    expect(failureTexts(new Error(''))).toEqual(['Error']);
    expect(failureTexts(new Error('There is no \u001b[2J.\nThere'))).toEqual(['There is no \\u001b[2J.\nThere']);
  });
});

import { renderProblem, renderWarning, type Palette } from '../core/finding.ts';
import type { Problem, Warning } from '../core/reason.ts';
import type { ManifestSet } from '../app/source.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { Terminal } from './terminal.ts';

export type ValidateFormat = 'text' | 'json' | 'github';

/** Schema and cross-checks, without Docker. */
export function validate(set: ManifestSet, format: ValidateFormat, terminal: Terminal): ExitCode {
  const { manifests, problems, warnings } = set;
  switch (format) {
    case 'json':
      terminal.out(`${JSON.stringify({ version: 1, manifests: manifests.length, problems, warnings }, null, 2)}\n`);
      break;
    case 'github':
      terminal.out([...problems.map(annotation('error')), ...warnings.map(annotation('warning'))].join(''));
      break;
    case 'text':
      terminal.out(text(set, terminal));
      break;
  }
  return problems.length > 0 ? EXIT.invalid : EXIT.done;
}

function text(set: ManifestSet, { palette }: Terminal): string {
  const { problems, warnings } = set;
  const lines = [
    ...problems.map((each) => renderProblem(each, palette)),
    ...warnings.map((each) => renderWarning(each, palette)),
    verdict(set, palette),
  ];
  return `${lines.join('\n')}\n`;
}

function verdict({ manifests, problems }: ManifestSet, palette: Palette): string {
  if (problems.length > 0) return palette.bad(counted(problems.length, 'error'));
  if (manifests.length === 0) return palette.warn('There are no manifests here.');
  return palette.good(`${counted(manifests.length, 'manifest')} valid`);
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** A workflow command of GitHub Actions; its values are escaped as it asks. */
function annotation(level: 'error' | 'warning'): (finding: Problem | Warning) => string {
  return ({ file, line, column, message }) => {
    const place = file === undefined ? '' : ` file=${property(file)},line=${line ?? 1},col=${column ?? 1}`;
    return `::${level}${place}::${escape(message)}\n`;
  };
}

function property(text: string): string {
  return escape(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

function escape(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

import type { Problem, Warning } from './reason.ts';

/** How to set off text; the identity where there is no terminal. */
export interface Palette {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
}

/** `web.yaml:3:7: error: what is wrong (reason)` */
export function renderProblem(problem: Problem, palette: Palette): string {
  return `${place(problem)}${palette.bad('error')}: ${problem.message} ${palette.dim(`(${problem.reason})`)}`;
}

export function renderWarning(warning: Warning, palette: Palette): string {
  return `${place(warning)}${palette.warn('warning')}: ${warning.message} ${palette.dim(`(${warning.code})`)}`;
}

function place({ file, line, column }: { file?: string; line?: number; column?: number }): string {
  return file === undefined ? '' : `${file}:${line ?? 1}:${column ?? 1}: `;
}

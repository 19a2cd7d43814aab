import { printableLines } from '../core/printable.ts';

/**
 * What went wrong and what caused it, outermost first. A cause that was told already is not told again, and of an
 * aborted operation only why it was.
 */
export function failureTexts(error: unknown): string[] {
  if (!(error instanceof Error)) return [printableLines(String(error))];
  const texts: string[] = [];
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if (each.name === 'AbortError' && each.cause instanceof Error) continue;
    const text = printableLines(each.message.trim());
    if (!texts.some((told) => told.includes(text.replace(/\.$/, '')))) texts.push(text === '' ? each.name : text);
  }
  return texts;
}

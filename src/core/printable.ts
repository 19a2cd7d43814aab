/** The text with control characters as JSON writes them: names that others chose must not steer a terminal. */
export function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, escaped);
}

/** The same of a line of a text, which may have tabs. */
export function printableLine(line: string): string {
  return line.replaceAll(/(?!\t)\p{Cc}/gu, escaped);
}

/** The same of a text that may have several lines. */
export function printableLines(text: string): string {
  return text.replaceAll(/(?![\n\t])\p{Cc}/gu, escaped);
}

function escaped(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Steps from a document's top to a value: names of keys, and indexes of lists counted from 0. */
export type Path = readonly (string | number)[];

/** `ports[0].hostPort`; a key with dots or spaces is quoted: `labels["a.b"]`. */
export function printPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[\w-]+$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

/** Something that was asked of the engine, or said to a process in a container. */
export interface Call {
  /** `TELL` for what was said. */
  readonly method: string;
  /** Without the query; what was said, as it is. */
  readonly path: string;
  /** Milliseconds. */
  readonly at: number;
}

const OPENING = /^\/(?:v[\d.]+\/)?(?:containers\/[^/]+\/exec|exec\/[^/]+\/\w+)$/;
/** Files that are written, and commands of HAProxy that are more than a question. */
const TELLING = /cat >|\bmv |\bcp |^reload$|^@!\d+ (?:set|add|del|prepare|commit|enable|disable|shutdown)\b/m;

/** Opening a conversation changes nothing; what is said in it may. */
export function changesSomething({ method, path }: Call): boolean {
  if (method === 'TELL') return TELLING.test(path);
  return method !== 'GET' && method !== 'HEAD' && !OPENING.test(path);
}

/** `POST /containers/3f9c…/start` */
export function nameOf({ method, path }: Call): string {
  return `${method} ${path}`;
}

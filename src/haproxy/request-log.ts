import type { HandledRequest } from '../core/requests.ts';
import { loadBalancerOf, memberOf } from './names.ts';

/**
 * HAProxy writes to its own stdout, which is the container's log, for the workers of before a reload too. It does not wait
 * where that is not read fast enough, and lines of at most 4096 bytes never mix.
 */
const TARGET = 'log stdout len 4096 format raw local0 info';
/** A longer one is no host's name. */
const HOST_LENGTH = 255;

/**
 * A line of our own. What clients choose comes last, in quotes: of that HAProxy writes signs that are not printable,
 * quotes and `#` itself as `#XX`, so that nobody ends the quotes or the line.
 */
const LINE = [
  'request at=%[date(0,ms)] client=%ci status=%ST bytes=%B timers=%TR/%Tw/%Tc/%Tr/%Ta',
  'backend=%b server=%s ended=%ts retries=%rc method="%HM" host="%hr" path="%HPO"',
].join(' ');

/** What a frontend has so that its requests are logged, and not connections without any, as browsers open them to have some. */
export function requestLogLines(): readonly string[] {
  return [TARGET, 'option dontlognull', `capture request header Host len ${HOST_LENGTH}`, `log-format '${LINE}'`];
}

/** A line that was too long has lost its end. */
const WRITTEN =
  /^request at=(?<at>\d+) client=(?<client>\S+) status=(?<status>-?\d+) bytes=(?<bytes>\d+) timers=(?<timers>[-\d/]+) backend=(?<backend>\S+) server=(?<server>\S+) ended=(?<ended>\S+) retries=\+?(?<retries>\d+) method="(?<method>[^"]*)" host="\{?(?<host>[^"]*?)\}?" path="(?<path>[^"]*)"?$/;
const NONE = new Set(['', '-', '<BADREQ>']);

/** The request that a line of the container's log tells of; undefined: it tells of something else. */
export function readRequest(line: string): HandledRequest | undefined {
  const fields = WRITTEN.exec(line)?.groups;
  if (fields === undefined) return undefined;
  const text = (name: string): string => fields[name] ?? '';
  const status = Number(text('status'));
  const loadBalancer = loadBalancerOf(text('backend'));
  const member = memberOf(text('server'));
  return {
    at: new Date(Number(text('at'))).toISOString(),
    client: text('client'),
    ...written('method', text('method')),
    ...written('host', text('host')),
    ...written('path', text('path')),
    ...(status > 0 && { status }),
    bytes: Number(text('bytes')),
    ...timesOf(text('timers')),
    ...(loadBalancer !== undefined && { loadBalancer }),
    ...(member !== undefined && { member }),
    termination: text('ended'),
    retries: Number(text('retries')),
  };
}

/** Until the request was whole, it had its turn, a connection, an answer's head, and all of it; HAProxy has -1 for what it did not come to. */
function timesOf(timers: string): Pick<HandledRequest, 'duration' | 'firstByte'> {
  const [request = 0, queue = 0, connect = 0, answer = 0, duration = 0] = timers.split('/').map(Number);
  const waits = [request, queue, connect, answer];
  if (waits.some((wait) => wait < 0)) return { duration };
  return { duration, firstByte: waits.reduce((sum, wait) => sum + wait) };
}

function written<Name extends string>(name: Name, value: string): { readonly [Key in Name]?: string } {
  const text = value.replaceAll(/#([0-9A-F]{2})/g, '%$1');
  return (NONE.has(text) ? {} : { [name]: text }) as { readonly [Key in Name]?: string };
}

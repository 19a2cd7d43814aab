import type { Balancer } from '../core/ports.ts';
import { areTwo, namesOf, requestsOf, type HandledRequest } from '../core/requests.ts';
import type { RoutingTable } from '../core/routing.ts';
import { EXIT, type ExitCode } from './exit.ts';
import type { Terminal } from './terminal.ts';

export interface AccessOptions {
  /** A load balancer or a service; undefined: all requests. */
  readonly name: string | undefined;
  readonly balancer: Balancer;
  readonly tail: number;
  readonly follow: boolean;
  readonly format: 'text' | 'json';
  /** The host's configuration wants them to be logged. */
  readonly isLogged: boolean;
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  /** Told before anything is printed: who asked for what is about people. */
  readonly record: (message: string) => Promise<void>;
}

/** Prints the last requests that the load balancer was done with, and with `follow` those to come. */
export async function access(options: AccessOptions): Promise<ExitCode> {
  const { name, balancer, tail, follow, format, signal, terminal } = options;
  const { state, table } = await balancer.observe();
  if (state === 'absent') {
    terminal.err('There is no load balancer: no manifest that was applied needs one.\n');
    return EXIT.error;
  }
  if (name !== undefined && !(await isKnown(name, table, options))) {
    terminal.err(unknown(name, table));
    return EXIT.error;
  }
  if (name !== undefined && table !== undefined && areTwo(name, table))
    terminal.err(`Both a load balancer and a service are called ${name}: the requests of both are meant.\n`);
  if (!options.isLogged) terminal.err('`balancer.accessLog` is false: no new requests are logged.\n');
  await options.record(`${follow ? 'followed' : 'read'} the log of requests${name === undefined ? '' : ` to ${name}`}`);
  const wanted = name === undefined ? () => true : requestsOf(name, table);
  const print = format === 'json' ? JSON.stringify : requestText;
  for await (const request of balancer.requests({ tail, follow, wanted, signal })) terminal.out(`${print(request)}\n`);
  return EXIT.done;
}

/** Also by a name of before, for as long as the log has it. */
async function isKnown(
  name: string,
  table: RoutingTable | undefined,
  { balancer, signal }: AccessOptions,
): Promise<boolean> {
  if (table !== undefined && namesOf(table).includes(name)) return true;
  const last = { tail: 1, follow: false, wanted: requestsOf(name, table), signal };
  const found: HandledRequest[] = [];
  for await (const request of balancer.requests(last)) found.push(request);
  return found.length > 0 || signal.aborted;
}

function unknown(name: string, table: RoutingTable | undefined): string {
  if (table === undefined) return `The load balancer does not answer, and its log has no request for ${name}.\n`;
  const names = namesOf(table);
  const others = names.length === 0 ? 'There is none yet' : `Those that there are: ${names.join(', ')}`;
  return `No load balancer is called ${name}, and none leads to a service ${name}. ${others}.\n`;
}

/** `2026-11-30T22:04:17.123Z 10.0.0.7 GET www.example.com/api 200 137 B 3 ms (first byte 2 ms) www → web@3f9c1a2/1` */
function requestText(request: HandledRequest): string {
  const { at, client, method = '-', host = '-', path = '', status = '-', bytes, duration, firstByte } = request;
  const { loadBalancer = '-', member, retries, termination } = request;
  const words = [
    `${at} ${client} ${method} ${host}${path} ${status} ${bytes} B ${duration} ms`,
    firstByte === undefined ? '' : `(first byte ${firstByte} ms)`,
    loadBalancer,
    member === undefined ? '' : `→ ${member.service}@${member.release}/${member.slot}`,
    retries === 0 ? '' : `retries ${retries}`,
    termination === '--' ? '' : `ended ${termination}`,
  ];
  return words.filter((word) => word !== '').join(' ');
}

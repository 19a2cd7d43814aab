import type { HealthCheck, HttpCheck, Port } from '../core/model.ts';
import type { Path } from './path.ts';
import type { Reading } from './reading.ts';
import type { ServiceDocument } from './schema.generated.ts';
import { duration } from './duration.ts';
import { present } from './values.ts';

type HealthCheckFields = NonNullable<ServiceDocument['healthCheck']>;

/** The check with every default; `declared` are the ports in the order of the document. */
export function healthCheck(reading: Reading, fields: HealthCheckFields, declared: readonly Port[]): HealthCheck {
  return present<HealthCheck>({
    http: fields.http === undefined ? undefined : httpCheck(reading, fields.http, declared),
    command: fields.command === undefined ? undefined : dockerCommand(reading, fields.command),
    interval: duration(reading, ['healthCheck', 'interval'], fields.interval),
    timeout: duration(reading, ['healthCheck', 'timeout'], fields.timeout),
    retries: fields.retries,
    startPeriod: duration(reading, ['healthCheck', 'startPeriod'], fields.startPeriod),
    restart: fields.restart,
  });
}

function httpCheck(
  reading: Reading,
  fields: NonNullable<HealthCheckFields['http']>,
  declared: readonly Port[],
): HttpCheck {
  const tcp = declared.filter((port) => port.protocol === 'tcp').map((port) => port.port);
  const port = fields.port ?? tcp[0];
  if (port === undefined) {
    const message = '`healthCheck.http` needs a tcp port; declare the one that answers in `ports`.';
    reading.complain(['healthCheck', 'http'], message, { reason: 'port-not-declared', part: 'key' });
  } else if (!tcp.includes(port)) {
    const known = tcp.length === 0 ? 'none is declared' : `declared: ${tcp.join(', ')}`;
    const message = `\`healthCheck.http.port\` ${port} is not among the service's tcp ports (${known}).`;
    reading.complain(['healthCheck', 'http', 'port'], message, { reason: 'port-not-declared' });
  }
  return {
    path: fields.path,
    port: port ?? 0,
    status: statusCodes(reading, ['healthCheck', 'http', 'status'], String(fields.status)),
  };
}

/** HAProxy's spelling: no spaces, in order, each once. */
export function statusCodes(reading: Reading, path: Path, text: string): string {
  const ranges = text.replaceAll(/\s/g, '').split(',');
  for (const range of ranges) {
    const [from = '', to = from] = range.split('-');
    if (from > to) reading.complain(path, `The range ${range} ends before it begins.`);
  }
  return [...new Set(ranges)].sort().join(',');
}

/** A text is for the shell; a list is a command, with Compose's `CMD` or `CMD-SHELL` in front or without. */
function dockerCommand(reading: Reading, command: string | readonly string[]): readonly string[] {
  if (typeof command === 'string') return ['CMD-SHELL', command];
  if (command[0] === 'NONE')
    reading.complain(['healthCheck', 'command'], 'Leave `healthCheck` out where there is no check.');
  return command[0] === 'CMD' || command[0] === 'CMD-SHELL' ? command : ['CMD', ...command];
}

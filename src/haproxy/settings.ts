import type { PortRange } from '../core/model.ts';

/** What the config is made from, beside the table. */
export interface ConfigSettings {
  /** Where config, map, state and socket are, inside the container. */
  readonly directory: string;
  /** Absent: no http frontend. */
  readonly http?: HttpListener;
  /** Absent: none by TLS. */
  readonly https?: HttpListener;
  /** Where routes that take connections may listen; absent: nowhere. */
  readonly tcp?: PortRange & { readonly address: string };
  /** Milliseconds that an old worker may go on for at least. */
  readonly hardStopAfter: number;
  /** User and group of the workers where the master is root. */
  readonly workerId?: number;
  readonly control: Control;
  readonly admission: Admission;
  /** Whether each request is written to the container's log. */
  readonly accessLog: boolean;
}

interface HttpListener {
  readonly address: string;
  readonly port: number;
  /** Port of the host that leads to it. */
  readonly shown: number;
}

/** What of the table this host has, see `admission.ts`. */
export interface Admission {
  /** Endpoints that cannot be listened on. */
  readonly closed: ReadonlySet<string>;
  /** Id of the certificate that is served, by load balancer. */
  readonly certificates: ReadonlyMap<string, string>;
}

/** How we reach the master's command line: nothing but TCP on loopback can be dialled with what the images ship. */
export interface Control {
  readonly address: string;
  readonly port: number;
  /** An IPv6 address, random; who does not give it as the source in the PROXY header is refused. */
  readonly secret: string;
}

export const FILES = {
  map: 'routes.map',
  state: 'servers.state',
  record: 'table.json',
  socket: 'master.sock',
  control: 'control',
  certificates: 'certificates',
  list: 'certificates.list',
};

/** Of the map, inside the container. */
export function mapFile({ directory }: ConfigSettings): string {
  return `${directory}/${FILES.map}`;
}

/** Which certificate is for whom, inside the container. */
export function listFile({ directory }: Pick<ConfigSettings, 'directory'>): string {
  return `${directory}/${FILES.list}`;
}

export function endpoint(address: string, port: number): string {
  return `${address.includes(':') ? `[${address}]` : address}:${port}`;
}

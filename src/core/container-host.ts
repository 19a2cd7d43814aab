import type { LogLine } from './ports.ts';

/** What the balancer needs of the engine that it runs on; no signals on purpose (they disarm the restart policy). */
export interface ContainerHost {
  find(name: string): Promise<HostedContainer | undefined>;
  /** Fetches an image that the engine lacks. */
  pull(image: string): Promise<void>;
  /** Creates from an image that the engine has, and starts; `restart: unless-stopped`. */
  create(spec: HostedContainerSpec): Promise<HostedContainer>;
  /** Also one that is paused. */
  start(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  removeVolume(name: string): Promise<void>;
  /** Unpacks files below `directory`; modes are octal numbers. */
  upload(id: string, directory: string, files: readonly UploadFile[]): Promise<void>;
  /** A process in the container with open stdin and stdout. */
  exec(id: string, command: readonly string[]): Promise<ExecStream>;
  logs(id: string, options: HostedLogOptions): AsyncIterable<LogLine>;
}

export interface HostedLogOptions {
  /** Absent: both. */
  readonly stream?: LogLine['stream'];
  /** Lines from the end, of both streams; absent: all. */
  readonly tail?: number;
  /** Seconds since 1970: lines of before are left out. */
  readonly since?: number;
  readonly follow: boolean;
  /** Aborted, the lines just end. */
  readonly signal?: AbortSignal;
}

export interface UploadFile {
  readonly path: string;
  readonly content: string | Buffer;
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

export interface HostedContainer {
  readonly id: string;
  readonly name: string;
  readonly running: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

export interface HostedContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly user?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly volume: { readonly name: string; readonly target: string };
  /** `networks` by the names that manifests use. */
  readonly network: 'host' | { readonly networks: readonly string[]; readonly publish: readonly HostedPort[] };
  readonly capabilities: readonly string[];
  readonly readOnly: boolean;
  readonly nofile: number;
}

interface HostedPort {
  readonly address: string;
  readonly hostPort: number;
  readonly port: number;
}

export interface ExecStream {
  write(text: string): void;
  /** Everything the process prints on stdout, in chunks. */
  readonly output: AsyncIterable<string>;
  /** Set once the process has ended. */
  readonly closed: boolean;
  close(): void;
}

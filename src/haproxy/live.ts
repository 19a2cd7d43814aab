/** Readers of what HAProxy's command line answers; pure. */

export interface LiveServer {
  readonly address: string;
  readonly port: number;
  readonly maintenance: boolean;
  readonly draining: boolean;
  readonly weight: number;
}

/** By `backend/server`. */
export type LiveServers = ReadonlyMap<string, LiveServer>;

const FORCED_MAINTENANCE = 0x01;
const FORCED_DRAIN = 0x08;

/** Reads `show servers state`. */
export function readServers(answer: string): LiveServers {
  const [, header = '', ...rows] = lines(answer);
  const columns = header.replace(/^# /, '').split(' ');
  return new Map(
    rows.map((row) => {
      const fields = new Map(row.split(' ').map((value, index) => [columns[index] ?? '', value]));
      const admin = Number(fields.get('srv_admin_state'));
      const server: LiveServer = {
        address: fields.get('srv_addr') ?? '',
        port: Number(fields.get('srv_port')),
        maintenance: (admin & FORCED_MAINTENANCE) !== 0,
        draining: (admin & FORCED_DRAIN) !== 0,
        weight: Number(fields.get('srv_uweight')),
      };
      return [`${fields.get('be_name') ?? ''}/${fields.get('srv_name') ?? ''}`, server];
    }),
  );
}

export interface Worker {
  readonly pid: number;
  /** Of an earlier reload; it still has connections. */
  readonly old: boolean;
  /** Milliseconds since its start. */
  readonly uptime: number;
}

/** Reads `show proc`. The newest worker comes first. */
export function readWorkers(answer: string): readonly Worker[] {
  const [current = '', old = ''] = answer.split('# old workers');
  return [...workersIn(current, false), ...workersIn(old, true)];
}

function workersIn(text: string, old: boolean): readonly Worker[] {
  const rows = [...text.matchAll(/^(\d+)\s+worker\s+\d+\s+(\d+)d(\d+)h(\d+)m(\d+)s/gm)];
  return rows.map(([, pid, days, hours, minutes, seconds]) => {
    const uptime = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
    return { pid: Number(pid), old, uptime: uptime * 1000 };
  });
}

/** Reads `show map FILE`: each line is an address, the key and the value. A worker without a frontend has no map. */
export function readMap(answer: string): ReadonlyMap<string, string> {
  return new Map([...answer.matchAll(/^0x\S+ (\S+) (\S+)/gm)].map(([, key = '', value = '']) => [key, value] as const));
}

export interface ServerStat {
  /** `UP`, `DOWN`, `UP 1/2`, `MAINT`, `DRAIN`, `no check`, … */
  readonly status: string;
  /** `L7OK`, `L4CON`, `INI`, …; empty for a server that is not checked itself. */
  readonly check: string;
  /** Answer code of the last check; empty where there is none. */
  readonly code: string;
  readonly address: string;
  readonly sessions: number;
  readonly requests: number;
  readonly errors: number;
  readonly queue: number;
}

/** Before the last result of a check that is under way. */
const ASKED = '* ';

/** By `backend/server`. */
export type Stats = ReadonlyMap<string, ServerStat>;

/** Reads the servers and backends (`BACKEND`) of `show stat`; while HAProxy asks a server anew it forgets its last code, which is taken from `last`. */
export function readStat(answer: string, last: Stats = new Map()): Stats {
  const [header = '', ...rows] = lines(answer);
  const columns = header.replace(/^# /, '').split(',');
  const at = (name: string) => columns.indexOf(name);
  const [backend, server, status, check, code, address] = [
    'pxname',
    'svname',
    'status',
    'check_status',
    'check_code',
    'addr',
  ].map(at);
  const [sessions, requests, queue] = ['scur', 'stot', 'qcur'].map(at);
  const errors = ['econ', 'eresp', 'hrsp_5xx'].map(at);
  return new Map(
    rows.map((row) => {
      const fields = csvFields(row);
      const text = (index: number | undefined): string => fields[index ?? -1] ?? '';
      const name = `${text(backend)}/${text(server)}`;
      const before = last.get(name);
      const result = text(check).replace(ASKED, '');
      const isAsked = text(check).startsWith(ASKED);
      return [
        name,
        {
          status: text(status),
          check: result,
          code: !isAsked ? text(code) : before?.check === result ? before.code : '',
          address: text(address),
          sessions: Number(text(sessions)),
          requests: Number(text(requests)),
          errors: errors.reduce((sum, index) => sum + Number(text(index)), 0),
          queue: Number(text(queue)),
        },
      ];
    }),
  );
}

function csvFields(row: string): readonly string[] {
  if (!row.includes('"')) return row.split(',');
  return [...row.matchAll(/(?:^|,)("(?:[^"]|"")*"|[^,]*)/g)].map(([, field = '']) => field);
}

/** The hash that the worker's config carries, out of `show info`. */
export function readSkeleton(answer: string): string {
  return /^[dD]escription: (\S+)$/m.exec(answer)?.[1] ?? '';
}

function lines(answer: string): readonly string[] {
  return answer.split('\n').filter((line) => line.trim() !== '');
}

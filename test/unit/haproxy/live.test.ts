import { expect, test } from 'vitest';
import { readMap, readServers, readSkeleton, readStat, readWorkers } from '../../../src/haproxy/live.ts';

/** As HAProxy 2.6.12 and 3.0.11 print them, `show stat` without most of its columns. */
const SERVERS = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
2 control 1 master - 2 0 1 1 88 1 0 2 0 0 0 0 - 0 - 0 0 - - 0
4 web.a 1 m1 172.30.77.11 2 8 1 1 3 1 0 0 0 0 0 0 - 8080 - 0 0 - - 0
6 check:web 1 s1 172.30.77.11 2 4 1 1 3 15 3 2 6 0 0 0 - 8080 - 0 0 - - 0
6 check:web 3 s3 0.0.0.0 0 5 1 1 88 1 0 0 14 0 0 0 - 8080 - 0 0 - - 0
`;

const WORKERS = `#<PID>          <type>          <reloads>       <uptime>        <version>      
1               master          1 [failed: 0]   0d00h02m16s     3.0.11-1+deb13u5
# workers
12              worker          0               0d00h00m00s     3.0.11-1+deb13u5
# old workers
8               worker          1               0d00h02m16s     3.0.11-1+deb13u5
# programs
`;

const STAT = `# pxname,svname,scur,econ,eresp,status,check_status,check_code,hrsp_5xx,last_chk,addr,
web.a,m1,3,1,2,UP,,,4,,10.0.0.1:8080,
check:web,s1,0,,,UP,* L7OK,0,,,10.0.0.1:8080,
check:web,s2,0,,,DOWN,L7STS,503,,"Sorry, ""busy""",10.0.0.2:8080,
`;

test('reads the state of servers', () => {
  const servers = readServers(SERVERS);
  expect([...servers.keys()]).toEqual(['control/master', 'web.a/m1', 'check:web/s1', 'check:web/s3']);
  expect(servers.get('web.a/m1')).toEqual({
    address: '172.30.77.11',
    port: 8080,
    maintenance: false,
    draining: true,
    weight: 1,
  });
  // A slot that the config disabled and a command enabled keeps the config's mark.
  expect(servers.get('check:web/s1')).toMatchObject({ maintenance: false, draining: false });
  expect(servers.get('check:web/s3')).toMatchObject({ maintenance: true });
});

test('reads the workers, the newest first', () => {
  expect(readWorkers(WORKERS)).toEqual([
    { pid: 12, old: false, uptime: 0 },
    { pid: 8, old: true, uptime: 136_000 },
  ]);
});

test('reads the statistics of servers, with commas in the words of a check', () => {
  const stat = readStat(STAT);
  expect(stat.get('web.a/m1')).toEqual({
    status: 'UP',
    check: '',
    code: '',
    address: '10.0.0.1:8080',
    sessions: 3,
    requests: 0,
    errors: 7,
    queue: 0,
  });
  expect(stat.get('check:web/s1')).toMatchObject({ status: 'UP', check: 'L7OK', code: '' });
  expect(stat.get('check:web/s2')).toMatchObject({ check: 'L7STS', code: '503', address: '10.0.0.2:8080' });
});

test('keeps the last code of a server that is being asked', () => {
  const answer = (status: string, code: string) =>
    readStat(`# pxname,svname,check_status,check_code,\ncheck:web,s1,${status},${code},\n`, last);
  let last: ReturnType<typeof readStat> | undefined;
  const codes = [
    ['* L7STS', '0'],
    ['L7STS', '503'],
    ['* L7STS', '0'],
    ['* L7STS', '0'],
  ].map(([status = '', code = '']) => {
    last = answer(status, code);
    return last.get('check:web/s1')?.code;
  });
  expect(codes).toEqual(['', '503', '503', '503']);
  expect(answer('* L7TOUT', '').get('check:web/s1')?.code).toBe('');
});

test('reads a map and the description', () => {
  expect(readMap('0x55cfe8c83840 web.example/api/ web.a\n0x55cfe8c83841 web.example/ web.b\n')).toEqual(
    new Map([
      ['web.example/api/', 'web.a'],
      ['web.example/', 'web.b'],
    ]),
  );
  expect(readMap('')).toEqual(new Map());
  expect(readMap('Unknown map identifier. Please use #<id> or <file>.\n')).toEqual(new Map());
  expect(readSkeleton('Name: HAProxy\nnode: vm\ndescription: abcdef\nStopping: 0\n')).toBe('abcdef');
});

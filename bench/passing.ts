import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { aptInstall } from '../script/apt.mjs';
import { freePort } from '../test/lab/free-port.ts';
import { startLoad, USUAL_LOAD } from '../test/lab/load.ts';
import {
  BalancerLab,
  checked,
  memberOf,
  poolOf,
  routeTo,
  tableOf,
  type Upstream,
} from '../test/support/balancer-lab.ts';
import { until } from '../test/support/docker.ts';
import { median, row } from './measure.ts';

const PAIRS = 5;
const SECONDS = 4;
const IMAGE = 'lab/haproxy:3.0';
const HOST = 'web.example.com';
/** Milliseconds of load at a fixed rate. */
const LASTS = 6_000;
const RATE = {
  ...USUAL_LOAD,
  ratePerSecond: 2_000,
  newConnectionsPerSecond: 1,
  idleConnections: 0,
  allowedBodies: ['ok'],
};

/** Requests through the balancer, beside a HAProxy whose config a person has written, and beside none. */
export async function passing(): Promise<void> {
  if (!existsSync('/usr/bin/wrk')) await aptInstall(['wrk'], { log: console.error, why: 'Load without mercy' });
  await using lab = await BalancerLab.open(IMAGE, { accessLog: false });
  const member = await answering(lab, 8080);
  const pool = { ...poolOf([member]), check: { type: 'tcp' as const, port: 8080 } };
  const balancer = lab.balancer();
  await balancer.apply(tableOf([pool], [routeTo([memberOf(member)])]));
  await checked(balancer, [member]);
  const port = await minimal(lab, member);
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    theirs.push(await rateOf(port));
    ours.push(await rateOf(lab.port));
  }
  const ratios = ours.map((each, index) => (theirs[index] ?? Number.NaN) / each);
  row('requests a second through a config by hand, median of five', median(theirs), { unit: '/s' });
  row('requests a second through the balancer', median(ours), { unit: '/s', beside: median(theirs) });
  row('by hand beside ours, median of five pairs', median(ratios), { unit: '', bar: 1 / 0.95 });
  const [direct, through]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    direct.push(await answerTime({ port: 8080, address: member.address }));
    through.push(await answerTime({ port: lab.port }));
  }
  const added = through.map((each, index) => each - (direct[index] ?? Number.NaN));
  row('an answer at 2,000 requests a second, through the balancer', median(through), { beside: median(direct) });
  row('what the balancer adds to it, median of five pairs', median(added), { bar: 0.3 });
}

/** A member that is never what holds things up. */
async function answering(lab: BalancerLab, port: number): Promise<Upstream> {
  return await lab.haproxy(
    `frontend member\n mode http\n timeout client 1m\n bind :${port}\n http-request return status 200 content-type text/plain string ok\n`,
  );
}

/** Gives its port. */
async function minimal(lab: BalancerLab, { address }: Upstream): Promise<number> {
  const port = await freePort();
  await lab.haproxy(
    `global\n maxconn 10000\ndefaults\n mode http\n timeout connect 10s\n timeout client 50s\n timeout server 50s\n` +
      `frontend http\n bind 127.0.0.1:${port}\n default_backend web\nbackend web\n option forwardfor\n server one ${address}:8080 check\n`,
    'host',
  );
  await until(async () => (await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined))?.status === 200);
  return port;
}

/** Requests a second over 32 connections. */
async function rateOf(port: number): Promise<number> {
  const args = ['-t1', '-c32', `-d${SECONDS}s`, '-H', `Host: ${HOST}`, `http://127.0.0.1:${port}/`];
  const { stdout } = await promisify(execFile)('wrk', args);
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1];
  if (rate === undefined || /Non-2xx/.test(stdout)) throw new Error(`wrk has met something else: ${stdout}`);
  return Number(rate);
}

/** Milliseconds, in the median. */
async function answerTime(place: { readonly port: number; readonly address?: string }): Promise<number> {
  await using load = startLoad({ ...RATE, ...place, hostHeader: HOST, slow: { path: '/', everyMs: 1_000 } });
  await delay(LASTS);
  const { failureCount, p50 } = await load.stop();
  if (failureCount > 0) throw new Error(`${failureCount} requests failed.`);
  return p50;
}

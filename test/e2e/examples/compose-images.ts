import type { StandIn } from './stand-ins.ts';

const from = (name: string) => `registry.example.com/${name}`;
const path = (program: string) => `usr/local/bin/${program}`;
const script = (line: string) => `#!/bin/sh\n${line}\n`;
const asks = (port: number) => script(`exec wget -q -O /dev/null http://127.0.0.1:${port}/`);
const serves = (port: number) => `exec httpd -f -p ${port} -h /www`;
const runs = (line: string) => `CMD ${JSON.stringify(['sh', '-c', line])}`;

/** A server that answers on its port, and the program that asks whether it does. */
const server = (name: string, port: number, check: string): StandIn => ({
  name: from(name),
  image: 'lab/busybox:1',
  files: { 'www/index.html': `${name}\n`, [path(check)]: asks(port) },
  changes: [runs(serves(port))],
});
const redis = server('redis:8', 6379, 'redis-cli');
const MIGRATE = 'test -s "$DATABASE_PASSWORD_FILE" && wget -q -O - "http://$DATABASE_HOST:5432/" && echo "migrated $1"';
const WORKER = 'jobs=$(wget -q -O - http://broker:5672/) && echo "$CONCURRENCY at once of $jobs" && exec sleep 1000000';
const PROMETHEUS = `test -s /etc/prometheus/prometheus.yml && ${serves(9090)}`;
const SYSLOG = "require('dgram').createSocket('udp4').on('message', (text) => console.log(`${text}`)).bind(514)";

/**
 * The images of the examples from Compose, with the programs that their manifests call: these look for what the real ones
 * would need, and say so.
 */
export const COMPOSE_IMAGES: readonly StandIn[] = [
  { name: from('nginx:1.28'), image: 'lab/busybox:1', changes: [runs('exec httpd -f -h /usr/share/nginx/html')] },
  server('mariadb:11.4', 3306, 'healthcheck.sh'),
  { name: from('wordpress:6.8'), image: 'lab/app:v1', port: 80 },
  { name: from('busybox:1.37'), image: 'lab/busybox:1' },
  { name: from('counter:v1'), image: 'lab/app:v1', port: 5000 },
  { ...redis, files: { ...redis.files, [path('redis-server')]: script(serves(6379)) } },
  server('postgres:17', 5432, 'pg_isready'),
  { name: from('orders:v1'), image: 'lab/app:v1', files: { [path('migrate')]: script(MIGRATE) } },
  { name: from('shop-web:v1'), image: 'lab/app:v1' },
  { name: from('shop-api:v2'), image: 'lab/app:v2' },
  server('rabbitmq:4.1', 5672, 'rabbitmq-diagnostics'),
  {
    name: from('mailer:v1'),
    image: 'lab/busybox:1',
    files: { [path('worker')]: script(WORKER), [path('scheduler')]: script(WORKER) },
  },
  {
    name: from('prometheus:v3.5'),
    image: 'lab/busybox:1',
    files: { 'www/-/healthy': 'healthy\n', [path('prometheus')]: script(PROMETHEUS) },
    changes: ['ENTRYPOINT ["prometheus"]'],
  },
  { name: from('grafana:12.1'), image: 'lab/app:v1', port: 3000 },
  {
    name: from('gitea:1.24'),
    image: 'lab/busybox:1',
    files: { 'www/index.html': 'repositories\n' },
    changes: [runs('httpd -p 3000 -h /www; exec nc -ll -p 22 -e echo SSH-2.0-stand-in')],
  },
  { name: from('rsyslog:8.2504'), image: 'lab/node:20', changes: [`CMD ${JSON.stringify(['node', '-e', SYSLOG])}`] },
  { name: from('notes:v1'), image: 'lab/app:v1', port: 80 },
  { name: from('store:v1'), image: 'lab/app:v1' },
  { name: from('console:v1'), image: 'lab/busybox:1' },
  { name: from('mailbox:v1'), image: 'lab/app:v1', port: 8025 },
];

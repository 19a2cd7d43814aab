import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { read } from '../../../script/run.mjs';
import {
  commandLinesWith,
  filesWith,
  makeStack,
  serveHttp,
  serveSsh,
  type HttpHost,
  type SshHost,
} from '../../lab/git-hosts.ts';
import { RunningFairlead } from '../../support/fairlead.ts';
import { Scenario } from '../../support/scenario.ts';
import { until } from '../../support/until.ts';
import { sleeper, yaml } from '../../support/yaml.ts';

/** A reconciler follows a repository where repositories really are, and reports to it: HTTPS with a password, SSH with a key. */

const PASSWORD = 'correct-horse-battery';
const stack = makeStack();
let https: HttpHost;
let ssh: SshHost;
let overHttps: Scenario;
let overSsh: Scenario;
let running: RunningFairlead;
let followingSsh: RunningFairlead;

beforeAll(async () => {
  overHttps = stack.use(
    await Scenario.create({
      repository: async (_, directory) => {
        await makeCertificate(directory);
        await writeFile(join(directory, 'token'), `${PASSWORD}\n`, { mode: 0o600 });
        const [key, cert] = await Promise.all([
          readFile(join(directory, 'tls.key')),
          readFile(join(directory, 'tls.pem')),
        ]);
        https = stack.use(await serveHttp(directory, PASSWORD, { key, cert }));
        return `{ url: "${https.url}", interval: 1s, credentials: { passwordFile: ${join(directory, 'token')} } }`;
      },
    }),
  );
  overSsh = stack.use(
    await Scenario.create({
      repository: async (origin, directory) => {
        ssh = stack.use(await serveSsh(directory, origin.bare));
        return `{ url: "${ssh.url}", interval: 1s, credentials: { sshKeyFile: "${ssh.keyFile}", knownHostsFile: "${ssh.knownHostsFile}" } }`;
      },
    }),
  );
  await overSsh.repository.push({ 'app.yaml': yaml(sleeper('web')) }, 'Begin');
  followingSsh = overSsh.run();
});
afterAll(() => stack.disposeAsync());

async function makeCertificate(directory: string): Promise<void> {
  const files = ['-keyout', join(directory, 'tls.key'), '-out', join(directory, 'tls.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await read('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...files, ...subject]);
}

/** `fairlead run` with the lab's own certificate authority, where somebody wants to see all that can be seen. */
function runOverHttps(): RunningFairlead {
  const env = { GIT_SSL_CAINFO: join(overHttps.directory, 'tls.pem'), DEBUG: '*' };
  return stack.use(new RunningFairlead(['run'], { cwd: overHttps.directory, env }));
}

/** Looks at all command lines of the machine until it is told to stop; returns those with the text. */
function watchCommandLines(text: string): () => Promise<string[]> {
  const found = new Set<string>();
  const watch = { isOver: false };
  const watching = (async () => {
    while (!watch.isOver) {
      for (const line of await commandLinesWith(text)) found.add(line);
      await delay(20);
    }
  })();
  return async () => {
    watch.isOver = true;
    await watching;
    return [...found];
  };
}

it('works over HTTPS, and the password is to be seen nowhere', async () => {
  const endWatch = watchCommandLines(PASSWORD);
  const revision = await overHttps.repository.push({ 'app.yaml': yaml(sleeper('web')) }, 'Begin');
  running = runOverHttps();
  const status = await overHttps.reports('all is steady', (each) => each.ready && each.revision.applied === revision);
  expect(status.services[0]).toMatchObject({ name: 'web', state: 'steady', running: 1 });
  expect(await endWatch()).toEqual([]);
  expect(await filesWith(join(overHttps.directory, 'state'), PASSWORD)).toEqual([]);
  const report = await overHttps.repository.origin.git('log', '-p', `fairlead/${overHttps.cluster}`, '--');
  for (const text of [running.log, running.printed, report]) expect(text).not.toContain(PASSWORD);
});

it('costs no more than git ls-remote and commits nothing while nothing happens', async () => {
  const env = { ...process.env, GIT_SSL_CAINFO: join(overHttps.directory, 'tls.pem') };
  const branch = `fairlead/${overHttps.cluster}`;
  const quiet = async () => {
    const [commits, requests] = [await overHttps.repository.subjects(branch), https.requests.length];
    await until('three looks at the remote', () => looks(requests) >= 3);
    return { commits, requests: https.requests.slice(requests), after: await overHttps.repository.subjects(branch) };
  };
  const looks = (from: number) => https.requests.slice(from).filter((each) => each.startsWith('POST')).length;
  const { commits, requests, after } = await quiet();
  expect(after).toEqual(commits);
  const before = https.requests.length;
  const url = https.url.replace('//', `//git:${PASSWORD}@`);
  await read('git', ['ls-remote', url, 'refs/heads/main'], { env });
  const once = new Set(https.requests.slice(before));
  expect([...new Set(requests)].sort()).toEqual([...once].sort());
  expect(requests.filter((each) => each.startsWith('GET')).length).toBeLessThanOrEqual(8);
});

it('tells of a changed password, changes nothing meanwhile, and takes the new one from the file', async () => {
  const before = await overHttps.runningIds();
  https.password = 'another-one';
  const statusFile = join(overHttps.directory, 'state', 'status.json');
  await until('the state directory says so', async () => (await readFile(statusFile, 'utf8')).includes('auth-failed'), {
    within: 30_000,
  });
  expect(await overHttps.runningIds()).toEqual(before);
  await writeFile(join(overHttps.directory, 'token'), 'another-one\n');
  const revision = await overHttps.repository.push({ 'app.yaml': yaml(sleeper('web', { instances: 2 })) }, 'Grow');
  const status = await overHttps.reports('it is followed again', (each) => each.revision.applied === revision);
  expect({ ready: status.ready, problems: status.problems }).toEqual({ ready: true, problems: [] });
});

it('works over SSH with a key and a known host', async () => {
  const status = await overSsh.reports('all is steady', (each) => each.ready && each.revision.applied !== '');
  expect(status.services[0]).toMatchObject({ name: 'web', state: 'steady', running: 1 });
});

it('refuses a host key that is not the known one, and starts nothing', async () => {
  const [key = ''] = (await readFile(`${ssh.keyFile}.pub`, 'utf8')).split('\n');
  await writeFile(join(overSsh.directory, 'known_hosts'), `[127.0.0.1]:${ssh.port} ${key}\n`);
  const before = await overSsh.runningIds();
  expect(await followingSsh.stop()).toBe(0);
  await overSsh.repository.push({ 'app.yaml': yaml(sleeper('web', { instances: 3 })) }, 'From a stranger');
  const flags = ['--repository-credentials-known-hosts-file', join(overSsh.directory, 'known_hosts')];
  const suspicious = overSsh.run(...flags);
  await until('it says so', () => suspicious.log.includes('showed a host key that is not known'), {
    seen: () => suspicious.log,
  });
  expect(await overSsh.runningIds()).toEqual(before);
});

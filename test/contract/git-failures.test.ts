import { spawn } from 'node:child_process';
import { chmod, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { read } from '../../script/run.mjs';
import type { Reason } from '../../src/core/reason.ts';
import { openRepository, type RemoteRepository, type RepositoryOptions } from '../../src/git/repository.ts';
import { freePort } from '../lab/free-port.ts';
import {
  commandLinesWith,
  filesWith,
  makeOrigin,
  makeStack,
  serveHttp,
  serveSilence,
  serveSsh,
  temporaryFolder,
  type HttpHost,
  type Origin,
  type SshHost,
} from '../lab/git-hosts.ts';

/** Every character that a shell, a URL or git's credential protocol could trip over. */
const PASSWORD = `pa ss$(id)'"\`;&|%*=@:/\\!#é`;

/** A part of it that nothing escapes. */
const FRAGMENT = '$(id)';

const stack = makeStack();
let folder: string;
let origin: Origin;
let http: HttpHost;
let ssh: SshHost;
let opened = 0;

beforeAll(async () => {
  folder = stack.use(await temporaryFolder()).path;
  origin = await makeOrigin(folder);
  http = stack.use(await serveHttp(folder, PASSWORD));
  ssh = stack.use(await serveSsh(folder, origin.bare));
  await origin.push({ 'web.yaml': 'web' }, 'Start');
});

afterAll(() => stack.disposeAsync());

function open(more: Partial<RepositoryOptions> = {}): RemoteRepository {
  return openRepository({
    url: http.url,
    branch: 'main',
    path: '.',
    credentials: { password: () => Promise.resolve(PASSWORD) },
    allowFile: false,
    stateDir: join(folder, `state ${++opened}`),
    statusBranch: 'fairlead/demo',
    environment: process.env,
    ...more,
  });
}

function overSsh(credentials: RepositoryOptions['credentials'], url = ssh.url): RemoteRepository {
  return open({ url, credentials });
}

async function failureOf(attempt: Promise<unknown>): Promise<{ reason: Reason; message: string }> {
  try {
    await attempt;
  } catch (error) {
    return error as { reason: Reason; message: string };
  }
  throw new Error('It was done, where a failure was expected.');
}

async function expectFailure(attempt: Promise<unknown>, reason: Reason, message: RegExp): Promise<void> {
  const failure = await failureOf(attempt);
  expect(failure).toMatchObject({ name: 'ReasonError', reason });
  expect(failure.message).toMatch(message);
}

describe('a login that is refused is auth-failed and says what to do', () => {
  test('with a wrong password, a changed one being read anew', async () => {
    let password = 'old';
    const repository = open({ credentials: { username: 'ada', password: () => Promise.resolve(password) } });
    await expectFailure(
      repository.pull(),
      'auth-failed',
      /refused the user name or password; check repository\.credentials/,
    );
    password = PASSWORD;
    expect((await repository.pull()).revision.message).toBe('Start');
  });

  test('without a password', async () => {
    await expectFailure(open({ credentials: {} }).pull(), 'auth-failed', /set repository\.credentials\.passwordFile/);
  });

  test('with a key that the host does not know', async () => {
    const stranger = join(folder, 'stranger');
    await read('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', stranger]);
    const repository = overSsh({ sshKeyFile: stranger, knownHostsFile: ssh.knownHostsFile });
    await expectFailure(
      repository.pull(),
      'auth-failed',
      /refused the SSH key; check repository\.credentials\.sshKeyFile/,
    );
  });

  test('with a host key that we do not know', async () => {
    const empty = join(folder, 'no hosts');
    await writeFile(empty, '');
    const repository = overSsh({ sshKeyFile: ssh.keyFile, knownHostsFile: empty });
    await expectFailure(repository.pull(), 'auth-failed', /host key that is not known.*knownHostsFile/);
  });

  test('with a host key that has changed', async () => {
    const other = join(folder, 'other hosts');
    const key = join(folder, 'other-host-key');
    await read('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    await writeFile(other, `[127.0.0.1]:${ssh.port} ${await read('ssh-keygen', ['-y', '-f', key])}`);
    const repository = overSsh({ sshKeyFile: ssh.keyFile, knownHostsFile: other });
    await expectFailure(repository.pull(), 'auth-failed', /host key/);
  });

  test('with a key file that is not there', async () => {
    await expectFailure(
      overSsh({ sshKeyFile: '/nonexistent/key' }).pull(),
      'secret-unreadable',
      /sshKeyFile \/nonexistent\/key/,
    );
  });

  test('with a key that others may read', async () => {
    const open = join(folder, 'open-key');
    await read('cp', [ssh.keyFile, open]);
    await chmod(open, 0o644);
    const repository = overSsh({ sshKeyFile: open, knownHostsFile: ssh.knownHostsFile });
    await expectFailure(repository.pull(), 'auth-failed', /mode \(0600\)/);
  });
});

describe('a remote that is away is unreachable', () => {
  test('where nothing listens', async () => {
    const url = `http://127.0.0.1:${await freePort()}/origin.git`;
    await expectFailure(open({ url }).pull(), 'unreachable', /cannot be reached; check repository\.url/);
    await expectFailure(overSsh({}, url.replace('http', 'ssh')).pull(), 'unreachable', /cannot be reached/);
  });

  test('where there is no such repository', async () => {
    const url = http.url.replace('origin', 'nothing');
    await expectFailure(open({ url }).pull(), 'unreachable', /does not exist, or the account may not see it/);
    const credentials = { sshKeyFile: ssh.keyFile, knownHostsFile: ssh.knownHostsFile };
    await expectFailure(overSsh(credentials, `${ssh.url}-gone`).pull(), 'unreachable', /does not exist/);
  });

  test('for as long as it is away, and what was there before stays', async () => {
    const repository = open({ url: origin.bare, allowFile: true });
    const { directory } = await repository.pull();
    await rename(origin.bare, `${origin.bare}.away`);
    await expectFailure(repository.pull(), 'unreachable', /does not exist/);
    await expectFailure(repository.publish({ a: '1' }, 'x'), 'unreachable', /does not exist/);
    expect(await readdir(directory)).toEqual(['web.yaml']);
    await rename(`${origin.bare}.away`, origin.bare);
    expect((await repository.pull()).directory).toBe(directory);
  });

  test('where the repository is empty or has not the folder', async () => {
    const empty = await makeOrigin(folder, 'empty');
    await expectFailure(
      open({ url: empty.bare, allowFile: true }).pull(),
      'unreachable',
      /is empty; push a first commit to main/,
    );
    await expectFailure(
      open({ path: 'deploy' }).pull(),
      'unreachable',
      /has no folder deploy; push it or correct repository\.path/,
    );
    await expectFailure(open({ path: 'web.yaml' }).pull(), 'unreachable', /has no folder web\.yaml/);
  });
});

test('a certificate is checked, and one of an own authority is taken where that is named', async () => {
  const [key, certificate] = [join(folder, 'tls.key'), join(folder, 'tls.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  await read('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    key,
    '-out',
    certificate,
    ...subject,
  ]);
  await using https = await serveHttp(folder, PASSWORD, {
    key: await readFile(key),
    cert: await readFile(certificate),
  });
  await expectFailure(
    open({ url: https.url }).pull(),
    'unreachable',
    /certificate that is not trusted.*GIT_SSL_CAINFO/,
  );
  const environment = { ...process.env, GIT_SSL_CAINFO: certificate };
  expect((await open({ url: https.url, environment }).pull()).revision.message).toBe('Start');
});

describe('a remote that hangs', () => {
  test('is given up at the time limit, and leaves no process', async () => {
    await using silence = await serveSilence();
    for (const scheme of ['http', 'ssh']) {
      const url = `${scheme}://127.0.0.1:${silence.port}/origin.git`;
      await expectFailure(
        open({ url, credentials: {}, timeout: 1000 }).pull(),
        'unreachable',
        /did not answer within 1 s/,
      );
      expect(await commandLinesWith(String(silence.port))).toEqual([]);
    }
  });

  test.each([
    ['at the first question', /info\/refs/],
    ['in the fetch', /POST .*git-upload-pack/],
  ])('%s can be aborted, shows the password to nobody, and leaves no process', async (_, hang) => {
    const stateDir = join(folder, `hanging ${++opened}`);
    const controller = new AbortController();
    http.hang = hang;
    const hanging = http.hanging();
    const failure = failureOf(open({ stateDir }).pull(controller.signal));
    await hanging;

    expect(await commandLinesWith(`127.0.0.1:${http.port}`)).not.toEqual([]);
    expect(await commandLinesWith(PASSWORD)).toEqual([]);
    expect(await filesWith(stateDir, PASSWORD)).toEqual([]);
    controller.abort();

    expect((await failure) as unknown).toBe(controller.signal.reason);
    expect(await commandLinesWith(`127.0.0.1:${http.port}`)).toEqual([]);
    http.hang = undefined;
    expect((await open({ stateDir }).pull()).revision.message).toBe('Start');
  });

  test('is let go in time even when Fairlead itself is killed', async () => {
    await using silence = await serveSilence();
    const options = {
      url: `http://127.0.0.1:${silence.port}/x.git`,
      branch: 'main',
      path: '.',
      credentials: {},
      timeout: 3000,
    };
    const more = {
      stateDir: join(folder, 'killed'),
      statusBranch: 'status',
      environment: { PATH: process.env['PATH'] },
    };
    const source = new URL('../../src/git/repository.ts', import.meta.url).href;
    const script = `import { openRepository } from '${source}'; await openRepository(${JSON.stringify({ ...options, ...more })}).pull();`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
      stdio: 'ignore',
    });
    await silence.connected;
    child.kill('SIGKILL');
    await vi.waitFor(async () => expect(await commandLinesWith(`:${silence.port}`)).toEqual([]), {
      timeout: 8000,
      interval: 100,
    });
  });

  test('over SSH can be aborted and leaves no ssh', async () => {
    await using silence = await serveSilence();
    const controller = new AbortController();
    const failure = failureOf(overSsh({}, `ssh://127.0.0.1:${silence.port}/x.git`).pull(controller.signal));
    await silence.connected;
    expect(await commandLinesWith(String(silence.port))).not.toEqual([]);
    controller.abort();
    await failure;
    expect(await commandLinesWith(String(silence.port))).toEqual([]);
  });
});

describe('the password', () => {
  test('is in no error, not with its causes, and in no file of the state directory', async () => {
    const stateDir = join(folder, 'searched');
    const log: string[] = [];
    const repository = open({ stateDir, log: (message) => log.push(message) });
    await repository.pull();
    await repository.publish({ 'STATUS.md': 'x' }, 'Status');
    http.password = 'another';
    const failure = await failureOf(repository.pull());
    http.password = PASSWORD;

    const shown = [
      inspect(failure, { depth: 20, showHidden: true }),
      (failure as { stack?: string }).stack,
      ...log,
    ].join('\n');
    for (const spelling of [
      PASSWORD,
      FRAGMENT,
      encodeURIComponent(PASSWORD),
      Buffer.from(`git:${PASSWORD}`).toString('base64'),
    ]) {
      expect(shown).not.toContain(spelling);
      expect(await filesWith(stateDir, spelling)).toEqual([]);
    }
  });

  test('in the address is refused and not repeated', async () => {
    for (const url of [
      'https://ada:s3cret@example.com/x.git',
      'https://ada:s3/cret@example.com/x.git',
      'ada:s3cret@host:x.git',
    ]) {
      const failure = await failureOf(Promise.resolve().then(() => open({ url })));
      expect(failure.reason).toBe('policy');
      expect(inspect(failure)).not.toContain('s3');
    }
  });

  test('goes to the configured host alone, not where that one sends us', async () => {
    const asked: (string | undefined)[] = [];
    const thief = createServer((request, response) => {
      asked.push(request.headers.authorization);
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
    });
    const port = await freePort();
    thief.listen(port, '127.0.0.1');
    const friend = createServer((request, response) => {
      response.writeHead(302, { Location: `http://127.0.0.1:${port}${request.url ?? ''}` }).end();
    });
    const friendPort = await freePort();
    friend.listen(friendPort, '127.0.0.1');
    await failureOf(open({ url: `http://127.0.0.1:${friendPort}/origin.git` }).pull());
    thief.close();
    friend.close();
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every((authorization) => authorization === undefined)).toBe(true);
  });
});

import { isAbsolute, posix } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ReasonError } from '../core/reason.ts';

/** Where a repository is, checked; no part of it is secret. */
export interface Address {
  readonly scheme: 'https' | 'http' | 'ssh' | 'file';
  readonly url: string;
  /** `https://host:port`: the only place that the password is meant for. */
  readonly origin?: string;
  readonly username?: string;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
/** `git@host:path`, as hosting sites print it. */
const SCP = /^\w[\w.+-]*@\w[\w.-]*:[\w~/.]\S*$/;

/** Takes https, ssh, `git@host:path`, and file where it is allowed; anything else is refused before git sees it. */
export function parseAddress(text: string, allowFile: boolean): Address {
  if (isAbsolute(text)) return fileAddress(pathToFileURL(text), allowFile);
  if (SCP.test(text)) return { scheme: 'ssh', url: text };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  switch (url?.protocol) {
    case 'https:':
    case 'http:':
      return httpAddress(url);
    case 'ssh:':
      return sshAddress(url);
    case 'file:':
      return fileAddress(url, allowFile);
    default:
      throw refused(text, 'is not one of https://, ssh://, git@host:path or an absolute path');
  }
}

/** The text with user names and passwords taken out of every URL in it. */
export function withoutUserInfo(text: string): string {
  return text.replaceAll(/(\w:\/\/)[^\s/@]*(?:@[^\s/@]*)*@/g, '$1');
}

function httpAddress(url: URL): Address {
  refusePassword(url);
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  if (scheme === 'http' && !LOOPBACK.test(url.hostname)) {
    throw refused(url.href, 'would send everything unencrypted; use https://');
  }
  const username = decodeURIComponent(url.username);
  url.username = '';
  return { scheme, url: url.href, origin: url.origin, ...(username !== '' && { username }) };
}

function sshAddress(url: URL): Address {
  refusePassword(url);
  if ([url.username, url.hostname].some((part) => decodeURIComponent(part).startsWith('-'))) {
    throw refused(url.href, 'has a user or host that looks like an option');
  }
  return { scheme: 'ssh', url: url.href };
}

function fileAddress(url: URL, allowFile: boolean): Address {
  if (!allowFile) {
    throw refused(url.href, 'is a local folder; set repository.allowFile: true in fairlead.yaml if that is meant');
  }
  if (url.host !== '') throw refused(url.href, 'has a host; write file:/// and an absolute path');
  return { scheme: 'file', url: pathToFileURL(fileURLToPath(url)).href };
}

function refusePassword(url: URL): void {
  if (url.password === '') return;
  throw refused(
    url.href,
    'has a password in it; put it into a file and name that in repository.credentials.passwordFile',
  );
}

function refused(url: string, why: string): ReasonError {
  // Where it cannot be told what is a password in it, nothing of it is shown.
  const shown = withoutUserInfo(url);
  return new ReasonError('policy', `The repository's address ${shown.includes('@') ? '' : `${shown} `}${why}.`);
}

/** git's own rules for names of branches, of which none lets an option or a pattern through. */
export function checkBranch(name: string, setting: string): string {
  const wrong =
    name === '' ||
    name === '@' ||
    /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$/.test(name) ||
    name.split('/').some((part) => part.startsWith('.') || part.endsWith('.lock'));
  if (wrong)
    throw new ReasonError('policy', `${setting} ${JSON.stringify(name)} is not a name that git allows for a branch.`);
  return name;
}

/** The folder inside the repository as git spells it: `.` or `a/b`. */
export function checkFolder(path: string): string {
  const folder = posix.normalize(path).replace(/\/$/, '');
  if (path.startsWith('/') || folder.split('/').includes('..') || folder.includes('\0')) {
    throw new ReasonError(
      'policy',
      `repository.path ${JSON.stringify(path)} leaves the repository; name a folder inside it.`,
    );
  }
  return folder;
}

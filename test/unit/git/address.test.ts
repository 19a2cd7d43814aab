import { describe, expect, test } from 'vitest';
import { checkBranch, checkFolder, parseAddress, withoutUserInfo } from '../../../src/git/address.ts';

describe('the address of a repository', () => {
  test.each([
    [
      'https://git.example.com/ops/demo.git',
      { scheme: 'https', url: 'https://git.example.com/ops/demo.git', origin: 'https://git.example.com' },
    ],
    [
      'https://ada%40home@git.example.com:8443/x',
      {
        scheme: 'https',
        url: 'https://git.example.com:8443/x',
        origin: 'https://git.example.com:8443',
        username: 'ada@home',
      },
    ],
    [
      'http://127.0.0.1:3000/x.git',
      { scheme: 'http', url: 'http://127.0.0.1:3000/x.git', origin: 'http://127.0.0.1:3000' },
    ],
    [
      'ssh://git@git.example.com:2222/ops/demo.git',
      { scheme: 'ssh', url: 'ssh://git@git.example.com:2222/ops/demo.git' },
    ],
    ['git@git.example.com:ops/demo.git', { scheme: 'ssh', url: 'git@git.example.com:ops/demo.git' }],
    ['/srv/git/de mo.git', { scheme: 'file', url: 'file:///srv/git/de%20mo.git' }],
    ['file:///srv/git/demo.git', { scheme: 'file', url: 'file:///srv/git/demo.git' }],
  ])('%s is understood', (text, address) => {
    expect(parseAddress(text, true)).toEqual(address);
  });

  test.each([
    'http://git.example.com/x',
    'ftp://x/y',
    'ext::sh -c id',
    'demo.git',
    './demo.git',
    'C:\\x',
    '--upload-pack=id',
    '-u@h:x',
  ])('%s is refused', (text) => {
    expect(() => parseAddress(text, true)).toThrow(/^The repository's address .*\.$/);
  });

  test.each(['/srv/demo.git', 'file:///srv/demo.git'])('%s is refused unless local folders are allowed', (text) => {
    expect(() => parseAddress(text, false)).toThrow('allowFile');
  });

  test.each(['https://ada:s3cret@h/x', 'https://ada:s3/cret@h/x', 'ssh://ada:s3cret@h/x', 'ada:s3cret@h:x'])(
    '%s is refused and not shown',
    (text) => {
      expect(() => parseAddress(text, true)).toThrow(/^(?!.*s3).*$/);
    },
  );
});

test('user names and passwords are taken out of addresses in a text', () => {
  expect(withoutUserInfo("unable to access 'https://u:p%40@h/x' or ssh://git@h:22/y@z")).toBe(
    "unable to access 'https://h/x' or ssh://h:22/y@z",
  );
});

test.each(['main', 'fairlead/demo', 'release-1.2', 'ümlaut', 'a@b'])('%s is a name for a branch', (name) => {
  expect(checkBranch(name, 'repository.branch')).toBe(name);
});

test.each([
  ['.', '.'],
  ['', '.'],
  ['./', '.'],
  ['./a//b/', 'a/b'],
  ['a/../b', 'b'],
  ['..a', '..a'],
])('the folder %j is %j', (path, folder) => {
  expect(checkFolder(path)).toBe(folder);
});

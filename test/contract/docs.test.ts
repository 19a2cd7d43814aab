import { describe, test } from 'vitest';
import { dockerHost } from '../support/docker.ts';
import { blocksOf, pages } from '../support/docs.ts';
import { runPage } from '../support/docs-page.ts';

const SCENARIOS = pages().filter((page) => blocksOf(page).some(({ language }) => language === 'console'));

describe('what a page tells its reader to type does what the page says', () => {
  test.each(SCENARIOS)('%s', { timeout: 300_000 }, (page) => runPage(page, dockerHost()));
});

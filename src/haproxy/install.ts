import { ReasonError } from '../core/reason.ts';
import { FILES } from './settings.ts';
import { readSkeleton } from './live.ts';
import type { Session } from './session.ts';

export interface Installation {
  /** Name of the config file. */
  readonly config: string;
  readonly text: string;
  readonly map: string;
  /** Which certificates there are, and for whom. */
  readonly list: string;
  /** What the new worker's config tells of itself. */
  readonly skeleton: string;
}

/** The next config, until HAProxy has looked at it. */
export const CANDIDATE = 'candidate.cfg';
const ALERTS = /^\[(?:ALERT|ERROR)\].*$/gm;

/** Puts a config into place once HAProxy itself has found no fault with it; a reload or start reads it. */
export async function placeConfig({ shell }: Session, { config, text, map, list }: Installation): Promise<void> {
  const needed = [FILES.map, FILES.state, FILES.list];
  const created = await shell.run(needed.map((file) => `[ -f ${file} ] || : >${file}`).join('; '));
  if (created.code !== 0)
    throw new ReasonError('balancer-unreachable', `The balancer's volume cannot be written: ${created.output}`);
  await shell.run(`for f in ${config} ${FILES.map} ${FILES.list}; do [ -f $f ] && cp $f $f.good; done`);
  await shell.write({ [CANDIDATE]: text, [FILES.list]: list });
  const check = await shell.run(`haproxy -c -f ${CANDIDATE}`);
  if (check.code !== 0) {
    await shell.run(`mv ${FILES.list}.good ${FILES.list}`);
    throw new ReasonError(
      'config-rejected',
      `HAProxy refuses the config, the one before stays: ${wordsOf(check.output)}`,
    );
  }
  await shell.write({ [FILES.map]: map });
  await shell.run(`mv ${CANDIDATE} ${config}`);
}

/** Reloads HAProxy with a new config; where that fails the files of before are put back and the old worker serves on. */
export async function reload(session: Session, installation: Installation): Promise<void> {
  const cli = await session.cli();
  const [before] = await cli.workers();
  await session.shell.write({ [FILES.state]: await cli.worker(before.pid, 'show servers state') });
  await placeConfig(session, installation);
  const answer = await cli.reload();
  const [now] = await (await session.cli()).workers();
  const skeleton = readSkeleton(await (await session.cli()).worker(now.pid, 'show info'));
  if (now.pid !== before.pid && skeleton === installation.skeleton) return;
  const files = `${installation.config} ${FILES.map} ${FILES.list}`;
  await session.shell.run(`for f in ${files}; do [ -f $f.good ] && mv $f.good $f; done`);
  throw new ReasonError(
    'reload-failed',
    `HAProxy did not reload, the config of before is back: ${wordsOf(`${answer}\n${await session.lastWords()}`)}`,
  );
}

/** HAProxy's complaints, without its chatter. */
export function wordsOf(output: string): string {
  const alerts = output.match(ALERTS) ?? [];
  return (alerts.length > 0 ? alerts : output.trim().split('\n').slice(-5))
    .map((line) => line.replace(/^\[\w+\]\s+\(\d+\) : /, ''))
    .join('; ');
}

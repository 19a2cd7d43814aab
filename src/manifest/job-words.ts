import { vocabulary } from './vocabulary.ts';
import type { Words } from './vocabulary.ts';
import { WORKLOAD_LATER, WORKLOAD_WORDS } from './workload-words.ts';

/** Nomad and Swarm's schedulers, then Kubernetes. */
const WORDS: Words = {
  ...WORKLOAD_WORDS,
  '': {
    ...WORKLOAD_WORDS[''],
    deploy: '`cpu`, `memory` and `limits`',
    cron: 'schedule',
    periodic: 'schedule',
    interval: 'schedule',
    timezone: 'timeZone',
    tz: 'timeZone',
    time_zone: 'timeZone',
    prohibit_overlap: 'concurrency',
    concurrencyPolicy: 'concurrency',
    deadline: 'timeout',
    activeDeadlineSeconds: 'timeout',
    attempts: 'retries',
    restart: 'retries',
    backoffLimit: 'retries',
    suspend: '`enabled: false`',
    successfulJobsHistoryLimit: 'history',
    failedJobsHistoryLimit: 'history',
    keep: 'history',
  },
};

export const JOB = vocabulary('a Job', 'docs/kinds/job.md', WORDS, { '': { ...WORKLOAD_LATER } }, () => undefined);

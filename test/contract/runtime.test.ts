import { beforeAll } from 'vitest';
import { ensureImages } from '../../script/images.mjs';
import { crash, dockerAt, dockerHost, freshCluster, openCluster, removeCluster, until } from '../support/docker.ts';
import { describeRuntime, type RuntimeLab } from '../support/runtime-contract.ts';

beforeAll(() => ensureImages(dockerHost(), ['lab/busybox:1']));

describeRuntime('EngineRuntime', () => Promise.resolve(openEngineLab()));

function openEngineLab(): RuntimeLab {
  const docker = dockerAt(dockerHost());
  const [cluster, otherCluster] = [freshCluster(), freshCluster()];
  const shell = (line: string) => ({ image: 'lab/busybox:1', command: ['sh', '-c', line] });
  return {
    behaviours: {
      serving: shell('trap "exit 0" TERM; echo ready; while :; do sleep 0.1; done'),
      exiting: shell('sleep 0.5; exit 3'),
      unhealthy: shell('trap "exit 0" TERM; while :; do sleep 0.1; done'),
      unrunnable: { image: 'lab/busybox:1', command: ['no-such-program'] },
      stubborn: shell('trap "" TERM; while :; do sleep 0.1; done'),
    },
    cluster,
    otherCluster,
    open: (name) => openCluster(dockerHost(), name).runtime,
    until,
    crash: ({ id }) => crash(docker, id),
    remove: ({ id }) => docker.getContainer(id).remove({ force: true }),
    close: async () => {
      for (const name of [cluster, otherCluster]) await removeCluster(docker, name);
    },
  };
}

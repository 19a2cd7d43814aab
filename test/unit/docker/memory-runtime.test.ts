import { MemoryEngine } from '../../support/memory-engine.ts';
import { MemoryRuntime } from '../../support/memory-runtime.ts';
import { describeRuntime, type RuntimeLab } from '../../support/runtime-contract.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

describeRuntime('MemoryRuntime', () => Promise.resolve(openMemoryLab()));

function openMemoryLab(): RuntimeLab {
  const clock = new VirtualClock();
  const engine = new MemoryEngine(clock);
  engine.behave('serving', { prints: ['ready'] });
  engine.behave('exiting', { exitsAfter: 500, exitCode: 3 });
  engine.behave('unhealthy', { healthy: 'never' });
  engine.behave('unrunnable', { startError: 'no-such-program: no such file or directory' });
  engine.behave('stubborn', { stubborn: true });
  return {
    behaviours: {
      serving: { image: 'serving' },
      exiting: { image: 'exiting' },
      unhealthy: { image: 'unhealthy' },
      unrunnable: { image: 'unrunnable' },
      stubborn: { image: 'stubborn' },
    },
    cluster: 'demo',
    otherCluster: 'other',
    open: (cluster) => new MemoryRuntime(engine, cluster),
    until: async (holds) => {
      const deadline = clock.now() + 10_000;
      while (!(await holds())) {
        if (clock.now() > deadline) throw new Error('The condition did not come to hold in ten seconds.');
        clock.advance(50);
      }
    },
    crash: ({ name }) => {
      engine.crash(name);
      return Promise.resolve();
    },
    remove: ({ name }) => {
      engine.remove(name);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}

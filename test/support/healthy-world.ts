import type { Manifest } from '../../src/core/model.ts';
import { World } from './world.ts';

/** Services are healthy and jobs are done at once, and images are there, so that none need be pulled. */
export function healthyWorld(manifests: readonly Manifest[]): World {
  const world = new World({ capabilities: ['ssd', 'gpu'] });
  for (const { kind, container } of manifests.filter((each) => each.kind !== 'LoadBalancer')) {
    const { image } = container;
    world.engine.behave(image, kind === 'Job' ? { exitsAfter: 0, exitCode: 0 } : { healthy: 0 });
    world.engine.keepImage(image, world.engine.registryImage(image));
  }
  return world;
}

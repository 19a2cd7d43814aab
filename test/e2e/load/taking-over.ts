import type { Load } from '../../lab/load.ts';
import { until } from '../../support/until.ts';

/** Waits until the load has had this many more requests. */
export async function takesOver(load: Load, more: number): Promise<void> {
  const { requests } = await load.progress();
  await until(`${more} more requests`, async () => (await load.progress()).requests >= requests + more);
}

import type { DesiredService } from '../desire.ts';
import type { Change } from './plan.ts';
import type { Progress } from '../rollout/progress.ts';
import type { ServiceView } from '../rollout/view.ts';

/** A change without the name of its object. */
export type Details = Omit<Change, 'kind' | 'name' | 'warnings'> & { readonly warnings?: Change['warnings'] };

export const NONE: Details = { action: 'none', because: 'as wanted', drift: false, fields: [], steps: [] };

export function releaseName({ view, desired }: Progress): string {
  return `${view.name}@${desired.release}`;
}

/** What it waits for, once its image is there. */
export function awaitSteps({ awaits }: Pick<ServiceView, 'awaits'>): string[] {
  return awaits.map((name) => `await ${name}`);
}

export function routeSteps(desired: DesiredService, to: string): string[] {
  return desired.routedBy.map((name) => `route ${name} to ${to}`);
}

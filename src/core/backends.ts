import type { Backend } from './model.ts';

/** `web`, or `web-v1 90, web-v2 10`. */
export function backendsText(backends: readonly Backend[]): string {
  const [one, ...others] = backends;
  if (one !== undefined && others.length === 0) return one.service;
  return backends.map(({ service, weight }) => `${service} ${weight}`).join(', ');
}

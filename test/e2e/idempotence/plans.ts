import type { Scenario } from '../../support/scenario.ts';

/** The part of a plan's JSON that these tests look at. */
export interface PlanDocument {
  readonly changes: readonly {
    readonly kind: string;
    readonly name: string;
    readonly action: string;
    readonly because: string;
    readonly drift: boolean;
    readonly fields: readonly { readonly path: string; readonly from?: string; readonly to?: string }[];
  }[];
  readonly problems: readonly object[];
  readonly unscheduled: readonly object[];
}

/** What `fairlead plan` says of a folder now. */
export async function planOf(scenario: Scenario, folder: string): Promise<PlanDocument> {
  const { stdout, stderr } = await scenario.fairlead('plan', folder, '--format', 'json');
  try {
    return JSON.parse(stdout) as PlanDocument;
  } catch (cause) {
    throw new Error(`There is no plan:\n${stdout}${stderr}`, { cause });
  }
}

/** Applies a folder, and fails with what was printed last where it did not come to its end. */
export async function applied(scenario: Scenario, folder: string): Promise<void> {
  const { code, stdout, stderr } = await scenario.fairlead('apply', folder, '--yes');
  const last = `${stdout}${stderr}`.split('\n').slice(-20).join('\n');
  if (code !== 0) throw new Error(`apply ended with ${code ?? 'a signal'}:\n${last}`);
}

import { Scenario } from '../test/support/scenario.ts';
import { routed } from './manifests.ts';
import { median, repeated, row } from './measure.ts';

const MANIFESTS = 100;
const ROUNDS = 9;

/** The whole process, as CI runs it. */
export async function validating(): Promise<void> {
  await using scenario = await Scenario.create();
  const nothing = await scenario.manifests('', 'empty');
  const folder = await scenario.manifests(
    Array.from({ length: MANIFESTS / 2 }, (_, index) => routed(`s${index}`)).join('---\n'),
  );
  const validate = (what: string) => async () => {
    const { code, stdout, stderr } = await scenario.fairlead('validate', what);
    if (code !== 0) throw new Error(`fairlead validate ended with ${String(code)}:\n${stdout}${stderr}`);
  };
  const empty = median(await repeated(ROUNDS, validate(nothing)));
  const full = median(await repeated(ROUNDS, validate(folder)));
  row(`fairlead validate, ${MANIFESTS} manifests (of none)`, full, { beside: empty, bar: 400 });
}

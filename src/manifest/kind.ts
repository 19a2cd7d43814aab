import { nearest } from './names.ts';
import type { Path } from './path.ts';
import { textField } from './reading.ts';
import type { Reading } from './reading.ts';

const KINDS = ['Service', 'LoadBalancer', 'Job'] as const;
const LATER = ['Node', 'Secret'];

/** What kind of manifest a document is; what is none of Fairlead's, or not yet, is one problem. */
export function kindOf(reading: Reading): (typeof KINDS)[number] | undefined {
  const { value } = reading.document;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    reading.complain([], 'A manifest is a map of fields that begins with `kind`.');
    return undefined;
  }
  const kind = textField(value, 'kind');
  const wrong = wrongDocument(reading, kind, textField(value, 'apiVersion'));
  if (wrong === undefined) return KINDS.find((known) => known === kind);
  reading.complain(wrong.path, wrong.message, wrong);
  return undefined;
}

interface Wrong {
  readonly path: Path;
  readonly message: string;
  readonly reason?: 'unsupported';
}

function wrongDocument(reading: Reading, kind: string | undefined, apiVersion: string | undefined): Wrong | undefined {
  if (apiVersion !== undefined && apiVersion !== 'fairlead/v1') {
    const message = `\`apiVersion\` must be fairlead/v1 (or be left out), not ${apiVersion}: this is another tool's manifest. Keep such files out of the folder that Fairlead reads.`;
    return { path: ['apiVersion'], message };
  }
  if (kind === undefined) return withoutKind(reading);
  if (KINDS.some((known) => known === kind)) return undefined;
  if (LATER.includes(kind))
    return { path: ['kind'], reason: 'unsupported', message: `\`kind: ${kind}\` is not there yet.` };
  const meant = nearest(kind, KINDS);
  const advice =
    meant === undefined
      ? `Known are ${KINDS.slice(0, -1).join(', ')} and ${KINDS.at(-1) ?? ''}.`
      : `Did you mean ${meant}?`;
  return { path: ['kind'], message: `There is no kind \`${kind}\`. ${advice}` };
}

/** A revision is taken whole or not at all, so nothing in the folder is passed over in silence. */
function withoutKind(reading: Reading): Wrong {
  const { file, value } = reading.document;
  const fields = value as Readonly<Record<string, unknown>>;
  if (/(?:^|\/)variables\.(?:ya?ml|json)$/.test(file)) {
    const message =
      'Variables belong in variables.yaml at the top of the folder, or in clusters/<cluster>/variables.yaml.';
    return { path: [], message };
  }
  if ('kind' in fields) return { path: ['kind'], message: '`kind` must be Service, LoadBalancer or Job.' };
  if (/(?:^|\/)fairlead\.(?:ya?ml|json)$/.test(file)) {
    return { path: [], message: "The host's own configuration has no place in a folder of manifests; move it out." };
  }
  if (typeof fields['services'] === 'object') {
    return {
      path: [],
      message:
        'This is a Compose file, which is not a manifest. Write each service as a document with `kind: Service`.',
    };
  }
  const message =
    '`kind` is missing, so this is not a manifest. Write `kind: Service`, `kind: LoadBalancer` or `kind: Job`, or keep the file out of the folder that Fairlead reads (a folder whose name begins with a dot is left out).';
  return { path: [], message };
}

import { layerOf, type Problem } from '../core/reason.ts';
import { parseDocuments, type Document, type SourceFile } from './document.ts';
import type { Path } from './path.ts';
import { Variables, type Variable } from './variables.ts';

const FILE = /^(?:clusters\/[^/]+\/)?variables\.ya?ml$/;
const NAME = /^[A-Za-z_]\w*$/;
/** Names of what Fairlead says itself. */
const RESERVED = /^FAIRLEAD_/;
const MAX_LENGTH = 64 * 1024;

/** Whether a file defines variables: `variables.yaml` at the top of the folder, or of a cluster's own. */
export function definesVariables(path: string): boolean {
  return FILE.test(path);
}

/** The variables of a cluster; a later file wins over an earlier one. */
export function readVariables(
  files: readonly SourceFile[],
  cluster: string,
): { readonly variables: Variables; readonly problems: readonly Problem[] } {
  const values = new Map<string, Variable>();
  const problems = files.flatMap((file) => {
    const parsed = parseDocuments(file);
    const [document, ...others] = parsed.documents;
    const surplus = others.map((other) => wrong(other, [], 'A file of variables is one document.'));
    return [...parsed.problems, ...surplus, ...(document === undefined ? [] : define(values, document))];
  });
  values.set('FAIRLEAD_CLUSTER', { text: cluster });
  return { variables: new Variables(values), problems };
}

function define(values: Map<string, Variable>, document: Document): Problem[] {
  const { value } = document;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [wrong(document, [], 'A file of variables is a map of names and values such as `TAG: v1`.')];
  return Object.entries(value).flatMap(([name, each]) => {
    const text = typeof each === 'string' ? each : document.written([name]);
    const mistake = mistakeIn(name, each, text);
    if (mistake !== undefined) return [wrong(document, [name], mistake)];
    values.set(name, { text: text ?? '', source: document.locate([name]) });
    return [];
  });
}

function mistakeIn(name: string, value: unknown, text: string | undefined): string | undefined {
  if (!NAME.test(name)) return `\`${name}\` is not a variable's name: letters, digits and _, no digit first.`;
  if (RESERVED.test(name)) return `\`${name}\`: names that begin with FAIRLEAD_ are Fairlead's own.`;
  if (typeof value === 'object') return `\`${name}\` must be a text, a number, true or false.`;
  if (text !== undefined && text.length > MAX_LENGTH) return `\`${name}\` is longer than 64 KiB.`;
  if (text?.includes('${') === true) return `\`${name}\` names a variable; variables of variables there are none.`;
  return undefined;
}

function wrong(document: Document, path: Path, message: string): Problem {
  const where = path.length === 0 ? {} : { path: path.join('.') };
  return { layer: layerOf('schema'), reason: 'schema', message, ...document.locate(path, 'key'), ...where };
}

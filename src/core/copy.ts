/** One side of a copy, as it was typed. */
type Side =
  | { readonly type: 'here'; readonly path: string }
  /** `-`: an archive on stdin or stdout. */
  | { readonly type: 'stream' }
  | InstanceSide;

interface InstanceSide {
  readonly type: 'instance';
  readonly service: string;
  /** Counts from 1; absent: whichever comes first. */
  readonly slot?: number;
  readonly path: string;
}

export type Copy =
  | { readonly type: 'in'; readonly from: Exclude<Side, InstanceSide>; readonly to: InstanceSide }
  | { readonly type: 'out'; readonly from: InstanceSide; readonly to: Exclude<Side, InstanceSide> }
  | { readonly type: 'refused'; readonly message: string };

/** `web:/etc/app.conf` or `web/2:/etc/app.conf`; what begins with a dot or a slash is a path here, whatever follows. */
const INSTANCE = /^([^/.:][^/:]*)(?:\/([1-9]\d*))?:(.*)$/s;

/** Which way to copy; exactly one side is in an instance. */
export function copyOf(source: string, target: string): Copy {
  const [from, to] = [sideOf(source), sideOf(target)];
  const pathless = [source, target].find((text) => INSTANCE.exec(text)?.[3] === '');
  if (pathless !== undefined)
    return { type: 'refused', message: `${pathless} names no path; ${pathless}/ is all that there is.` };
  if (from.type === 'instance' && to.type !== 'instance') return { type: 'out', from, to };
  if (from.type !== 'instance' && to.type === 'instance') return { type: 'in', from, to };
  const isBoth = from.type === 'instance';
  const message = isBoth
    ? `Both ${source} and ${target} are in instances; copy to this machine first, and from there.`
    : `Neither ${source} nor ${target} is in an instance; name one of them as NAME:PATH or NAME/2:PATH.`;
  return { type: 'refused', message };
}

function sideOf(text: string): Side {
  if (text === '-') return { type: 'stream' };
  const [, service, slot, path = ''] = INSTANCE.exec(text) ?? [];
  if (service === undefined) return { type: 'here', path: text };
  return { type: 'instance', service, ...(slot !== undefined && { slot: Number(slot) }), path };
}

/** What there is at the path of a target, for people. */
export interface Landing {
  /** `in demo-web-3f9c1a2-1` */
  readonly where: string;
  readonly path: string;
  /** It was written with a slash at its end. */
  readonly saysFolder: boolean;
  readonly found: 'folder' | 'file' | 'special' | undefined;
}

/** Whether what is copied gets into the target, under its own name, or becomes it. */
export function landingOf(isFolder: boolean, { where, path, saysFolder, found }: Landing): 'inside' | 'itself' {
  if (found === 'folder') return 'inside';
  if (found !== undefined && (saysFolder || isFolder))
    throw new Error(`${path} ${where} is no folder; name another one.`);
  if (found === 'special') throw new Error(`${path} ${where} is neither a file nor a folder; it is not replaced.`);
  if (found === undefined && saysFolder && !isFolder)
    throw new Error(`There is no folder ${path} ${where}; make it first.`);
  return 'itself';
}

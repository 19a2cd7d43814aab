import type { ContainerSpec } from '../core/model.ts';
import { fieldsOf, type Fields } from './fields.ts';
import type { InspectedConfig, InspectedContainer, InspectedHostConfig } from './inspected.ts';
import { containerOptions, hostOptions } from './options.ts';

/** A network on which a container is meant to be, by Docker's name. */
export interface Attachment {
  readonly name: string;
  readonly id: string;
  /** Whether the address must be a fixed one. */
  readonly fixed: boolean;
}

interface Made {
  readonly cluster: string;
  readonly service: string;
  readonly slot: number;
  readonly container: ContainerSpec;
}

/**
 * Ways in which a container differs from the one that Fairlead would make today from the same spec and image. What the
 * image and the engine add by themselves is no difference. Where the image is gone, only what the spec says is compared.
 */
export function deviationsOf(inspected: InspectedContainer, made: Made, image: InspectedConfig | undefined): string[] {
  const host = hostOptions(made.container, made.cluster) as InspectedHostConfig;
  const options = containerOptions(made);
  const config = { ...options, Labels: made.container.labels } as InspectedConfig;
  const wanted = fieldsOf(withImage(config, image ?? {}, inspected.Id), host);
  const actual = comparable(fieldsOf(inspected.Config, inspected.HostConfig), wanted, image === undefined);
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(actual)])].sort();
  return [
    ...imageDeviation(inspected, made.container),
    ...names.flatMap((name) => difference(name, actual[name], wanted[name])),
  ];
}

/** Ways in which a container is not on the networks that it should be on, or on others. */
export function networkDeviations(inspected: InspectedContainer, wanted: readonly Attachment[]): string[] {
  const joined = inspected.NetworkSettings.Networks ?? {};
  const known = new Set(wanted.map((network) => network.name));
  const missing = wanted.flatMap((network) => {
    const endpoint = joined[network.name];
    if (endpoint === undefined) return [`network ${network.name} is not joined`];
    // A container that never ran has no network ids yet.
    if (endpoint.NetworkID !== '' && endpoint.NetworkID !== network.id)
      return [`network ${network.name} is another one`];
    if (network.fixed && !endpoint.IPAMConfig?.IPv4Address)
      return [`network ${network.name} gives it no fixed address`];
    return [];
  });
  const extra = Object.keys(joined).filter((name) => !known.has(name));
  return [...missing, ...extra.map((name) => `network ${name} is joined and should not be`)];
}

/** As Docker merges an image's defaults into the options of a container. */
function withImage(config: InspectedConfig, image: InspectedConfig, id: string): InspectedConfig {
  const ownNames = new Set((config.Env ?? []).map(nameOf));
  const inheritsCommand = config.Entrypoint === undefined && (config.Cmd ?? []).length === 0;
  return {
    Env: [...(config.Env ?? []), ...(image.Env ?? []).filter((line) => !ownNames.has(nameOf(line)))],
    Entrypoint: withoutReset(config.Entrypoint === undefined ? image.Entrypoint : config.Entrypoint),
    Cmd: inheritsCommand ? image.Cmd : config.Cmd,
    WorkingDir: config.WorkingDir ?? image.WorkingDir,
    User: config.User ?? image.User,
    Hostname: config.Hostname ?? id.slice(0, 12),
    StopSignal: config.StopSignal ?? image.StopSignal,
    StopTimeout: config.StopTimeout,
    Labels: { ...image.Labels, ...config.Labels },
    ExposedPorts: { ...image.ExposedPorts, ...config.ExposedPorts },
    Healthcheck: config.Healthcheck ?? image.Healthcheck,
  };
}

/** Nothing but one empty word is Docker's sign for none, in an image too. */
function withoutReset(entrypoint: InspectedConfig['Entrypoint']): InspectedConfig['Entrypoint'] {
  return entrypoint?.length === 1 && entrypoint[0] === '' ? null : entrypoint;
}

function nameOf(line: string): string {
  return line.split('=', 1)[0] ?? '';
}

/** What is there, without what the engine's own configuration adds and what the lost image may have brought. */
function comparable(actual: Fields, wanted: Fields, imageLost: boolean): Fields {
  const addedByEngine = (name: string): boolean => name.startsWith('ulimits.') || name === 'shmSize';
  return Object.fromEntries(
    Object.entries(actual).filter(([name]) => name in wanted || !(imageLost || addedByEngine(name))),
  );
}

/** A container may name its image by the tag or, once the release has run, by the image's id. */
function imageDeviation(inspected: InspectedContainer, spec: ContainerSpec): string[] {
  const named = inspected.Config.Image ?? '';
  return named === spec.image || named === inspected.Image ? [] : difference('image', named, spec.image);
}

function difference(name: string, actual: string | undefined, wanted: string | undefined): string[] {
  if (actual === wanted) return [];
  if (actual === undefined) return [`${name} is not set, it should be ${wanted ?? ''}`];
  if (wanted === undefined) return [`${name} is ${actual} and should not be set`];
  return [`${name} is ${actual}, not ${wanted}`];
}

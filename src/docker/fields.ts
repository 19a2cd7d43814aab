import { fileOf } from './file-mounts.ts';
import type {
  InspectedConfig,
  InspectedDeviceRequest,
  InspectedHealthcheck,
  InspectedHostConfig,
  InspectedMount,
} from './inspected.ts';

/** A container's settings under the names that manifests use, each value as text; defaults are left out. */
export type Fields = Readonly<Record<string, string>>;

/** The same for what we ask of Docker and for what it says, so that both can be compared. */
export function fieldsOf(config: InspectedConfig, host: InspectedHostConfig): Fields {
  return withoutEmpty({
    ...prefixed('environment', config.Env ?? [], (line) => quoted(splitAt('=', line))),
    entrypoint: list(config.Entrypoint),
    command: list(config.Cmd),
    workingDir: config.WorkingDir ?? '',
    user: config.User ?? '',
    hostname: config.Hostname ?? '',
    ...prefixed('labels', Object.entries(config.Labels ?? {}).filter(isForeignLabel), quoted),
    ...portFields(config, host),
    ...prefixed('mounts', host.Mounts ?? [], (mount) => [mount.Target, mountText(mount)]),
    ...prefixed('mounts', host.Binds ?? [], bindPair),
    ...prefixed('extraHosts', host.ExtraHosts ?? [], (line) => splitAt(':', line)),
    dns: list(host.Dns),
    capAdd: list((host.CapAdd ?? []).map(capability).sort()),
    capDrop: list((host.CapDrop ?? []).map(capability).sort()),
    ...prefixed('devices', host.Devices ?? [], (each) => [
      each.PathInContainer,
      `${each.PathOnHost} ${each.CgroupPermissions}`,
    ]),
    gpus: (host.DeviceRequests ?? []).map(gpuText).join(', '),
    ...prefixed('ulimits', host.Ulimits ?? [], ({ Name, Soft, Hard }) => [Name, `${Soft}:${Hard}`]),
    ...prefixed('sysctls', Object.entries(host.Sysctls ?? {}), (pair) => pair),
    securityOpt: list(securityOptions(host)),
    privileged: flag(host.Privileged),
    readOnly: flag(host.ReadonlyRootfs),
    init: flag(host.Init),
    shmSize: number(host.ShmSize),
    stopSignal: config.StopSignal ?? '',
    stopGracePeriod: config.StopTimeout === null || config.StopTimeout === undefined ? '' : `${config.StopTimeout}s`,
    ...healthFields(config.Healthcheck ?? {}),
  });
}

function portFields(config: InspectedConfig, host: InspectedHostConfig): Fields {
  const bindings = host.PortBindings ?? {};
  const ports = [...Object.keys(config.ExposedPorts ?? {}), ...Object.keys(bindings)];
  return prefixed('ports', ports, (port) => [
    port,
    (bindings[port] ?? []).map(bindingText).join(', ') || 'inside only',
  ]);
}

function bindingText(binding: { HostIp: string; HostPort: string }): string {
  const port = binding.HostPort === '' || binding.HostPort === '0' ? 'any port' : `port ${binding.HostPort}`;
  return binding.HostIp === '' || binding.HostIp === '0.0.0.0' ? port : `${port} of ${binding.HostIp}`;
}

function mountText(mount: InspectedMount): string {
  if (mount.Type === 'tmpfs') return `tmpfs ${mount.TmpfsOptions?.SizeBytes ?? ''}`.trim();
  const file = fileOf(mount.Source ?? '');
  if (file !== undefined) return `file ${file}`;
  return `${mount.Type} ${mount.Source ?? ''}${mount.ReadOnly === true ? ' (read-only)' : ''}`;
}

function bindPair(bind: string): readonly [string, string] {
  const [source = '', target = '', mode = ''] = bind.split(':');
  return [target, `bind ${source}${mode.split(',').includes('ro') ? ' (read-only)' : ''}`];
}

/** Engines write capabilities with or without the prefix. */
function capability(name: string): string {
  const upper = name.toUpperCase();
  return upper === 'ALL' || upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
}

function gpuText(request: InspectedDeviceRequest): string {
  return `${request.Count === -1 ? 'all' : (request.Count ?? 0)} ${(request.Capabilities ?? []).flat().join('+')}`;
}

/** Docker adds `label=disable` to every privileged container. */
function securityOptions(host: InspectedHostConfig): readonly string[] {
  const options = host.SecurityOpt ?? [];
  return host.Privileged === true ? options.filter((option) => option !== 'label=disable') : options;
}

function healthFields(check: InspectedHealthcheck): Fields {
  return {
    'healthCheck.command': list(check.Test),
    'healthCheck.interval': milliseconds(check.Interval),
    'healthCheck.timeout': milliseconds(check.Timeout),
    'healthCheck.startPeriod': milliseconds(check.StartPeriod),
    'healthCheck.retries': number(check.Retries),
  };
}

function prefixed<T>(prefix: string, items: readonly T[], pair: (item: T) => readonly [string, string]): Fields {
  return Object.fromEntries(
    items.map((item) => {
      const [name, value] = pair(item);
      return [`${prefix}.${name}`, value];
    }),
  );
}

function splitAt(separator: string, text: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Text of the user's own, which may be empty or hold anything. */
function quoted([name, value]: readonly [string, string]): readonly [string, string] {
  return [name, JSON.stringify(value)];
}

function isForeignLabel([name]: readonly [string, string]): boolean {
  return !name.startsWith('io.fairlead.');
}

function list(items: readonly string[] | null | undefined): string {
  return items === null || items === undefined || items.length === 0 ? '' : JSON.stringify(items);
}

function flag(value: boolean | null | undefined): string {
  return value === true ? 'true' : '';
}

function number(value: number | null | undefined): string {
  return value === null || value === undefined || value === 0 ? '' : String(value);
}

function milliseconds(nanoseconds: number | null | undefined): string {
  return nanoseconds === null || nanoseconds === undefined || nanoseconds === 0 ? '' : `${nanoseconds / 1e6}ms`;
}

function withoutEmpty(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}

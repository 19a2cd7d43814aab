/**
 * The parts of Docker's JSON that Fairlead reads. Docker writes an empty list or map as null, or leaves it out, as it
 * likes and by version, so everything that can be empty is optional here.
 */
export interface InspectedContainer {
  readonly Id: string;
  /** With a leading slash. */
  readonly Name: string;
  readonly Created: string;
  /** Image id. */
  readonly Image: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly Error: string;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly Health?: Maybe<{ readonly Status: string }>;
  };
  readonly Config: InspectedConfig;
  readonly HostConfig: InspectedHostConfig;
  readonly NetworkSettings: {
    readonly Ports?: Maybe<PortMap>;
    readonly Networks?: Maybe<Readonly<Record<string, InspectedEndpoint>>>;
  };
}

type Maybe<T> = T | null | undefined;

export type PortMap = Readonly<
  Record<string, Maybe<readonly { readonly HostIp: string; readonly HostPort: string }[]>>
>;

/** What an image brings and a container's own options override. */
export interface InspectedConfig {
  readonly Image?: Maybe<string>;
  readonly Hostname?: Maybe<string>;
  readonly User?: Maybe<string>;
  readonly WorkingDir?: Maybe<string>;
  readonly Env?: Maybe<readonly string[]>;
  readonly Entrypoint?: Maybe<readonly string[]>;
  readonly Cmd?: Maybe<readonly string[]>;
  readonly Labels?: Maybe<Readonly<Record<string, string>>>;
  readonly ExposedPorts?: Maybe<Readonly<Record<string, object>>>;
  readonly StopSignal?: Maybe<string>;
  readonly StopTimeout?: Maybe<number>;
  readonly Healthcheck?: Maybe<InspectedHealthcheck>;
}

/** Times are nanoseconds; 0 and absent mean: as the image says. */
export interface InspectedHealthcheck {
  readonly Test?: Maybe<readonly string[]>;
  readonly Interval?: Maybe<number>;
  readonly Timeout?: Maybe<number>;
  readonly StartPeriod?: Maybe<number>;
  readonly Retries?: Maybe<number>;
}

export interface InspectedHostConfig {
  readonly NetworkMode?: Maybe<string>;
  readonly RestartPolicy?: Maybe<{ readonly Name?: Maybe<string>; readonly MaximumRetryCount?: Maybe<number> }>;
  readonly CpuShares?: Maybe<number>;
  readonly NanoCpus?: Maybe<number>;
  readonly Memory?: Maybe<number>;
  readonly MemoryReservation?: Maybe<number>;
  readonly PortBindings?: Maybe<PortMap>;
  readonly Binds?: Maybe<readonly string[]>;
  readonly Mounts?: Maybe<readonly InspectedMount[]>;
  readonly ExtraHosts?: Maybe<readonly string[]>;
  readonly Dns?: Maybe<readonly string[]>;
  readonly CapAdd?: Maybe<readonly string[]>;
  readonly CapDrop?: Maybe<readonly string[]>;
  readonly Devices?: Maybe<readonly InspectedDevice[]>;
  readonly DeviceRequests?: Maybe<readonly InspectedDeviceRequest[]>;
  readonly Ulimits?: Maybe<readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[]>;
  readonly Sysctls?: Maybe<Readonly<Record<string, string>>>;
  readonly SecurityOpt?: Maybe<readonly string[]>;
  readonly Privileged?: Maybe<boolean>;
  readonly ReadonlyRootfs?: Maybe<boolean>;
  readonly Init?: Maybe<boolean>;
  readonly ShmSize?: Maybe<number>;
}

export interface InspectedMount {
  readonly Type: string;
  readonly Source?: Maybe<string>;
  readonly Target: string;
  readonly ReadOnly?: Maybe<boolean>;
  readonly TmpfsOptions?: Maybe<{ readonly SizeBytes?: Maybe<number> }>;
}

interface InspectedDevice {
  readonly PathOnHost: string;
  readonly PathInContainer: string;
  readonly CgroupPermissions: string;
}

export interface InspectedDeviceRequest {
  readonly Driver?: Maybe<string>;
  /** -1: all. */
  readonly Count?: Maybe<number>;
  readonly Capabilities?: Maybe<readonly (readonly string[])[]>;
}

export interface InspectedEndpoint {
  readonly NetworkID: string;
  readonly IPAddress?: Maybe<string>;
  readonly Aliases?: Maybe<readonly string[]>;
  readonly IPAMConfig?: Maybe<{ readonly IPv4Address?: Maybe<string> }>;
}

export interface InspectedImage {
  readonly Id: string;
  readonly RepoTags?: Maybe<readonly string[]>;
  readonly RepoDigests?: Maybe<readonly string[]>;
  readonly Config?: Maybe<InspectedConfig>;
}

/** One entry of the list of containers. */
export interface ListedContainer {
  readonly Id: string;
  readonly Names?: Maybe<readonly string[]>;
  readonly State: string;
  /** For people: `Up 2 minutes (healthy)`. */
  readonly Status: string;
  readonly ImageID?: string;
  readonly Labels?: Maybe<Readonly<Record<string, string>>>;
  readonly Ports?: Maybe<readonly { readonly PublicPort?: Maybe<number>; readonly Type: string }[]>;
  readonly NetworkSettings?: Maybe<{ readonly Networks?: Maybe<Readonly<Record<string, InspectedEndpoint>>> }>;
}

export interface InspectedNetwork {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
  readonly Internal: boolean;
  readonly Labels?: Maybe<Readonly<Record<string, string>>>;
  readonly IPAM?: Maybe<{
    readonly Config?: Maybe<
      readonly { readonly Subnet?: string; readonly IPRange?: string; readonly Gateway?: string }[]
    >;
  }>;
}

import type Docker from 'dockerode';
import { request } from './errors.ts';
import type { ListedContainer } from './inspected.ts';

/** Text that changes whenever the list shows that a container did; the growing uptime does not count. */
export function changeMark(listed: ListedContainer): string {
  const networks = Object.entries(listed.NetworkSettings?.Networks ?? {}).map(
    ([name, { NetworkID, IPAddress }]) => `${name} ${NetworkID} ${IPAddress ?? ''}`,
  );
  const inBrackets = /\((?:health: )?\w+\)/g;
  const shown = listed.Status.match(inBrackets) ?? [];
  return JSON.stringify([listed.State, shown, listed.Names, networks.sort()]);
}

const UNITS: Readonly<Record<string, number>> = {
  second: 1,
  minute: 60,
  hour: 3600,
  day: 86_400,
  week: 604_800,
  month: 2_592_000,
  year: 31_536_000,
};

/** Seconds of `Up 5 minutes (healthy)`, as coarse as they are written; 0 for what is not up. */
export function uptimeOf(status: string): number {
  const [, count, unit = ''] = /^Up (?:(\d+)|[^\d(]*?)\s*(second|minute|hour|day|week|month|year)/.exec(status) ?? [];
  if (status.includes('Less than a second')) return 0;
  return (UNITS[unit] ?? 0) * Number(count ?? 1);
}

/** A container that is up for a shorter time than before was started anew in between. */
export function hasRestarted(uptimeBefore: number, uptime: number): boolean {
  return uptime < uptimeBefore;
}

/** Stopped ones too. */
export async function listAll(docker: Docker, abortSignal?: AbortSignal): Promise<ListedContainer[]> {
  const answer = docker.listContainers({ all: true, ...(abortSignal && { abortSignal }) });
  return await request('Listing containers', 'start-failed', answer);
}

/** A stopped container keeps the address that it was given for good. */
export function addressesOf(containers: readonly ListedContainer[]): Set<string> {
  const endpoints = containers.flatMap((each) => Object.values(each.NetworkSettings?.Networks ?? {}));
  const addresses = endpoints.flatMap(({ IPAddress, IPAMConfig }) => [IPAddress, IPAMConfig?.IPv4Address]);
  return new Set(addresses.filter((each): each is string => each !== undefined && each !== ''));
}

import type { InteriorKind } from "../rack/rack-file.ts";

/** Where a finding is shown. */
export type FindingGroup = "computer" | "state" | "contained" | "modelled";

/** One thing that was looked at. */
export interface Finding {
  readonly group: FindingGroup;
  /** Permanent, for scripts. */
  readonly id: string;
  /** "open files" */
  readonly title: string;
  readonly ok: boolean;
  /** What was found; where it is not ok, what is wrong. */
  readonly detail: string;
  /** What makes it ok. */
  readonly next?: string;
  /** The interiors that cannot be without it; none: it is only worth knowing. */
  readonly needed: readonly InteriorKind[];
}

/** A finding as it is told: what to do next only where something is to be done. */
export function finding({ next, ...rest }: Finding): Finding {
  return rest.ok || next === undefined ? rest : { ...rest, next };
}

/** Whether a kind of rack can be had on this computer. */
export interface Ability {
  readonly interior: InteriorKind;
  readonly ok: boolean;
  /** How many machines it may have, by what memory and disk are free; 0 where it cannot be had. */
  readonly machines: number;
  /** Ids of the findings that stand in the way. */
  readonly lacking: readonly string[];
}

export interface Diagnosis {
  readonly abilities: readonly Ability[];
  readonly findings: readonly Finding[];
}

/** What is free, in MiB; undefined where the system does not tell. */
export interface FreeRoom {
  readonly memoryMiB: number | undefined;
  readonly diskMiB: number;
}

const MODELLED_BASE_MIB = 900;
const MODELLED_MACHINE_MIB = 4;
const MODELLED_DISK_MIB = 1024;
const MODELLED_MACHINE_DISK_MIB = 2;

/**
 * How many modelled machines fit, one of them a control plane: etcd and the programs of the control plane are what costs, workers next to
 * nothing. Measured on racks of 1 + 2 and of 500 machines.
 *
 * @param most - as many as a rack has addresses for
 */
export function modelledIn({ memoryMiB, diskMiB }: FreeRoom, most: number): number {
  const byMemory = memoryMiB === undefined ? most : (memoryMiB - MODELLED_BASE_MIB) / MODELLED_MACHINE_MIB;
  const byDisk = (diskMiB - MODELLED_DISK_MIB) / MODELLED_MACHINE_DISK_MIB;
  return Math.max(0, Math.floor(Math.min(byMemory, byDisk, most)));
}

/** What can be had, from what was found. */
export function abilityOf(interior: InteriorKind, findings: readonly Finding[], machines: number): Ability {
  const lacking = findings.filter(({ ok, needed }) => !ok && needed.includes(interior)).map(({ id }) => id);
  const ok = lacking.length === 0;
  return { interior, ok, machines: ok ? machines : 0, lacking };
}

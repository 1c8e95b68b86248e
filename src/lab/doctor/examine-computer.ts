import { canContain } from "../contained/rack/can-contain.ts";
import { availableMiB, type Check, containableIn, freeDiskMiB } from "../contained/rack/contain-checks.ts";
import { labRootfs } from "../contained/rack/lab-rootfs.ts";
import { MAX_CONTAINED_NODES } from "../contained/rack/network-plan.ts";
import { MAX_NODES } from "../rack/addresses.ts";
import type { InteriorKind } from "../rack/rack-file.ts";
import { computerFindings } from "./computer-findings.ts";
import { abilityOf, type Diagnosis, type Finding, type FreeRoom, finding, modelledIn } from "./diagnosis.ts";
import { kubectlFinding, programFindings } from "./program-findings.ts";
import { slotsFinding, stateFindings } from "./state-findings.ts";

export interface ExamineOptions {
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Only this interior is looked into; default: both. */
  readonly interior?: InteriorKind | undefined;
  /** Skerry's own file. */
  readonly program: string;
  readonly now: Date;
  readonly signal: AbortSignal;
}

/** What this computer can rehearse and what it lacks. Changes nothing: what is tried is tried in namespaces that end with the trial. */
export async function examineComputer(options: ExamineOptions): Promise<Diagnosis> {
  const { stateDir, env, interior } = options;
  const room = { memoryMiB: availableMiB(), diskMiB: freeDiskMiB(stateDir) };
  const wanted = (kind: InteriorKind) => interior === undefined || interior === kind;
  const [contained, modelled] = await Promise.all([
    wanted("contained") ? containedFindings(options) : [],
    wanted("modelled") ? slotsFinding(stateDir).then((slots) => [slots]) : [],
  ]);
  const machines = { contained: containedIn(room), modelled: modelledIn(room, MAX_NODES) };
  const findings = [
    ...computerFindings(options),
    memoryFinding(room, machines),
    kubectlFinding(env),
    ...stateFindings(stateDir),
    ...contained,
    ...modelled,
  ];
  const kinds = (["contained", "modelled"] as const).filter(wanted);
  return { abilities: kinds.map((kind) => abilityOf(kind, findings, machines[kind])), findings };
}

/** Seen by `computerFindings` already, for both interiors. */
const seen: readonly Check["id"][] = ["linux", "processor", "memory"];

async function containedFindings(options: ExamineOptions): Promise<readonly Finding[]> {
  const rootfs = labRootfs(options.env);
  const { checks } = await canContain({ ...options, nodes: 1 });
  const findings = checks
    .filter(({ id }) => !seen.includes(id))
    .map((check): Finding => ({ group: "contained", ...check, needed: ["contained"] }));
  const isThere = checks.some(({ id, ok }) => id === "rootfs" && ok);
  return [
    ...findings,
    ...(checks.some(({ id }) => id === "kernel") ? [] : [untried]),
    ...(isThere ? await programFindings(rootfs, options) : []),
  ];
}

const untried = finding({
  group: "contained",
  id: "kernel",
  title: "kernel",
  ok: false,
  detail: "not tried while others of these are lacking",
  needed: [],
});

/** Disk of a machine: its images, unpacked, and what runs writes. */
const CONTAINED_DISK_MIB = 1024;

function containedIn({ memoryMiB, diskMiB }: FreeRoom): number {
  const byMemory = memoryMiB === undefined ? MAX_CONTAINED_NODES : containableIn(memoryMiB);
  return Math.min(MAX_CONTAINED_NODES, byMemory, Math.floor(diskMiB / CONTAINED_DISK_MIB));
}

function memoryFinding(room: FreeRoom, machines: Readonly<Record<InteriorKind, number>>): Finding {
  const none = (["contained", "modelled"] as const).filter((kind) => machines[kind] === 0);
  return finding({
    group: "computer",
    id: "room",
    title: "memory and disk",
    ok: none.length === 0,
    detail: `${room.memoryMiB ?? "?"} MiB of memory and ${room.diskMiB} MiB of disk are free`,
    next: `end other programs or free some space: there is none for a ${none.join(" or a ")} machine`,
    needed: none,
  });
}

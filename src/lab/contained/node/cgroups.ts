import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import type { Clock } from "../../../lib/clock.ts";

/** One mounted hierarchy of control groups and the group that this process is in. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** `cpu,cpuacct`, `name=systemd`; empty for version 2. */
  readonly controllers: string;
  /** Where the hierarchy is mounted: `/sys/fs/cgroup/memory`. */
  readonly mountPoint: string;
  /** The folder of this process' own group; children of it are ours to make. */
  readonly ownFolder: string;
}

const PREFIX = "skerry-rack-";
/** Without these a kubelet does not start on version 2. */
const KUBELET_CONTROLLERS = ["cpu", "memory", "pids"];
const REMOVE_MS = 10_000;
const POLL_MS = 50;
/** Deeper than anybody starts programs that start racks; bounds the search. */
const MAX_DEPTH = 8;

/** A rack's id: 12 random hex digits and 4 that are computed from them, so that a name is never ours by accident. */
export function newRackId(random: (sizeBytes: number) => Buffer = randomBytes): string {
  const digits = random(6).toString("hex");
  return `${digits}${checkDigits(digits)}`;
}

/** Whether the text is an id that `newRackId` could have made. */
export function isRackId(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text) && checkDigits(text.slice(0, 12)) === text.slice(12);
}

/** The group of a rack, or of one of its nodes, relative to the own group of the process that makes it. */
export function rackGroup(id: string, node?: string): string {
  return node === undefined ? `${PREFIX}${id}` : `${PREFIX}${id}/${node}`;
}

/**
 * The hierarchies that this process can make groups in: those of version 1 where any controller is bound to one, else that of version 2.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html and https://docs.kernel.org/admin-guide/cgroup-v1/cgroups.html
 */
export function listHierarchies(
  mountInfo: string = readFileSync("/proc/self/mountinfo", "utf8"),
  own: string = readFileSync("/proc/self/cgroup", "utf8"),
): readonly Hierarchy[] {
  const groups = new Map(
    own
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [, controllers = "", ...path] = line.split(":");
        return [controllers, path.join(":")] as const;
      }),
  );
  const found = mountInfo.split("\n").flatMap((line): Hierarchy[] => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root = "/", mountPoint = ""] = before.split(" ").map(unescaped);
    const [type = "", , options = ""] = after.split(" ");
    const names = options.split(",");
    const controllers = {
      cgroup: [...groups.keys()].find((key) => key !== "" && key.split(",").every((name) => names.includes(name))),
      cgroup2: "",
    }[type];
    const path = controllers === undefined ? undefined : groups.get(controllers);
    const ownFolder = path === undefined ? undefined : below(mountPoint, root, path);
    return controllers === undefined || ownFolder === undefined
      ? []
      : [{ version: type === "cgroup2" ? 2 : 1, controllers, mountPoint, ownFolder }];
  });
  const first = found.filter((hierarchy) => hierarchy.version === 1);
  // A hierarchy mounted twice is one hierarchy.
  const chosen = first.some(({ controllers }) => !controllers.startsWith("name="))
    ? first
    : found.filter(({ version }) => version === 2);
  return chosen.filter(
    ({ controllers }, index) => chosen.findIndex((one) => one.controllers === controllers) === index,
  );
}

/**
 * Makes a group in every hierarchy, with its parents, below the own group of this process.
 *
 * @param relative - as `rackGroup` gives it
 * @returns the folders, one per hierarchy, in the order of `listHierarchies`
 */
export function createGroup(relative: string, hierarchies = listHierarchies()): readonly string[] {
  return hierarchies.map((hierarchy) => {
    let folder = hierarchy.version === 2 ? delegating(hierarchy) : hierarchy.ownFolder;
    for (const part of relative.split("/")) {
      const parent = folder;
      folder = join(folder, part);
      // Machines of a rack start at the same time, and the rack's group is everybody's: it may have appeared just now.
      mkdirSync(folder, { recursive: true });
      if (hierarchy.controllers.split(",").includes("cpuset")) copySets(parent, folder);
    }
    return folder;
  });
}

/**
 * Lets groups below a node's group have controllers. Version 2 gives them only where no process is in the group itself, so those that are
 * move into a child; in version 1 there is nothing to do.
 *
 * @param groups - as `createGroup` gave them
 * @returns the folders that further processes of the node join
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#no-internal-process-constraint
 */
export function settleGroups(groups: readonly string[]): readonly string[] {
  return groups.map((folder) => {
    const control = join(folder, "cgroup.subtree_control");
    if (!existsSync(control)) return folder;
    const child = join(folder, "init");
    if (!existsSync(child)) mkdirSync(child);
    for (const pid of idsIn(folder)) writeFileSync(join(child, "cgroup.procs"), pid);
    const controllers = readFileSync(join(folder, "cgroup.controllers"), "utf8").trim().split(" ");
    writeFileSync(control, controllers.map((name) => `+${name}`).join(" "));
    return child;
  });
}

/**
 * Removes the groups of a rack, or of one of its nodes, wherever they are, deepest first; kills nothing. Waits a moment for processes that
 * are being ended. Safe to repeat.
 *
 * @throws the system's error (EBUSY) when processes stay in it
 */
export async function removeRackGroups(
  id: string,
  options: { readonly node?: string; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const until = options.clock.now().getTime() + REMOVE_MS;
  for (const folder of findRackGroups().get(id) ?? []) {
    for (;;) {
      try {
        removeFolders(options.node === undefined ? folder : join(folder, options.node));
        break;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EBUSY" || options.clock.now().getTime() > until) throw error;
        await options.clock.sleep(POLL_MS, options);
      }
    }
  }
}

/**
 * The groups of racks by the racks' ids, anywhere in the hierarchies: who made them may have been in another group than this process.
 */
export function findRackGroups(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  const look = (folder: string, depth: number): void => {
    for (const child of foldersIn(folder)) {
      const name = basename(child);
      const id = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : "";
      if (isRackId(id)) found.set(id, [...(found.get(id) ?? []), child]);
      else if (depth < MAX_DEPTH) look(child, depth + 1);
    }
  };
  for (const { mountPoint } of listHierarchies()) look(mountPoint, 1);
  return found;
}

/** Process ids in the groups of a rack, or of one of its nodes, in this process' numbering; 0 stands for one that it cannot see. */
export function processesOfRack(id: string, node?: string): readonly number[] {
  const found = new Set<number>();
  for (const folder of findRackGroups().get(id) ?? []) {
    const group = node === undefined ? folder : join(folder, node);
    if (existsSync(group)) collect(group, found);
  }
  return [...found];
}

function collect(folder: string, found: Set<number>): void {
  for (const pid of idsIn(folder)) found.add(Number(pid));
  for (const child of foldersIn(folder)) collect(child, found);
}

function idsIn(folder: string): readonly string[] {
  return readFileSync(join(folder, "cgroup.procs"), "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

function removeFolders(folder: string): void {
  if (!existsSync(folder)) return;
  for (const child of foldersIn(folder)) removeFolders(child);
  rmdirSync(folder);
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name));
  } catch {
    // Groups come and go.
    return [];
  }
}

/** The nearest group from our own upwards that passes on to its children what a kubelet asks for; our own where none does. */
function delegating({ ownFolder, mountPoint }: Hierarchy): string {
  for (let folder = ownFolder; folder.startsWith(mountPoint); folder = dirname(folder)) {
    const control = join(folder, "cgroup.subtree_control");
    const passedOn = existsSync(control) ? readFileSync(control, "utf8").trim().split(" ") : [];
    if (KUBELET_CONTROLLERS.every((name) => passedOn.includes(name))) return folder;
  }
  return ownFolder;
}

/** A new group of version 1 has no processors and no memory nodes, and takes no process before it has. */
function copySets(parent: string, folder: string): void {
  for (const name of ["cpuset.cpus", "cpuset.mems"]) {
    if (!existsSync(join(folder, name))) continue;
    if (readFileSync(join(folder, name), "utf8").trim() === "") {
      writeFileSync(join(folder, name), readFileSync(join(parent, name)));
    }
  }
}

/**
 * `path` of the hierarchy as seen through a mount of its subtree `root`; undefined where it cannot be seen: the mount shows another subtree,
 * or one above the root of this process' cgroup namespace, whose names nobody tells.
 */
function below(mountPoint: string, root: string, path: string): string | undefined {
  const isOutside = (name: string) => name === ".." || name.startsWith("../");
  const relative = posix.relative(root, path);
  return [root.slice(1), path.slice(1), relative].some(isOutside) ? undefined : join(mountPoint, relative);
}

/** Blanks and backslashes stand as octal numbers in /proc/<pid>/mountinfo. */
function unescaped(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_match, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function checkDigits(digits: string): string {
  return createHash("sha256").update(`${PREFIX}${digits}`).digest("hex").slice(0, 4);
}

import { existsSync, readFileSync, statfsSync } from "node:fs";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "../../../lib/clock.ts";
import { createGroup, listHierarchies, newRackId, rackGroup, removeRackGroups } from "../node/cgroups.ts";
import { missingPrograms, programIn } from "./lab-rootfs.ts";
import { namespaced } from "./outer-process.ts";
import { ProgramError, runProgram } from "./run-program.ts";

/** One thing that a contained rack needs. */
export interface Check {
  readonly id: "linux" | "root" | "processor" | "programs" | "rootfs" | "kernel" | "cgroups" | "memory" | "disk";
  /** "programs of this computer" */
  readonly title: string;
  readonly ok: boolean;
  /** What was found; where it is not ok, what is wrong, as a part of a sentence. */
  readonly detail: string;
  /** What to do where it is not ok. */
  readonly next?: string;
}

const hostPrograms = ["unshare", "nsenter", "ip", "mount", "chroot", "sh"];

/** What can be told without trying anything. */
export async function hostChecks(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
}): Promise<readonly Check[]> {
  const isLinux = platform() === "linux";
  const uid = process.getuid?.();
  const folders = (options.env["PATH"] ?? "").split(":").concat("/usr/sbin", "/sbin", "/usr/bin", "/bin");
  const absent = hostPrograms.filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
  return [
    check("linux", "operating system", isLinux, platform(), {
      wrong: `namespaces need Linux, this is ${platform()}`,
      next: "use a Linux computer or virtual machine",
    }),
    check("root", "user", uid === 0, "root", {
      wrong: "only root can make network namespaces",
      next: "run it with sudo",
    }),
    check("processor", "processor", ["x64", "arm64"].includes(arch()), arch(), {
      wrong: `there is no Talos for ${arch()}`,
      next: "use a computer with an x86-64 or arm64 processor",
    }),
    check("programs", "programs of this computer", absent.length === 0, hostPrograms.join(", "), {
      wrong: `${absent.join(", ")} ${absent.length === 1 ? "is" : "are"} missing`,
      next: "apt-get install util-linux mount iproute2 coreutils    or what they are called here",
    }),
  ];
}

export function rootfsCheck(rootfs: string): Check {
  const isThere = existsSync(rootfs);
  const absent = isThere ? missingPrograms(rootfs) : [];
  return check("rootfs", "lab root filesystem", isThere && absent.length === 0, rootfs, {
    wrong: isThere ? `${rootfs} lacks ${absent.join(", ")}` : `${rootfs} is not there`,
    next: "node parts/build.ts --only lab-rootfs    in a clone of Skerry makes it; SKERRY_LAB_ROOTFS names another",
  });
}

/** What only trying tells: namespaces, and the parts of the kernel, inside them. */
const trial = `
set -e
say() { echo "$1" >&2; }
say "mounting /proc in a namespace";     mount -t proc proc /proc
say "mounting a tmpfs";                  mount -t tmpfs skerry /sys
say "mounting an overlay";               mkdir /sys/l /sys/u /sys/w /sys/o; mount -t overlay -o lowerdir=/sys/l,upperdir=/sys/u,workdir=/sys/w skerry /sys/o
say "making a bridge";                   ip link add sw0 type bridge
say "making a veth pair";                ip link add p0 type veth peer name p1
say "putting a port into a bridge";      ip link set p0 master sw0
say "making nftables rules for bridges"; printf 'table bridge t { chain c { type filter hook forward priority 0; numgen random mod 10 < 1 drop; }\\n}\\n' | chroot "$1" "$2" -f -
say "making nftables rules";             printf 'table ip t { chain c { type nat hook output priority -100; }\\n}\\n' | chroot "$1" "$2" -f -
`;

/** Namespaces, the kernel's parts and control groups, really used for a moment. */
export async function availableCheck(
  rootfs: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<readonly Check[]> {
  return [await kernelCheck(rootfs, signal), await cgroupCheck(signal)];
}

async function kernelCheck(rootfs: string, signal: AbortSignal): Promise<Check> {
  const [program, ...args] = namespaced;
  const next =
    "run it where containers can be run: not inside an unprivileged container, with a kernel that has overlayfs, veth, bridge and nftables";
  try {
    await runProgram(program, [...args, "--", "sh", "-c", trial, "sh", rootfs, programIn(rootfs, "nft") ?? "nft"], {
      signal,
    });
    return check("kernel", "kernel", true, "namespaces, overlayfs, veth, bridge and nftables work", {
      wrong: "",
      next,
    });
  } catch (error) {
    signal.throwIfAborted();
    const wrong = error instanceof ProgramError ? error.said : String(error);
    return check("kernel", "kernel", false, "", { wrong, next });
  }
}

async function cgroupCheck(signal: AbortSignal): Promise<Check> {
  const id = newRackId();
  const next =
    "give this process control groups that it may write: as root, outside of a container or in one with its own";
  try {
    const hierarchies = listHierarchies();
    if (hierarchies.length === 0) throw new Error("no hierarchy of control groups is mounted");
    createGroup(rackGroup(id), hierarchies);
    return check("cgroups", "control groups", true, `version ${hierarchies[0]?.version}`, { wrong: "", next });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return check("cgroups", "control groups", false, "", { wrong: why, next });
  } finally {
    await removeRackGroups(id, { clock: systemClock, signal });
  }
}

const MiB = 2 ** 20;
const BASE_MIB = 512;
const NODE_MIB = 700;
const DISK_MIB = 4096;

/** How many contained machines fit into so much free memory; never less than none. */
export function containableIn(freeMiB: number): number {
  return Math.max(0, Math.floor((freeMiB - BASE_MIB) / NODE_MIB));
}

/** @see docs/how-to/use-a-contained-rack.md for what was measured */
export function memoryCheck(nodes: number): Check {
  const wanted = BASE_MIB + nodes * NODE_MIB;
  const free = availableMiB();
  return check("memory", "memory", free === undefined || free >= wanted, `${free ?? "?"} MiB free`, {
    wrong: `${free} MiB are free, ${nodes} machines want about ${wanted} MiB`,
    next: "end other programs, or rehearse with fewer nodes",
  });
}

/** Memory that programs can have without others being put aside; undefined where the system does not tell. */
export function availableMiB(): number | undefined {
  try {
    const [, kib] = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8")) ?? [];
    return kib === undefined ? undefined : Math.floor(Number(kib) / 1024);
  } catch {
    return undefined;
  }
}

/** Free space where the folder is, or would be made. */
export function freeDiskMiB(folder: string): number {
  const { bavail, bsize } = statfsSync(existingParent(folder));
  return Math.floor((bavail * bsize) / MiB);
}

/** The folder itself, or the nearest above it that is there. */
export function existingParent(folder: string): string {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  return existing;
}

export function diskCheck(folder: string): Check {
  const free = freeDiskMiB(folder);
  return check("disk", "disk", free >= DISK_MIB, `${free} MiB free in ${folder}`, {
    wrong: `${free} MiB are free in ${folder}, a rack wants ${DISK_MIB} MiB`,
    next: "free some space, or choose another folder with --state-dir",
  });
}

function check(
  id: Check["id"],
  title: string,
  ok: boolean,
  detail: string,
  otherwise: { readonly wrong: string; readonly next: string },
): Check {
  return ok ? { id, title, ok, detail } : { id, title, ok, detail: otherwise.wrong, next: otherwise.next };
}

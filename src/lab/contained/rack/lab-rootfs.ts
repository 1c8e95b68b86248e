import { existsSync, lstatSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/** What a machine needs in its root filesystem; nft also serves the rack's switch. */
const programs = ["busybox", "containerd", "containerd-shim-runc-v2", "runc", "nft", "ip", "mount"];

const folders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/bin"];

/** Where the lab root filesystem is looked for: `$SKERRY_LAB_ROOTFS`, else `<cache>/skerry/lab-rootfs`. */
export function labRootfs(environment: Readonly<Record<string, string | undefined>>): string {
  const { SKERRY_LAB_ROOTFS: named, XDG_CACHE_HOME: base } = environment;
  if (named !== undefined && named !== "") return named;
  return join(base !== undefined && isAbsolute(base) ? base : join(homedir(), ".cache"), "skerry", "lab-rootfs");
}

/** The path of a program inside a root filesystem; undefined where it has none. */
export function programIn(rootfs: string, name: string): string | undefined {
  return folders.map((folder) => `${folder}/${name}`).find((path) => isThere(join(rootfs, path)));
}

export function missingPrograms(rootfs: string): readonly string[] {
  return programs.filter((name) => programIn(rootfs, name) === undefined);
}

/** A link inside the root filesystem may point at a place that only means something there. */
function isThere(path: string): boolean {
  return existsSync(path) || lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

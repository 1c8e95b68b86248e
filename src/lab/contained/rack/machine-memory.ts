import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listHierarchies, rackGroup } from "../node/cgroups.ts";

/**
 * Memory of a machine in bytes: its process and, by its control group, all that runs in it; without caches of files, which the kernel takes
 * back when it needs them.
 *
 * @param pid - of the machine's process; undefined: it has none
 */
export function machineMemory(id: string, node: string, pid: number | undefined): number {
  return (pid === undefined ? 0 : residentBytes(pid)) + groupBytes(id, node);
}

function residentBytes(pid: number): number {
  const [, kib = "0"] = /^VmRSS:\s*(\d+) kB$/m.exec(textOf(`/proc/${pid}/status`)) ?? [];
  return Number(kib) * 1024;
}

/** @see https://docs.kernel.org/admin-guide/cgroup-v1/memory.html and https://docs.kernel.org/admin-guide/cgroup-v2.html */
function groupBytes(id: string, node: string): number {
  const hierarchy = listHierarchies().find(
    ({ version, controllers }) => version === 2 || controllers.split(",").includes("memory"),
  );
  if (hierarchy === undefined) return 0;
  const fields = hierarchy.version === 2 ? ["anon", "shmem"] : ["total_rss", "total_shmem"];
  const text = textOf(join(hierarchy.ownFolder, rackGroup(id, node), "memory.stat"));
  const values = new Map(text.split("\n").map((line) => line.split(" ") as [string, string]));
  return fields.reduce((sum, field) => sum + Number(values.get(field) ?? 0), 0);
}

/** Empty where there is no such file: processes and groups come and go. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

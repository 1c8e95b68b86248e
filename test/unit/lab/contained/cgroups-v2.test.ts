import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createGroup, settleGroups } from "../../../../src/lab/contained/node/cgroups.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** Plain files in the place of the kernel's; what they are asked is what the kernel would be. */
function fakeHierarchy(mountPoint: string): string {
  const own = join(mountPoint, "user.slice", "session.scope");
  mkdirSync(own, { recursive: true });
  writeFileSync(join(mountPoint, "cgroup.subtree_control"), "cpuset cpu io memory pids");
  writeFileSync(join(mountPoint, "user.slice", "cgroup.subtree_control"), "memory pids");
  writeFileSync(join(own, "cgroup.subtree_control"), "");
  return own;
}

describe("control groups of version 2", () => {
  it("are made below the nearest group that passes on what a kubelet needs", async () => {
    await using folder = await temporaryFolder();
    const mountPoint = folder.path;
    const own = fakeHierarchy(mountPoint);

    const made = createGroup("skerry-rack-1/cp-1", [{ version: 2, controllers: "", mountPoint, ownFolder: own }]);

    expect(made).toEqual([join(mountPoint, "skerry-rack-1", "cp-1")]);
  });

  it("pass every controller on once their processes have moved into a child", async () => {
    await using folder = await temporaryFolder();
    const group = folder.path;
    writeFileSync(join(group, "cgroup.subtree_control"), "");
    writeFileSync(join(group, "cgroup.controllers"), "cpu memory pids\n");
    writeFileSync(join(group, "cgroup.procs"), "4711\n");

    expect(settleGroups([group])).toEqual([join(group, "init")]);

    expect(readFileSync(join(group, "init", "cgroup.procs"), "utf8")).toBe("4711");
    expect(readFileSync(join(group, "cgroup.subtree_control"), "utf8")).toBe("+cpu +memory +pids");
  });

  it("of version 1 are left as they are", async () => {
    await using folder = await temporaryFolder();

    expect(settleGroups([folder.path])).toEqual([folder.path]);
  });
});

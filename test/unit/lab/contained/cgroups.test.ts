import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { isRackId, listHierarchies, newRackId, rackGroup } from "../../../../src/lab/contained/node/cgroups.ts";

/** Lines as proc(5) describes them: id, parent, device, root, mount point, options, optional fields, type, source, super options. */
const mount = (
  type: "cgroup" | "cgroup2" | "tmpfs",
  root: string,
  at: string,
  options: string,
  optional = "shared:9 ",
) => `30 25 0:26 ${root} ${at} rw,nosuid ${optional}- ${type} ${type} rw${options === "" ? "" : `,${options}`}`;
const lines = (...all: readonly string[]) => `${all.join("\n")}\n`;
const folders = (mountInfo: string, own: string) =>
  listHierarchies(mountInfo, own).map(
    ({ version, controllers, ownFolder }) => `${version} ${controllers} ${ownFolder}`,
  );

const V1_MOUNTS = [
  mount("tmpfs", "/", "/sys/fs/cgroup", "mode=755"),
  mount("cgroup", "/", "/sys/fs/cgroup/systemd", "xattr,name=systemd"),
  mount("cgroup", "/", "/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct"),
  mount("cgroup", "/", "/sys/fs/cgroup/memory", "memory", ""),
];
const V1_GROUPS = ["3:memory:/user/one", "2:cpu,cpuacct:/", "1:name=systemd:/user.slice/a:b.scope"];

describe("listHierarchies()", () => {
  it.each([
    {
      rule: "of version 1, with the controllers of each and named ones",
      mounts: V1_MOUNTS,
      groups: V1_GROUPS,
      expected: [
        "1 name=systemd /sys/fs/cgroup/systemd/user.slice/a:b.scope",
        "1 cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct",
        "1 memory /sys/fs/cgroup/memory/user/one",
      ],
    },
    {
      rule: "of version 1 where version 2 is mounted beside it without controllers",
      mounts: [...V1_MOUNTS, mount("cgroup2", "/", "/sys/fs/cgroup/unified", "nsdelegate")],
      groups: [...V1_GROUPS, "0::/user.slice"],
      expected: [
        "1 name=systemd /sys/fs/cgroup/systemd/user.slice/a:b.scope",
        "1 cpu,cpuacct /sys/fs/cgroup/cpu,cpuacct",
        "1 memory /sys/fs/cgroup/memory/user/one",
      ],
    },
    {
      rule: "of version 2 alone",
      mounts: [mount("cgroup2", "/", "/sys/fs/cgroup", "nsdelegate,memory_recursiveprot")],
      groups: ["0::/user.slice/user-0.slice/session-1.scope"],
      expected: ["2  /sys/fs/cgroup/user.slice/user-0.slice/session-1.scope"],
    },
    {
      rule: "of version 2 where version 1 has a name and no controllers",
      mounts: [
        mount("cgroup", "/", "/sys/fs/cgroup/systemd", "name=systemd"),
        mount("cgroup2", "/", "/sys/fs/cgroup/unified", ""),
      ],
      groups: ["1:name=systemd:/a", "0::/b"],
      expected: ["2  /sys/fs/cgroup/unified/b"],
    },
    {
      rule: "through a mount of a subtree, as containers have it",
      mounts: [mount("cgroup", "/docker/1f", "/sys/fs/cgroup/memory", "memory")],
      groups: ["4:memory:/docker/1f/inner"],
      expected: ["1 memory /sys/fs/cgroup/memory/inner"],
    },
    {
      rule: "inside a cgroup namespace, mounted in it",
      mounts: [mount("cgroup", "/", "/sys/fs/cgroup/memory", "memory")],
      groups: ["4:memory:/"],
      expected: ["1 memory /sys/fs/cgroup/memory"],
    },
    {
      rule: "not where a mount shows what is above the root of the cgroup namespace",
      mounts: [mount("cgroup", "/../..", "/sys/fs/cgroup/memory", "memory"), mount("cgroup2", "/..", "/cg", "")],
      groups: ["4:memory:/", "0::/"],
      expected: [],
    },
    {
      rule: "not where this process is outside the root of its cgroup namespace",
      mounts: [mount("cgroup2", "/", "/sys/fs/cgroup", "")],
      groups: ["0::/../other"],
      expected: [],
    },
    {
      rule: "not through a mount of another subtree, and once through the first of several",
      mounts: [
        mount("cgroup", "/docker/2e", "/other", "memory"),
        mount("cgroup", "/docker/1f", "/first", "memory"),
        mount("cgroup", "/", "/second", "memory"),
      ],
      groups: ["4:memory:/docker/1f"],
      expected: ["1 memory /first"],
    },
    {
      rule: "whose neighbour's name begins alike is another subtree",
      mounts: [mount("cgroup", "/docker/1", "/sys/fs/cgroup/memory", "memory")],
      groups: ["4:memory:/docker/1f"],
      expected: [],
    },
    {
      rule: "with blanks in the name of the mount point",
      mounts: [mount("cgroup2", "/", "/mnt/control\\040groups", "")],
      groups: ["0::/..a"],
      expected: ["2  /mnt/control groups/..a"],
    },
    { rule: "none that is bound and not mounted", mounts: [], groups: V1_GROUPS, expected: [] },
    {
      rule: "none that is mounted and not bound",
      mounts: [mount("cgroup", "/", "/sys/fs/cgroup/rdma", "rdma")],
      groups: V1_GROUPS,
      expected: [],
    },
  ])("lists those $rule", ({ mounts, groups, expected }) => {
    expect(folders(lines(...mounts), lines(...groups))).toEqual(expected);
  });
});

describe("newRackId()", () => {
  test.prop([fc.uint8Array({ minLength: 6, maxLength: 6 })])("makes ids that are ours", (bytes) => {
    const id = newRackId((size) => Buffer.from(bytes.subarray(0, size)));

    expect(id.startsWith(Buffer.from(bytes).toString("hex"))).toBe(true);
    expect(isRackId(id)).toBe(true);
  });

  it("makes another one each time", () => {
    expect(new Set(Array.from({ length: 50 }, () => newRackId())).size).toBe(50);
  });
});

describe("isRackId()", () => {
  const hex = fc.constantFrom(..."0123456789abcdef");

  test.prop([fc.uint8Array({ minLength: 6, maxLength: 6 }), fc.nat(15), hex], { seed: 4 })(
    "does not know an id with any one digit changed",
    (bytes, at, digit) => {
      const id = newRackId(() => Buffer.from(bytes));
      const changed = `${id.slice(0, at)}${digit}${id.slice(at + 1)}`;

      // Of 65,536 changes one meets the check digits by chance; none of what is drawn here may do so unless nothing has changed.
      expect(isRackId(changed)).toBe(changed === id);
    },
  );

  test.prop([fc.string()])("does not know any text", (text) => {
    expect(isRackId(text)).toBe(false);
  });

  it.each(["", "0".repeat(16), "f".repeat(16), "../../etc", "0123456789abcdef", "a".repeat(17)])(
    "does not know %j",
    (text) => {
      expect(isRackId(text)).toBe(false);
    },
  );

  it("knows an id in small letters alone, without anything around it", () => {
    const id = newRackId(() => Buffer.from("abcdefabcdef", "hex"));

    expect([id, id.toUpperCase(), `${id}\n`, ` ${id}`, `${id}/x`].map(isRackId)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe("rackGroup()", () => {
  it("names the rack's group, and a node's below it", () => {
    expect([rackGroup("0123"), rackGroup("0123", "cp-1")]).toEqual(["skerry-rack-0123", "skerry-rack-0123/cp-1"]);
  });
});

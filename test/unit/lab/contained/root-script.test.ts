import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { rootScript } from "../../../../src/lab/contained/node/root-script.ts";

const root = { node: "cp-1", rootfs: "/lab/rootfs", mountPoint: "/rack/root", varFolder: "/rack/var" };
const odd = [
  "/plain",
  "/with space",
  "/it's",
  "/'",
  "/$(false)`false`",
  "/back\\slash\\'",
  '/"quoted"',
  "/new\nline",
  "/*",
];

/** What a shell makes of words. */
const read = (words: string) => execFileSync("sh", ["-c", `printf '%s' ${words}`], { encoding: "utf8" });

describe("rootScript()", () => {
  it.each(odd)("is a script for sh with the path %j in every place", (path) => {
    const script = rootScript({ ...root, rootfs: path, mountPoint: path, varFolder: path });

    expect(() => execFileSync("sh", ["-n"], { input: script, stdio: ["pipe", "ignore", "pipe"] })).not.toThrow();
  });

  it.each(odd)("keeps the path %j whole", (path) => {
    const script = rootScript({ ...root, mountPoint: path, varFolder: path });

    const [, entered = ""] = /^cd ([\s\S]*?)\nmkdir /m.exec(script) ?? [];
    const [, bound = ""] = /^mount --bind ([\s\S]*?) var\n/m.exec(script) ?? [];
    expect([read(entered), read(bound)]).toEqual([path, path]);
  });

  it("binds the node's folder as /var, or memory of so many bytes", () => {
    expect(rootScript(root)).toContain("mount --bind '/rack/var' var\n");
    expect(rootScript({ ...root, varBytes: 1_048_576 })).toContain("mount -t tmpfs -o mode=755,size=1048576 var var\n");
    expect(rootScript({ ...root, varBytes: 1_048_576 })).not.toContain("/rack/var");
  });

  it("cuts its mounts off from the computer's before it makes any, and leaves the old root", () => {
    const lines = rootScript(root).split("\n");
    const at = (start: string) => lines.findIndex((line) => line.startsWith(start));

    expect(at("set -eu")).toBe(0);
    expect(at("mount --make-rprivate /")).toBe(1);
    expect(at("bin/busybox pivot_root")).toBeLessThan(at("/bin/busybox umount -l /old"));
    expect(lines.filter((line) => line.startsWith("exec "))).toHaveLength(1);
  });
});

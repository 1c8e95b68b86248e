import { lstat, readFile, readlink } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { debianTools } from "../../../parts/debian-catalog.ts";
import { partsOf } from "../../../parts/image-catalog.ts";
import { labRootfs } from "../../../parts/lab-rootfs-catalog.ts";
import { writeFolder } from "../../../parts/write-folder.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const { signal } = new AbortController();

describe("labRootfs", () => {
  const paths = labRootfs.flatMap((file) => (file.kind === "debian" ? [] : [file.path]));
  const programs = [...debianTools.node.programs, ...debianTools.busybox.programs].map((program) => program.name);

  it("names each path once, and no busybox program where Debian's own tool is", () => {
    expect(paths.filter((file, index) => paths.indexOf(file) !== index)).toEqual([]);
    expect(programs.filter((name) => paths.includes(`/usr/bin/${name}`))).toEqual([]);
  });

  it("has the mount points of a node, empty", () => {
    const needed =
      "/proc /sys /dev /run /tmp /var /etc/cni/net.d /etc/cri/conf.d /etc/kubernetes /etc/ssl/certs /system";

    for (const folder of needed.split(" ")) {
      expect(labRootfs).toContainEqual(expect.objectContaining({ kind: "directory", path: folder }));
      expect(paths.filter((file) => file.startsWith(`${folder}/`) && file !== "/var/run")).toEqual([]);
    }
  });

  it("gives containerd the CNI plugins that Talos' flannel and our packages name", () => {
    const plugins = labRootfs.flatMap((file) =>
      file.kind === "part" && file.path.startsWith("/opt/cni/bin/") ? [path.basename(file.path)] : [],
    );

    expect(plugins).toEqual(["bridge", "firewall", "flannel", "host-local", "loopback", "portmap"]);
  });

  it("needs nothing of Kubernetes, so that a node's root is built in two minutes", () => {
    expect(partsOf(labRootfs).filter((part) => part.startsWith("kube"))).toEqual([]);
  });
});

describe("writeFolder()", () => {
  it("writes each entry with exactly its mode, whatever the umask, and links as they are", async () => {
    await using folder = await temporaryFolder();
    const root = path.join(folder.path, "root");
    const before = process.umask(0o077);
    try {
      await writeFolder(
        root,
        [
          { kind: "bytes", path: "etc/name", mode: 0o644, bytes: Buffer.from("cp-1") },
          { kind: "link", path: "bin", target: "usr/bin" },
          { kind: "directory", path: "tmp", mode: 0o1777 },
          { kind: "file", path: "usr/bin/this", mode: 0o755, file: import.meta.filename },
        ],
        { signal },
      );
    } finally {
      process.umask(before);
    }

    const mode = async (name: string): Promise<string> =>
      ((await lstat(path.join(root, name))).mode & 0o7777).toString(8);
    expect(await Promise.all([".", "etc", "etc/name", "tmp", "usr/bin", "usr/bin/this"].map(mode))).toEqual([
      "755",
      "755",
      "644",
      "1777",
      "755",
      "755",
    ]);
    expect(await readlink(path.join(root, "bin"))).toBe("usr/bin");
    expect(await readFile(path.join(root, "usr/bin/this"))).toEqual(await readFile(import.meta.filename));
  });

  it("leaves a file that is already there as it is", async () => {
    await using folder = await temporaryFolder();
    const entries = [{ kind: "bytes", path: "name", mode: 0o644, bytes: Buffer.from("x") }] as const;
    await writeFolder(folder.path, entries, { signal });

    await expect(writeFolder(folder.path, entries, { signal })).rejects.toMatchObject({ code: "EEXIST" });
  });
});

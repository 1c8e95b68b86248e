import { mkdir, symlink, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { loadForBuild, makeStagingFolder, openRegistries } from "../../../../src/deployer/create/index.ts";
import { checkSpace, type DiskOf, diskFull } from "../../../../src/deployer/create/stage/free-space.ts";
import { spaceNeeds } from "../../../../src/deployer/create/stage/space-needs.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const { signal } = new AbortController();

describe("checkSpace()", () => {
  const disks: DiskOf = async (folder) =>
    folder.startsWith("/a") ? { device: 1, freeBytes: 1000 } : { device: 2, freeBytes: 10 };

  it("adds up what goes to one disk", async () => {
    await checkSpace(
      [
        { folder: "/a/tmp", bytes: 500 },
        { folder: "/a/out", bytes: 500 },
        { folder: "/b", bytes: 10 },
      ],
      disks,
    );

    await expect(
      checkSpace(
        [
          { folder: "/a/tmp", bytes: 500 },
          { folder: "/a/out", bytes: 501 },
        ],
        disks,
      ),
    ).rejects.toMatchObject({ code: "PACKAGE_NO_SPACE", where: { file: "/a/tmp" } });
    await expect(
      checkSpace(
        [
          { folder: "/a/tmp", bytes: 1 },
          { folder: "/b", bytes: 11 },
        ],
        disks,
      ),
    ).rejects.toMatchObject({ code: "PACKAGE_NO_SPACE", where: { file: "/b" } });
  });

  it("asks the disk that a folder will be on when it is made", async () => {
    await using folder = await temporaryFolder();
    const out = path.join(folder.path, "not/yet");

    await checkSpace([{ folder: out, bytes: 1 }]);
    await expect(checkSpace([{ folder: out, bytes: 2 ** 60 }])).rejects.toMatchObject({ code: "PACKAGE_NO_SPACE" });
  });
});

describe("diskFull()", () => {
  it("knows a full disk and a full quota, and leaves the rest alone", () => {
    const failure = (code: string) => Object.assign(new Error(code), { code });

    expect(diskFull("/x", failure("ENOSPC"))?.code).toBe("PACKAGE_NO_SPACE");
    expect(diskFull("/x", failure("EDQUOT"))?.code).toBe("PACKAGE_NO_SPACE");
    expect(diskFull("/x", failure("EIO"))).toBeUndefined();
  });
});

describe("spaceNeeds()", () => {
  async function needs(folder: string, action: string): Promise<unknown> {
    const lines = [
      "kind: ZarfPackageConfig",
      "metadata: {name: big, version: 1.0.0, architecture: amd64}",
      "components:",
      "  - name: one",
      "    required: true",
      "    files:",
      "      - {source: big.bin, target: /tmp/big.bin}",
      "      - {source: data, target: /tmp/data}",
      "      - {source: pack.tar, target: /tmp/inner, extractPath: inner}",
      "      - {source: not-yet, target: /tmp/later}",
      "      - {source: 'https://files.example/x', target: /tmp/x}",
      "    imageArchives: [{path: images.tar, images: [a.example/b:1]}]",
      ...(action === "" ? [] : [`    actions: {onCreate: {before: [{cmd: ${action}}]}}`]),
    ];
    await writeFile(path.join(folder, "zarf.yaml"), `${lines.join("\n")}\n`);
    const registries = openRegistries({});
    const staging = await makeStagingFolder(folder);
    try {
      const loaded = await loadForBuild(path.join(folder, "zarf.yaml"), {}, { registries, staging, signal });
      return await spaceNeeds(loaded, 7, { signal });
    } finally {
      await registries.close();
      await staging.remove();
    }
  }

  it("counts images, archives, files and data, and copies where commands run, reading none of it", async () => {
    await using folder = await temporaryFolder();
    const inFolder = (name: string): string => path.join(folder.path, name);
    const sparse = async (name: string, bytes: number): Promise<void> => {
      await writeFile(inFolder(name), "");
      await truncate(inFolder(name), bytes);
    };
    await sparse("big.bin", 2 ** 40);
    await mkdir(inFolder("data"));
    await sparse("data/a", 100);
    await sparse("data/b", 20);
    await symlink("a", inFolder("data/link"));
    await sparse("pack.tar", 3000);
    await sparse("images.tar", 40_000);

    const local = 2 ** 40 + 120 + 3000;
    expect(await needs(folder.path, "")).toEqual({ stagedBytes: 43_007, packageBytes: local + 40_007 });
    expect(await needs(folder.path, "make")).toEqual({ stagedBytes: 43_007 + local, packageBytes: local + 40_007 });
  });
});

import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeFolder, readTextFile, writeFileWhole } from "../../../src/lib/files.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skerry-files-"));
});
afterEach(async () => {
  await chmod(folder, 0o755);
  await rm(folder, { recursive: true });
});

describe("writeFileWhole()", () => {
  it("writes with the mode asked for, also over a file with another", async () => {
    const path = join(folder, "secrets.yaml");
    await writeFile(path, "old", { mode: 0o644 });

    await writeFileWhole(path, "new", { mode: 0o600 });

    expect(await readFile(path, "utf8")).toBe("new");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["secrets.yaml"]);
  });

  it("leaves the old file and nothing else when it fails", async () => {
    const path = join(folder, "taken");
    await mkdir(join(path, "inside"), { recursive: true });

    await expect(writeFileWhole(path, "new")).rejects.toMatchObject({ code: "FILE_UNWRITABLE", where: { file: path } });
    expect(await readdir(folder)).toEqual(["taken"]);
  });

  it("names the file when its folder does not exist", async () => {
    const path = join(folder, "nowhere", "file");

    await expect(writeFileWhole(path, "x")).rejects.toMatchObject({ code: "FILE_UNWRITABLE", where: { file: path } });
  });
});

describe("makeFolder()", () => {
  it("gives up where nothing can be made, as under /proc", async () => {
    await expect(makeFolder("/proc/skerry/state")).rejects.toMatchObject({ code: "FILE_UNWRITABLE" });
  });

  it("may be repeated", async () => {
    await makeFolder(join(folder, "a", "b"), { mode: 0o700 });
    await makeFolder(join(folder, "a", "b"));

    expect((await stat(join(folder, "a", "b"))).mode & 0o777).toBe(0o700);
  });

  it("says which folder could not be made", async () => {
    await writeFile(join(folder, "file"), "");
    const path = join(folder, "file", "b");

    await expect(makeFolder(path)).rejects.toMatchObject({ code: "FILE_UNWRITABLE", where: { file: path } });
  });
});

describe("readTextFile()", () => {
  it("reads UTF-8 up to the limit exactly", async () => {
    await writeFile(join(folder, "a"), "grün");

    expect(await readTextFile(join(folder, "a"), { sizeLimitBytes: 5 })).toBe("grün");
  });

  it.each([
    ["missing", "missing", 10],
    ["a folder", ".", 10],
    ["larger than the limit", "large", 4],
    ["not UTF-8", "binary", 10],
  ])("refuses what is %s", async (_, name, sizeLimitBytes) => {
    await writeFile(join(folder, "large"), "12345");
    await writeFile(join(folder, "binary"), new Uint8Array([0xff, 0xfe]));

    await expect(readTextFile(join(folder, name), { sizeLimitBytes })).rejects.toMatchObject({
      code: "FILE_UNREADABLE",
      where: { file: join(folder, name) },
    });
  });
});

import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type FilesRequest, placeFiles, planFiles } from "../../../../src/deployer/files/index.ts";
import { openPackage } from "../../../../src/deployer/package/open-package.ts";
import type { ComponentFiles } from "../../../../src/deployer/package/package-types.ts";
import { type LoadedValue, type LoadedValues, resolveVariables } from "../../../../src/deployer/templates/index.ts";
import { patternEngine } from "../../../support/pattern-engine.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { recordedSteps } from "../../../support/zarf-recordings.ts";

const signal = new AbortController().signal;
const plainTemplates = { values: new Map(), go: (_: string, text: string) => Promise.resolve(text) };

/** What a component holds, from texts by path. */
function held(texts: Readonly<Record<string, string>>, mode = 0o600): ComponentFiles {
  const bytes = new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
  return {
    entries: new Map([...bytes].map(([path, { length }]) => [path, { type: "file", sizeBytes: length, mode }])),
    read: async (path) => await Promise.resolve(bytes.get(path) ?? Buffer.alloc(0)),
    open: async function* (path) {
      yield await Promise.resolve(bytes.get(path) ?? Buffer.alloc(0));
    },
  };
}

const request = (folder: string, more: Partial<FilesRequest>): FilesRequest => ({
  component: "web",
  files: [],
  source: held({ "files/0/a.txt": "new\n" }),
  place: { folder, home: join(folder, "home"), temporary: join(folder, "tmp") },
  ...more,
});

const modeOf = async (path: string): Promise<string> => ((await lstat(path)).mode & 0o777).toString(8).padStart(4, "0");

/** Deploys the files of a recorded package into `folder`. */
async function placeRecorded(set: string, folder: string, given: Readonly<Record<string, string>> = {}): Promise<void> {
  const file = (await readdir(`test/fixtures/zarf/public/${set}`)).find((name) => name.endsWith(".tar.zst")) ?? "";
  const pkg = await openPackage(
    { path: `test/fixtures/zarf/public/${set}/${file}` },
    { trust: { allowUnsigned: true }, signal },
  );
  const { variables, constants } = await resolveVariables(
    { packageName: set, ...pkg.definition },
    { layers: [{ origin: { kind: "given" }, values: given }], engine: patternEngine, signal },
  );
  const values: LoadedValues = new Map<string, LoadedValue>([
    ...[...variables].map(([name, value]) => [`VAR_${name}`, value] as const),
    ...[...constants].map(([name, value]) => [`CONST_${name}`, value] as const),
  ]);
  // What the engine makes of the one Go template of the set.
  const goValues: Readonly<Record<string, string>> = {
    ".Pkg.Metadata.Name": set,
    ".Variables.ROOT": variables.get("ROOT")?.value ?? "",
    ".Constants.K": constants.get("K")?.value ?? "",
  };
  const go = (_: string, text: string) =>
    Promise.resolve(text.replace(/\{\{ (\S+) \}\}/g, (__, name: string) => goValues[name] ?? ""));
  try {
    for (const component of pkg.definition.components)
      await placeFiles(
        request(folder, {
          component: component.name,
          files: component.files,
          source: await pkg.component(component.name, { signal }),
        }),
        { templates: { values, go }, signal },
      );
  } finally {
    await pkg.close();
  }
}

describe("placeFiles()", () => {
  it.each([0, 1])(
    "writes what Zarf wrote, with its modes, in step %i of the recording of the set files",
    async (step) => {
      await using temporary = await temporaryFolder();
      const folder = temporary.path;

      await placeRecorded("files", folder);
      if (step === 1) await placeRecorded("files", folder, { ROOT: "other" });

      for (const recorded of recordedSteps("deploy-connected/files.json")[step]?.files ?? []) {
        const path = join(folder, recorded.path);
        if (recorded.symlink === undefined) expect([path, await modeOf(path)]).toEqual([path, recorded.mode]);
        if (recorded.text !== undefined) expect(await readFile(path, "utf8")).toBe(recorded.text);
        if (recorded.base64 !== undefined) expect((await readFile(path)).toString("base64")).toBe(recorded.base64);
      }
      expect((await readdir(join(folder, "out"))).filter((name) => name.includes(".tmp"))).toEqual([]);
      expect(await readFile(join(folder, "tmp/inside.txt"), "utf8")).toBe("plain\n");
    },
  );

  it("makes links that lead somewhere, where Zarf's dangle", async () => {
    await using temporary = await temporaryFolder();

    await placeRecorded("files", temporary.path);

    expect(await readFile(join(temporary.path, "out/links/plain-a"), "utf8")).toBe("plain\n");
    expect(await readlink(join(temporary.path, "out/links/plain-b"))).toBe("../plain.txt");
    expect(await readlink(join(temporary.path, "out/dir/link.txt"))).toBe("one.txt");
  });

  it.each([
    ["a link where the file goes", async (folder: string) => await symlink("/etc/hostname", join(folder, "a.txt"))],
    ["a folder where the file goes", async (folder: string) => void (await mkdir(join(folder, "a.txt")))],
  ])("does not write over %s", async (_, prepare) => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    await prepare(folder);
    const asked = request(folder, { files: [{ source: "a.txt", target: "a.txt" }] });

    await expect(planFiles(asked)).rejects.toMatchObject({ code: "PACKAGE_TARGET_UNSAFE" });
    await expect(placeFiles(asked, { templates: plainTemplates, signal })).rejects.toMatchObject({
      code: "PACKAGE_TARGET_UNSAFE",
    });
  });

  it("does not follow a link out of the folder, nor remove a folder for a link", async () => {
    await using temporary = await temporaryFolder();
    await using elsewhere = await temporaryFolder();
    const folder = temporary.path;
    await symlink(elsewhere.path, join(folder, "out"));
    await mkdir(join(folder, "kept"));
    const place = (file: object) =>
      placeFiles(request(folder, { files: [{ source: "a.txt", target: "a.txt", ...file }] }), {
        templates: plainTemplates,
        signal,
      });

    await expect(place({ target: "out/a.txt" })).rejects.toMatchObject({ code: "PACKAGE_TARGET_UNSAFE" });
    await expect(place({ symlinks: ["kept"] })).rejects.toMatchObject({ code: "PACKAGE_TARGET_UNSAFE" });
    expect(await readdir(elsewhere.path)).toEqual([]);
  });

  it("holds every checksum against its file before it writes any", async () => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    const files = [
      { source: "a.txt", target: "a.txt" },
      { source: "b.txt", target: "b.txt", shasum: "0".repeat(64) },
    ];
    const source = held({ "files/0/a.txt": "a", "files/1/b.txt": "b" });

    const placing = placeFiles(request(folder, { files, source }), { templates: plainTemplates, signal });

    await expect(placing).rejects.toMatchObject({ code: "PACKAGE_FILE_MISMATCH" });
    expect(await readdir(folder)).toEqual([]);
  });

  it("replaces a file whole, and leaves nothing where the package breaks off", async () => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    await writeFile(join(folder, "a.txt"), "old\n");
    const source: ComponentFiles = {
      ...held({ "files/0/a.txt": "new\n" }),
      open: async function* () {
        yield await Promise.resolve(Buffer.from("ne\0".repeat(300)));
        throw new Error("cut off");
      },
    };
    const files = [{ source: "a.txt", target: "a.txt" }];

    const broken = placeFiles(request(folder, { files, source }), { templates: plainTemplates, signal });

    await expect(broken).rejects.toThrow("cut off");
    expect(await readdir(folder)).toEqual(["a.txt"]);
    expect(await readFile(join(folder, "a.txt"), "utf8")).toBe("old\n");
    await placeFiles(request(folder, { files }), { templates: plainTemplates, signal });
    expect(await readFile(join(folder, "a.txt"), "utf8")).toBe("new\n");
  });

  it("never gives more than read, write and execute", async () => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    const files = [{ source: "a.txt", target: "a.txt", executable: true }];

    await placeFiles(request(folder, { files, source: held({ "files/0/a.txt": "#!/bin/sh\n" }, 0o6644) }), {
      templates: plainTemplates,
      signal,
    });

    expect(((await lstat(join(folder, "a.txt"))).mode & 0o7777).toString(8)).toBe("744");
  });

  it("refuses a template that is not UTF-8, and takes what is no text as it is", async () => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    const open = (bytes: Buffer): ComponentFiles => ({
      ...held({ "files/0/a.txt": "1234" }),
      open: async function* () {
        yield await Promise.resolve(bytes);
      },
    });
    const files = [{ source: "a.txt", target: "a.txt", template: true }];
    const go = () => Promise.reject(new Error("not asked"));
    const place = (bytes: Buffer) =>
      placeFiles(request(folder, { files, source: open(bytes) }), { templates: { values: new Map(), go }, signal });

    await expect(place(Buffer.from([0xe9, 0x0a]))).rejects.toMatchObject({ code: "PACKAGE_INVALID" });
    await place(Buffer.from([0, 1, 2]));
    expect(await readFile(join(folder, "a.txt"))).toEqual(Buffer.from([0, 1, 2]));
  });
});

describe("planFiles()", () => {
  it("says what would be written where", async () => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    await writeFile(join(folder, "b.txt"), "old");
    const files = [
      { source: "a.txt", target: "~/bin/a.txt", executable: true, symlinks: ["a-link", "/nowhere-at-all/a"] },
      { source: "b.txt", target: "b.txt" },
    ];
    const source = held({ "files/0/a.txt": "1234", "files/1/b.txt": "12" });

    expect(await planFiles(request(folder, { files, source }))).toEqual([
      {
        target: join(folder, "home/bin/a.txt"),
        kind: "file",
        sizeBytes: 4,
        isExecutable: true,
        isThere: false,
        links: [join(folder, "a-link"), "/nowhere-at-all/a"],
      },
      { target: join(folder, "b.txt"), kind: "file", sizeBytes: 2, isExecutable: false, isThere: true, links: [] },
    ]);
    expect(await readdir(folder)).toEqual(["b.txt"]);
  });

  it("refuses a file that the package does not hold", async () => {
    await using temporary = await temporaryFolder();
    const files = [{ source: "c.txt", target: "c.txt" }];

    await expect(planFiles(request(temporary.path, { files }))).rejects.toMatchObject({ code: "PACKAGE_INVALID" });
  });
});

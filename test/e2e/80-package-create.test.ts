import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createKeyPair } from "../../src/deployer/package/sign/signing-key.ts";
import { readArchive } from "../support/archive-entries.ts";
import { skerry } from "../support/skerry.ts";

/** Making packages and finding their images with the built command line. */
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skerry-package-e2e-"));
  await cp(resolve("test/fixtures/zarf/find-images"), join(folder, "src"), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

const run = async (...args: readonly string[]) => await skerry(args, { cwd: folder, stateDir: join(folder, "state") });

describe("skerry package create", () => {
  it("says every mistake of the definition with its line, and makes nothing", async () => {
    const file = join(folder, "src", "zarf.yaml");
    await writeFile(file, (await readFile(file, "utf8")).replace("localPath: chart", "localPaht: chart"));

    const { code, stderr } = await run("package", "create", "src");
    expect(code).toBe(3);
    expect(stderr).toMatch(/src\/zarf\.yaml:14:9/);
    expect(stderr).toContain('did you mean "localPath"?');
    expect(await readdir(folder)).toEqual(["src"]);
  });

  it("writes a package with the file name of the format, runs its commands, and shows them before", async () => {
    const text = [
      "kind: ZarfPackageConfig",
      "metadata: {name: made, version: 1.0.0}",
      "components:",
      "  - name: one",
      "    required: true",
      "    files: [{source: made.txt, target: made.txt}]",
      "    actions: {onCreate: {before: [{cmd: echo made > made.txt}], after: [{cmd: rm made.txt}]}}",
    ];
    await writeFile(join(folder, "src", "zarf.yaml"), `${text.join("\n")}\n`);

    const planned = await run("package", "create", "src", "--dry-run");
    expect([planned.code, planned.stdout]).toEqual([0, expect.stringContaining("1 file, runs 2 commands")]);
    const made = await run("package", "create", "src", "--out", "dist", "--skip-sbom", "--json");
    const { report } = JSON.parse(made.stdout) as { report: { files: string[]; isSigned: boolean } };
    const { files, isSigned } = report;
    expect([made.code, files.map((file) => file.slice(folder.length)), isSigned]).toEqual([
      0,
      ["/dist/zarf-package-made-amd64-1.0.0.tar.zst"],
      false,
    ]);
    const outer = await readArchive(files[0] ?? "");
    const inner = await readArchive(outer.get("components/one.tar")?.bytes ?? Buffer.alloc(0));
    expect(inner.get("one/files/0/made.txt")?.bytes.toString()).toBe("made\n");
    expect(await readdir(join(folder, "src"))).not.toContain("made.txt");
  });
});

describe("skerry package create --signing-key", () => {
  it.each([
    ["a password that does not open the key", "wrong", []],
    ["no password for a key that has one, when it only looks", undefined, ["--dry-run"]],
  ])("finds %s before anything is run", async (_what, password, more) => {
    const definition = [
      "kind: ZarfPackageConfig",
      "metadata: {name: made, version: 1.0.0}",
      "components:",
      "  - name: one",
      "    actions: {onCreate: {before: [{cmd: echo ran > ran.txt}]}}",
    ];
    await writeFile(join(folder, "src", "zarf.yaml"), `${definition.join("\n")}\n`);
    await writeFile(join(folder, "cosign.key"), (await createKeyPair(Buffer.from("right"))).privatePem, {
      mode: 0o600,
    });
    await writeFile(join(folder, "password"), `${password ?? ""}\n`, { mode: 0o600 });
    const given = password === undefined ? [] : ["--password-file", "password"];

    const result = await run("package", "create", "src", "--signing-key", "cosign.key", ...given, ...more, "--json");

    expect(result.code).toBe(3);
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { code: "PACKAGE_KEY_INVALID" } });
    expect(await readdir(join(folder, "src"))).not.toContain("ran.txt");

    await writeFile(join(folder, "password"), "right\n");
    const right = await run(
      "package",
      "create",
      "src",
      "--signing-key",
      "cosign.key",
      "--password-file",
      "password",
      "--json",
    );
    expect(JSON.parse(right.stdout)).toMatchObject({ report: { isSigned: true } });
    expect(await readdir(join(folder, "src"))).toContain("ran.txt");
  });
});

describe("skerry package find-images", () => {
  it("lists what is used and what nobody lists", async () => {
    const { code, stdout } = await run("package", "find-images", "src");

    expect(code).toBe(0);
    expect(stdout).toMatch(/registry\.example\/migrate:2 +web +NOT LISTED +Job\/migrate of chart web/);
    expect(stdout).toMatch(/registry\.example\/team\/later:9 +tools +maybe/);
  });

  it("renders with the values of variables that are given", async () => {
    const { code, stdout } = await run("package", "find-images", "src", "--set", "tool=alpine:3");

    expect([code, stdout]).toEqual([0, expect.stringMatching(/docker\.io\/library\/alpine:3 +tools +NOT LISTED/)]);
  });
});

import { randomBytes } from "node:crypto";
import { cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signPackage } from "../../../../src/deployer/create/write/sign-package.ts";
import { openPackage } from "../../../../src/deployer/package/open-package.ts";
import { pathProblem } from "../../../../src/deployer/package/path-rules.ts";
import { readPackageKey } from "../../../../src/deployer/package/sign/public-key.ts";
import { createKeyPair, readSigningKey } from "../../../../src/deployer/package/sign/signing-key.ts";
import { readArchive } from "../../../support/archive-entries.ts";
import { buildFolder } from "../../../support/build-folder.ts";
import { openWorkshop, type PackageWorkshop } from "../../../support/made-packages.ts";
import { startZarfUpstream, type ZarfUpstream } from "../../../support/zarf-upstream.ts";

const fixtures = "test/fixtures/zarf/public";
const { signal } = new AbortController();
let upstream: ZarfUpstream;
let workshop: PackageWorkshop;
let folder: string;

beforeAll(async () => {
  upstream = await startZarfUpstream();
  workshop = openWorkshop();
  folder = await mkdtemp(path.join(tmpdir(), "skerry-checklist-"));
});
afterAll(async () => {
  await workshop?.close();
  await upstream?.close();
  await rm(folder, { recursive: true, force: true });
});

const make = async (source: string, rest: object = {}) =>
  await workshop.make({
    source,
    overrides: upstream.overrides,
    webHost: upstream.webHost,
    architecture: "amd64",
    ...rest,
  });

describe("a package that was made", () => {
  it.each(["values-docs-import", "files", "repos", "sbom", "helm-local"])("passes every rule for %s", async (set) => {
    const made = await make(`${fixtures}/${set}/src`, { set: { FLAVOUR_TEXT: "x" } });
    const [file = ""] = made.files;
    const entries = await readArchive(file);
    const names = [...entries.keys()];

    expect(path.basename(file)).toMatch(/^zarf-package-[a-z0-9-]+-amd64-[0-9a-z.-]+\.tar\.zst$/);
    expect(names).toEqual([...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    for (const name of names) {
      expect([name, pathProblem(name), name.includes(" ")]).toEqual([name, undefined, false]);
      const above = path.posix.dirname(name);
      if (above !== ".") expect(entries.get(above)?.type).toBe("folder");
    }
    for (const { marks } of entries.values()) expect(marks).toEqual([0, 0, 0, "", ""]);
    // Checksums, definition, archives and images are read by the rules of a reader.
    const pkg = await openPackage({ path: file }, { signal, trust: { allowUnsigned: true } });
    const { definition } = pkg;
    await pkg.close();
    expect(definition).toMatchObject({
      apiVersion: "zarf.dev/v1alpha1",
      build: { architecture: "amd64", version: "v0.84.0", signed: false, provenanceFiles: ["checksums.txt"] },
    });
    expect(Date.parse(definition.build?.timestamp ?? "")).toBe(0);
    expect(definition.build?.registryOverrides).toEqual({});
    await made.remove();
  });

  it("has the same bytes when it is made again, elsewhere and later", async () => {
    const copy = path.join(folder, "again");
    await cp(`${fixtures}/values-docs-import/src`, copy, { recursive: true });
    await utimes(path.join(copy, "zarf.yaml"), 1, 1);
    await utimes(path.join(copy, "chart", "Chart.yaml"), 1, 1);

    const first = await make(`${fixtures}/values-docs-import/src`);
    const second = await make(copy);
    expect(second.sha256).toBe(first.sha256);
    await first.remove();
    await second.remove();
  });

  it("becomes parts of the size asked for, which join to the whole", async () => {
    const source = path.join(folder, "large");
    await mkdir(source);
    await writeFile(path.join(source, "random.bin"), randomBytes(2_400_000));
    await writeFile(
      path.join(source, "zarf.yaml"),
      "kind: ZarfPackageConfig\nmetadata: {name: large, version: 1.0.0}\ncomponents: [{name: data, required: true, files: [{source: random.bin, target: r.bin}]}]\n",
    );

    const made = await make(source, { maxPartBytes: 1_000_000 });
    const parts = await Promise.all(made.files.map(async (file) => await readFile(file)));
    const header = JSON.parse(parts[0]?.toString() ?? "") as Record<string, unknown>;
    expect(made.files.map((file) => path.extname(file))).toEqual([".part000", ".part001", ".part002", ".part003"]);
    expect(parts.slice(1).map(({ length }) => length)).toEqual([1_000_000, 1_000_000, made.sizeBytes - 2_000_000]);
    expect(header).toEqual({ Sha256Sum: made.sha256, Bytes: made.sizeBytes, Count: 3 });
    const pkg = await openPackage({ path: made.files[0] ?? "" }, { signal, trust: { allowUnsigned: true } });
    expect(pkg.name).toBe("large");
    await pkg.close();
    await made.remove();
  });

  it("verifies with the key that it was signed with", async () => {
    const pair = await createKeyPair(Buffer.from("secret"));
    const key = await readSigningKey({ file: "cosign.key", pem: pair.privatePem }, Buffer.from("secret"));

    const built = await signPackage(await buildFolder(`${fixtures}/signed/src`), key, { signal });
    const target = path.join(folder, "signed");
    for (const layer of built.layers) {
      await mkdir(path.dirname(path.join(target, layer.title)), { recursive: true });
      await writeFile(path.join(target, layer.title), layer.open({ signal }));
    }
    const trust = { keys: [readPackageKey({ file: "cosign.pub", pem: pair.publicPem })] };
    const pkg = await openPackage({ path: target }, { signal, trust });
    expect([pkg.signature, pkg.definition.build?.signed]).toEqual(["valid", true]);
    await pkg.close();
  });
});

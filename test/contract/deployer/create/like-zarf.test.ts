import { writeFile } from "node:fs/promises";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readDefinition } from "../../../../src/deployer/package/read-definition.ts";
import { type ReadEntry, readArchive } from "../../../support/archive-entries.ts";
import {
  type MadePackage,
  type MakeRequest,
  openWorkshop,
  type PackageWorkshop,
} from "../../../support/made-packages.ts";
import { startZarfUpstream, type ZarfUpstream } from "../../../support/zarf-upstream.ts";

const fixtures = "test/fixtures/zarf/public";
let upstream: ZarfUpstream;
let workshop: PackageWorkshop;
const made: MadePackage[] = [];

beforeAll(async () => {
  upstream = await startZarfUpstream();
  workshop = openWorkshop();
});
afterAll(async () => {
  for (const one of made) await one.remove();
  await workshop?.close();
  await upstream?.close();
});

async function make(source: string, options: Partial<MakeRequest> = {}): Promise<MadePackage> {
  const { overrides, webHost } = upstream;
  const one = await workshop.make({ source, overrides, webHost, architecture: "amd64", ...options });
  made.push(one);
  return one;
}

type Entries = ReadonlyMap<string, ReadEntry>;

/** What differs on purpose, and why. */
function isOwnMatter(name: string): boolean {
  // An empty folder that Zarf's image library leaves behind.
  if (name === "images/ingest") return true;
  // SBOMs are made by a scanner that is not here.
  if (name === "sboms.tar") return true;
  // Hold the time, the name of the maker, and sums of what differs.
  return name === "zarf.yaml" || name === "checksums.txt";
}

/** Names, kinds, modes, links and bytes of everything but what is a matter of its maker. */
async function looks(entries: Entries, isOwn: (name: string) => boolean): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  for (const [name, { type, mode, bytes, linkTarget, marks }] of entries) {
    if (isOwn(name)) continue;
    const isComponent = /^components\/.*\.tar$/.test(name) || name === "documentation.tar";
    const content = isComponent ? await looks(await readArchive(bytes), isOwn) : await contentOf(name, bytes);
    seen[name] = { type, mode: mode.toString(8), linkTarget, marks, content };
  }
  return seen;
}

/** A packed chart is compared by its files, because Zarf's holds the time of each. */
async function contentOf(name: string, bytes: Buffer): Promise<unknown> {
  if (name === "images/index.json") {
    const { manifests } = JSON.parse(bytes.toString()) as { manifests: { annotations?: object }[] };
    // Beside an index that is kept, Zarf's image library also lists what the index names, under no name.
    return JSON.stringify(manifests.filter(({ annotations }) => annotations !== undefined));
  }
  if (!/charts\/.*\.tgz$/.test(name)) return bytes.toString("latin1");
  return [...(await readArchive(gunzipSync(bytes)))].map(([file, { bytes: text }]) => [file, text.toString("latin1")]);
}

async function compare(ours: string, theirs: string, isOwn = isOwnMatter): Promise<void> {
  const [own, real] = [await readArchive(ours), await readArchive(theirs)];
  expect(await looks(own, isOwn)).toEqual(await looks(real, isOwn));
  const definitions = [own, real].map((entries) => parse(entries.get("zarf.yaml")?.bytes.toString() ?? "") as object);
  const [ownDefinition, realDefinition] = definitions.map(withoutMaker);
  expect(ownDefinition).toEqual(realDefinition);
}

/** Without the time, the sum of what differs, and where images were pulled from, which we do not tell. */
function withoutMaker(definition: object): object {
  // Zarf leaves the version of the format out where the source does.
  const copy = structuredClone({ ...definition, apiVersion: "" }) as object as {
    metadata: { aggregateChecksum?: string };
    build: { timestamp?: string; registryOverrides?: object; versionRequirements?: { reason?: string }[] };
  };
  delete copy.metadata.aggregateChecksum;
  delete copy.build.timestamp;
  delete copy.build.registryOverrides;
  for (const requirement of copy.build.versionRequirements ?? []) delete requirement.reason;
  return copy;
}

/**
 * What is in clones, in the order of their references: working files and what every reference points to. Packs, configuration and
 * index are in the words of the library that wrote them, and folders are named after the URL, which is another one here.
 */
function clonesIn(entries: Entries): readonly unknown[] {
  const clones = new Map<string, Record<string, string>>();
  for (const [name, { type, bytes }] of entries) {
    const [, clone = "", inner = ""] = /^[^/]+\/repos\/([^/]+)\/(.+)$/.exec(name) ?? [];
    const isOwnWords =
      /^\.git\/(config|index|objects|packed-refs|shallow)/.test(inner) || inner.startsWith(".git/refs/remotes");
    if (type !== "file" || isOwnWords) continue;
    clones.set(clone, { ...clones.get(clone), [inner]: bytes.toString() });
  }
  return [...clones]
    .map(([name, files]) => ({ name: name.replace(/-\d+$/, ""), files }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

const fileOf = ({ files }: MadePackage): string => files[0] ?? "";

describe("createPackage() held against the packages of real Zarf", () => {
  it.each<[string, string, Partial<MakeRequest>]>([
    ["actions-cluster", "zarf-package-actions-cluster-amd64-0.0.1.tar.zst", {}],
    ["builtins", "zarf-package-builtins-amd64-1.0.0.tar.zst", {}],
    ["conflict", "zarf-package-conflict-amd64-1.0.0.tar.zst", {}],
    ["data-injection", "zarf-package-data-injection-amd64-1.0.0.tar.zst", {}],
    ["health", "zarf-package-health-amd64-1.0.0.tar.zst", {}],
    [
      "helm-local",
      "zarf-package-helm-local-amd64-2.3.4-rc.1.tar.zst",
      { set: { flavour_text: "created with a template" } },
    ],
    ["image-archive", "zarf-package-image-archive-amd64-1.0.0.tar.zst", {}],
    ["init", "zarf-init-amd64-v0.84.0.tar.zst", {}],
    ["namespaced", "zarf-package-namespaced-amd64-1.0.0.tar.zst", {}],
    ["rollback", "zarf-package-rollback-amd64-1.0.0.tar.zst", {}],
    ["sbom", "zarf-package-sbom-amd64-1.0.0.tar.zst", {}],
    ["selection", "zarf-package-selection-amd64-1.0.0.tar.zst", {}],
    ["selection", "zarf-package-selection-amd64-1.0.0-vanilla.tar.zst", { flavor: "vanilla" }],
    ["selection", "zarf-package-selection-arm64-1.0.0-mint.tar.zst", { flavor: "mint", architecture: "arm64" }],
    ["uncompressed", "zarf-package-uncompressed-amd64-1.0.0.tar", {}],
    ["values-docs-import", "zarf-package-values-docs-import-amd64-1.0.0.tar.zst", {}],
    ["values-scan", "zarf-package-values-scan-amd64-1.0.0.tar.zst", {}],
    ["yolo", "zarf-package-yolo-amd64-1.0.0.tar.zst", {}],
  ])("makes %s as %s", async (set, name, options) => {
    const one = await make(`${fixtures}/${set}/src`, options);

    expect(path.basename(fileOf(one))).toBe(name);
    await compare(fileOf(one), `${fixtures}/${set}/${name}`);
  });

  it("makes manifests-images, whose images are OCI and Docker, shared and short-named", async () => {
    const name = "zarf-package-manifests-images-amd64-1.0.0.tar.zst";
    const one = await make("test/fixtures/zarf/manifests-images/src");

    await compare(fileOf(one), `${fixtures}/manifests-images/${name}`);
  });

  it.each(["1.0.0", "2.0.0"])("makes upgrade %s", async (version) => {
    const one = await make(`${fixtures}/upgrade/src-${version}`);

    await compare(fileOf(one), `${fixtures}/upgrade/zarf-package-upgrade-amd64-${version}.tar.zst`);
  });

  it("makes actions, whose file is written by one of its commands and gone after the next", async () => {
    const moments: string[] = [];
    const one = await make(`${fixtures}/actions/src`, {
      runActions: async (actions, moment, { folder, component }) => {
        if (actions[moment].length === 0) return;
        moments.push(`${component} ${moment}`);
        const file = path.join(folder, "made-at-create.txt");
        if (component === "create-side") await writeFile(file, moment === "before" ? "created 1 2\n" : "overwritten");
      },
    });

    expect(moments).toEqual(["create-side before", "create-side after", "old-scripts before"]);
    await compare(fileOf(one), `${fixtures}/actions/zarf-package-actions-amd64-0.0.1.tar.zst`);
  });

  it("makes files: extracted, executable, remote, whole folders", async () => {
    const one = await make(`${fixtures}/files/src`);

    // The URL of the remote file is another one here.
    const [own, real] = [
      await readArchive(fileOf(one)),
      await readArchive(`${fixtures}/files/zarf-package-files-amd64-1.2.0.tar.zst`),
    ];
    expect(await looks(own, isOwnMatter)).toEqual(await looks(real, isOwnMatter));
  });

  it("makes kustomize with kubectl", async () => {
    const one = await make(`${fixtures}/kustomize/src`);

    await compare(fileOf(one), `${fixtures}/kustomize/zarf-package-kustomize-amd64-1.0.0.tar.zst`);
  });

  it("makes remote-charts from a registry, a repository and Git", async () => {
    const one = await make(`${fixtures}/remote-charts/src`);

    const real = await readArchive(`${fixtures}/remote-charts/zarf-package-remote-charts-amd64-1.0.0.tar.zst`);
    expect(await looks(await readArchive(fileOf(one)), isOwnMatter)).toEqual(await looks(real, isOwnMatter));
  });

  it("makes repos: everything, a tag, a branch, a commit, each with its files", async () => {
    const one = await make(`${fixtures}/repos/src`);
    const real = await readArchive(`${fixtures}/repos/zarf-package-repos-amd64-1.0.0.tar.zst`);
    const own = await readArchive(fileOf(one));

    for (const component of ["all", "tagged"]) {
      const tar = `components/${component}.tar`;
      const clones = [own, real].map(async (outer) =>
        clonesIn(await readArchive(outer.get(tar)?.bytes ?? Buffer.alloc(0))),
      );
      const [ownClones, realClones] = await Promise.all(clones);
      expect(ownClones).toEqual(realClones);
    }
  });

  it("makes the difference to an older package", async () => {
    const older = await readArchive(`${fixtures}/differential/zarf-package-differential-amd64-1.0.0.tar.zst`);
    const written = (older.get("zarf.yaml")?.bytes.toString() ?? "").replaceAll("127.0.0.1:5088", upstream.webHost);
    const one = await make(`${fixtures}/differential/src-1.1.0`, { differentialTo: readDefinition(written) });

    expect(path.basename(fileOf(one))).toBe("zarf-package-differential-amd64-1.0.0-differential-1.1.0.tar.zst");
    const definition = readDefinition((await readArchive(fileOf(one))).get("zarf.yaml")?.bytes.toString() ?? "");
    expect(definition.build).toMatchObject({ differential: true, differentialPackageVersion: "1.0.0" });
    expect(definition.components.map(({ images, repos }) => [images, repos])).toEqual([
      [
        ["127.0.0.1:5055/demo/web:1.1.0", "docker.io/library/tiny"],
        [`http://${upstream.webHost}/demo/site.git@v1.1.0`],
      ],
      [[], []],
    ]);
  });
});

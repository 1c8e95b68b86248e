import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { packageFindImages } from "../../../../src/journeys/index.ts";
import { systemClock } from "../../../../src/lib/clock.ts";

const world = {
  clock: systemClock,
  random: () => 0,
  signal: new AbortController().signal,
  notice: () => undefined,
  cacheDir: tmpdir(),
  concurrency: 1,
};
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "skerry-find-"));
});
afterEach(() => rm(folder, { recursive: true }));

const request = (rest: object = {}) => ({
  place: folder,
  set: {},
  registryOverrides: {},
  update: false,
  ...rest,
});

/** A chart whose image depends on its values, and a manifest whose image depends on a variable. */
async function writePackage(): Promise<void> {
  await cp("test/fixtures/zarf/find-images", folder, { recursive: true });
}

describe("packageFindImages()", () => {
  it("finds what charts, hooks, annotations and manifests use, and what only looks like an image", async () => {
    await writePackage();

    const { found, unused } = await packageFindImages(request(), world);
    expect(found.map(({ reference, kind, isListed, component }) => [reference, kind, isListed, component])).toEqual([
      ["registry.example/web:1.0.0", "used", true, "web"],
      ["registry.example/migrate:2", "used", false, "web"],
      ["registry.example/sidecar:3", "used", false, "web"],
      ["docker.io/library/busybox:1.36", "used", false, "tools"],
      ["registry.example/team/later:9", "maybe", false, "tools"],
    ]);
    expect(unused).toEqual(["registry.example/old:1"]);
  });

  it("renders with the values of variables that are given", async () => {
    await writePackage();

    const { found } = await packageFindImages(request({ set: { WEB_TAG: "7.0.0", TOOL: "alpine:3" } }), world);
    const references = found.map(({ reference }) => reference);
    expect(references).toContain("registry.example/web:7.0.0");
    expect(references).toContain("docker.io/library/alpine:3");
  });

  it("adds what is missing to the zarf.yaml and keeps its comments", async () => {
    await writePackage();
    const file = path.join(folder, "zarf.yaml");
    const before = await readFile(file, "utf8");

    const { added } = await packageFindImages(request({ update: true }), world);
    const after = await readFile(file, "utf8");
    expect(added).toEqual(["registry.example/migrate:2", "registry.example/sidecar:3", "busybox:1.36"]);
    for (const line of before.split("\n").filter((text) => text.includes("#"))) expect(after).toContain(line.trim());
    const again = await packageFindImages(request({ update: true }), world);
    expect(again.added).toEqual([]);
    expect(again.found.filter(({ kind, isListed }) => kind === "used" && !isListed)).toEqual([]);
  });

  it("says with the chart's own words what does not render", async () => {
    await writePackage();
    await writeFile(path.join(folder, "chart/templates/web.yaml"), "{{ .Values.none.deeper }}\n");

    await expect(packageFindImages(request(), world)).rejects.toMatchObject({ code: "CHART_RENDER_FAILED" });
  });
});

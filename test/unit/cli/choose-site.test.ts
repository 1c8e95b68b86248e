import { mkdir, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { chooseBundle, chooseSite, findBundle } from "../../../src/cli/choose-site.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { callOf } from "./call-of.ts";

async function rackFolder(state: string, name: string, origin: string): Promise<void> {
  await mkdir(`${state}/racks/${name}/site`, { recursive: true });
  await writeFile(`${state}/racks/${name}/site/site.yaml`, "");
  await writeFile(`${state}/racks/${name}/rack.json`, JSON.stringify({ sourceSite: origin }));
}

describe("chooseSite()", () => {
  it("takes the site.yaml of the working folder", async () => {
    await using folder = await temporaryFolder();
    await writeFile(`${folder.path}/site.yaml`, "");

    expect(await chooseSite(callOf([], { workingFolder: folder.path }))).toEqual({
      siteFile: `${folder.path}/site.yaml`,
      bundleFolders: [folder.path],
    });
  });

  it("takes the site that is named, seen from the working folder", async () => {
    const chosen = await chooseSite(callOf(["--site", "w/site.yaml"], { workingFolder: "/srv" }));

    expect(chosen).toEqual({ siteFile: "/srv/w/site.yaml", bundleFolders: ["/srv/w"] });
  });

  it("takes a rack's own site, and looks for its bundle also where the rack came from", async () => {
    await using folder = await temporaryFolder();
    await rackFolder(folder.path, "demo", "/srv/w/site.yaml");

    expect(await chooseSite(callOf(["--rack", "demo", "--state-dir", folder.path]))).toEqual({
      siteFile: `${folder.path}/racks/demo/site/site.yaml`,
      rack: "demo",
      bundleFolders: [`${folder.path}/racks/demo/site`, "/srv/w"],
    });
  });

  it("says which racks there are", async () => {
    await using folder = await temporaryFolder();
    await rackFolder(folder.path, "demo", "");

    await expect(chooseSite(callOf(["--rack", "dmo", "--state-dir", folder.path]))).rejects.toMatchObject({
      code: "USAGE_SITE_MISSING",
      next: expect.arrayContaining(["name one of: demo"]) as string[],
    });
  });

  it.each([["../demo"], [".."], ["demo/../demo"]])("never leaves the racks' folder: %s", async (name) => {
    await using folder = await temporaryFolder();
    await rackFolder(folder.path, "demo", "");

    await expect(chooseSite(callOf(["--rack", name, "--state-dir", folder.path]))).rejects.toMatchObject({
      code: "USAGE_SITE_MISSING",
    });
  });

  it("refuses a site and a rack together, and a folder without either", async () => {
    await using folder = await temporaryFolder();

    await expect(chooseSite(callOf(["--site", "a", "--rack", "b"]))).rejects.toMatchObject({ code: "USAGE_INVALID" });
    await expect(chooseSite(callOf([], { workingFolder: folder.path }))).rejects.toMatchObject({
      code: "USAGE_SITE_MISSING",
    });
  });
});

describe("chooseBundle()", () => {
  it("takes the only one in the nearest folder that has any", async () => {
    await using near = await temporaryFolder();
    await using far = await temporaryFolder();
    await writeFile(`${far.path}/w.bundle.tar`, "");
    await writeFile(`${near.path}/w.bundle.tar.partial`, "");

    expect(await chooseBundle(callOf([]), [near.path, far.path])).toBe(`${far.path}/w.bundle.tar`);
  });

  it("takes the one that is named", async () => {
    expect(await chooseBundle(callOf(["--bundle", "b.tar"], { workingFolder: "/srv" }), [])).toBe("/srv/b.tar");
  });

  it("does not choose between two, and finds none in an empty folder", async () => {
    await using two = await temporaryFolder();
    await using none = await temporaryFolder();
    await writeFile(`${two.path}/a.bundle.tar`, "");
    await writeFile(`${two.path}/b.bundle.tar`, "");

    await expect(chooseBundle(callOf([]), [two.path])).rejects.toMatchObject({
      code: "USAGE_BUNDLE_UNCLEAR",
      next: [`--bundle ${two.path}/a.bundle.tar`, `--bundle ${two.path}/b.bundle.tar`],
    });
    await expect(chooseBundle(callOf([]), [none.path])).rejects.toMatchObject({ code: "USAGE_BUNDLE_UNCLEAR" });
    expect(await findBundle(callOf([]), [none.path])).toBeUndefined();
  });
});

import { existsSync, statSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadSiteKeys, mintSiteKeys, saveSiteKeys } from "../../../src/journeys/site-keys.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { parseSite, type Site } from "../../../src/site/index.ts";

const text = `apiVersion: skerry.dev/v1alpha1
kind: Site
name: rock
talos: v1.13.9
kubernetes: v1.36.3
endpoint: 10.5.0.2
nodes:
  - {name: cp-1, role: controlplane, address: 10.5.0.2, disk: {path: /dev/sda}}
`;

let folder: string;
let site: Site;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skerry-keys-"));
  site = parseSite(text, join(folder, "site.yaml"));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("saveSiteKeys()", () => {
  it("writes both files for their owner only, and loadSiteKeys() reads the same secrets", async () => {
    const minted = await mintSiteKeys(systemClock);

    await saveSiteKeys(site, minted);

    const loaded = await loadSiteKeys(site, systemClock);
    expect(loaded?.talos).toEqual(minted.talos);
    expect(loaded?.siteCa).toEqual(minted.siteCa);
    expect(loaded?.kept).toEqual({ talos: true, site: true });
    for (const name of ["secrets.yaml", "site-secrets.yaml"])
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  });

  it("goes on after a run that was killed between the two files, with the secrets that were written", async () => {
    const minted = await mintSiteKeys(systemClock);
    await saveSiteKeys(site, minted);
    await rm(join(folder, "site-secrets.yaml"));
    const before = await readFile(join(folder, "secrets.yaml"), "utf8");

    const half = await loadSiteKeys(site, systemClock);

    expect(half?.kept).toEqual({ talos: true, site: false });
    // A look writes nothing.
    expect(existsSync(join(folder, "site-secrets.yaml"))).toBe(false);
    if (half !== undefined) await saveSiteKeys(site, half);
    expect((await loadSiteKeys(site, systemClock))?.siteCa).toEqual(half?.siteCa);
    expect(await readFile(join(folder, "secrets.yaml"), "utf8")).toBe(before);
  });

  it("never replaces secrets that appeared meanwhile", async () => {
    await saveSiteKeys(site, await mintSiteKeys(systemClock));

    const second = saveSiteKeys(site, await mintSiteKeys(systemClock));

    await expect(second).rejects.toMatchObject({ code: "SITE_SECRETS_EXIST" });
  });
});

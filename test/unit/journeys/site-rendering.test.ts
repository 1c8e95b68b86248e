import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { siteImages } from "../../../src/journeys/site-images.ts";
import { renderSite } from "../../../src/journeys/site-rendering.ts";
import { loadSite, parseSite } from "../../../src/site/index.ts";
import { publicNamesIn, redactConfig, talosImages } from "../../../src/talos/config/index.ts";
import { testSecrets } from "../../support/talos/secrets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { siteOf } from "./up-context.ts";

const mirror = {
  url: "https://10.5.0.1:5443",
  caPem: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  registries: ["ghcr.io", "registry.k8s.io"],
};
const render = async (text: string, file = "/site/site.yaml") =>
  await renderSite(parseSite(text, file), { secrets: testSecrets(), mirror });

describe("renderSite()", () => {
  it.each(["cp-1", "w-1"])("renders %s of a Talos 1.13 site as it is kept here, secrets taken out", async (node) => {
    const configs = await render(siteOf("cp-1 w-1"));

    await expect(redactConfig(configs.get(node) ?? "")).toMatchFileSnapshot(`__snapshots__/talos-1.13-${node}.yaml`);
  });

  it("renders the same bytes from the same input", async () => {
    const text = siteOf("cp-1 cp-2 cp-3 w-1 w-2");

    expect([...(await render(text))]).toEqual([...(await render(text))]);
  });

  it("gives workers none of the control plane's keys", async () => {
    const worker = (await render(siteOf("cp-1 w-1"))).get("w-1") ?? "";
    const { certs } = testSecrets();

    for (const { keyPem } of [certs.os, certs.k8s, certs.etcd, certs.k8sAggregator])
      expect(worker).not.toContain(Buffer.from(keyPem).toString("base64").slice(0, 64));
  });

  it.each(["site.yaml", "large-site.yaml"])("names nothing public in any config of bundles/demo/%s", async (name) => {
    const site = await loadSite(resolve("bundles/demo", name));

    const configs = await renderSite(site, { secrets: testSecrets(), mirror });

    expect(configs.size).toBe(site.nodes.length);
    for (const [node, config] of configs) expect(publicNamesIn(config), node).toEqual([]);
  });
});

describe("siteImages()", () => {
  const upstream = talosImages("v1.13.9", { kubernetes: "v1.36.3", cni: "flannel" }).map(({ reference }) => reference);

  it("is the table of the release where nothing is patched, each image with a reason", async () => {
    const images = await siteImages(parseSite(siteOf("cp-1 w-1"), "/site/site.yaml"));

    expect([...images.keys()].sort()).toEqual([...upstream].sort());
    for (const why of images.values()) expect(why.join()).toContain("rock: ");
  });

  it("leaves flannel out where a package brings the network", async () => {
    const images = await siteImages(parseSite(siteOf("cp-1 w-1", "cni: package\n"), "/site/site.yaml"));

    expect([...images.keys()].filter((reference) => reference.includes("flannel"))).toEqual([]);
  });

  it("has a patched installer in place of the release's own", async () => {
    await using folder = await temporaryFolder();
    const own = "ghcr.io/siderolabs/installer-with-tools:v1.13.9";
    await writeFile(join(folder.path, "installer.yaml"), `machine: {install: {image: ${own}}}\n`);
    const text = siteOf("cp-1 w-1", "machineConfigs: {all: [./installer.yaml]}\n");

    const images = await siteImages(parseSite(text, join(folder.path, "site.yaml")));

    expect(images.get(own)?.join()).toContain("2 nodes");
    expect([...images.keys()]).not.toContain("ghcr.io/siderolabs/installer:v1.13.9");
  });

  it("has both installers where one node alone is patched", async () => {
    await using folder = await temporaryFolder();
    const own = "ghcr.io/siderolabs/installer-with-tools:v1.13.9";
    await mkdir(join(folder.path, "patches"));
    await writeFile(join(folder.path, "patches", "w-1.yaml"), `machine: {install: {image: ${own}}}\n`);
    const text = siteOf("cp-1 w-1").replace(/(name: w-1.*)\}\n/, "$1, patches: [patches/w-1.yaml]}\n");

    const images = await siteImages(parseSite(text, join(folder.path, "site.yaml")));

    expect(images.get(own)?.join()).toContain("w-1");
    expect(images.get("ghcr.io/siderolabs/installer:v1.13.9")?.join()).toContain("cp-1");
  });
});

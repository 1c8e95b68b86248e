import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureParts } from "../../../parts/index.ts";
import { startRegistry } from "../../../parts/registry-process.ts";
import { layoutStore, startMirror } from "../../../src/oci/index.ts";
import { testAuthority } from "../../support/authority.ts";
import { startFakeRegistry } from "../../support/registry.ts";
import { describePullContract } from "./pull-contract.ts";
import { pushSample, writeSample } from "./sample.ts";

const signal = new AbortController().signal;

async function sampleIn(registry: string) {
  const folder = await mkdtemp(join(tmpdir(), "skerry-pull-"));
  return { sample: await writeSample(folder, registry), remove: () => rm(folder, { recursive: true }) };
}

async function mirrorAt(path: string) {
  const { sample, remove } = await sampleIn("ghcr.io");
  const authority = testAuthority();
  const store = await layoutStore(sample.folder);
  const mirror = await startMirror({ store, address: "127.0.0.1", port: 0, tls: authority.server(), signal });
  const stop = async () => {
    await mirror.close();
    await remove();
  };
  return { sample, registry: { apiRoot: `${mirror.url}/v2${path}`, ca: authority.ca, stop } };
}

describePullContract("the mirror, by path prefix", () => mirrorAt("/ghcr.io"));

describePullContract("the mirror, without a registry", () => mirrorAt(""));

describePullContract("the fake of the tests", async () => {
  const { sample, remove } = await sampleIn("ghcr.io");
  const fake = await startFakeRegistry();
  await pushSample(sample, fake.apiRoot);
  const stop = async () => {
    await fake.close();
    await remove();
  };
  return { sample, registry: { apiRoot: fake.apiRoot, stop } };
});

describePullContract("distribution's registry", async () => {
  const { sample, remove } = await sampleIn("ghcr.io");
  const { registry: binary } = await ensureParts({ only: ["registry"], signal });
  const storageDir = await mkdtemp(join(tmpdir(), "skerry-registry-"));
  const real = await startRegistry({ binary, storageDir, signal });
  await pushSample(sample, `${real.url}/v2`);
  const stop = async () => {
    await real.stop();
    await remove();
    await rm(storageDir, { recursive: true });
  };
  return { sample, registry: { apiRoot: `${real.url}/v2`, stop } };
});

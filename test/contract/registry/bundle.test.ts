import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBundle } from "../../../src/bundle/index.ts";
import { startMirror } from "../../../src/oci/index.ts";
import { testAuthority } from "../../support/authority.ts";
import { definition, makeBundle } from "../../support/bundles.ts";
import { startFakeRegistry } from "../../support/registry.ts";
import { describePullContract } from "./pull-contract.ts";
import { pushSample, writeSample } from "./sample.ts";

describePullContract("the mirror over a bundle", async () => {
  const { signal } = new AbortController();
  const folder = await mkdtemp(join(tmpdir(), "skerry-pull-"));
  const sample = await writeSample(join(folder, "layout"), "ghcr.io");
  const source = await startFakeRegistry();
  await pushSample(sample, source.apiRoot);
  const named = ({ repository, tag }: { readonly repository: string; readonly tag: string }) => ({
    reference: `ghcr.io/${repository}:${tag}`,
    why: ["sample"],
  });
  const closureImages = [{ ...named(sample.image), platforms: ["linux/amd64"] as const }, named(sample.index)];
  const made = await makeBundle(source, folder, {
    closureImages,
    definition: definition({ architectures: ["amd64", "arm64"] }),
  });
  await source.close();
  const store = await openBundle(made.file, { signal });
  const authority = testAuthority();
  const mirror = await startMirror({ store, address: "127.0.0.1", port: 0, tls: authority.server(), signal });
  const stop = async () => {
    await mirror.close();
    await store.close();
    await rm(folder, { recursive: true });
  };
  return { sample, registry: { apiRoot: `${mirror.url}/v2/ghcr.io`, ca: authority.ca, stop } };
});

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AppliedConfig, Interior, InteriorHost } from "../../../src/lab/interior.ts";
import { openBlobStore } from "../../../src/lab/modelled/images/blob-store.ts";
import { createModelledInterior } from "../../../src/lab/modelled/modelled-interior.ts";
import { createProcessKeeper } from "../../../src/lab/modelled/real-process.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { layoutStore, type MirrorRequest, startMirror } from "../../../src/oci/index.ts";
import { testAuthority } from "../../support/authority.ts";
import { appliedConfig, mirrorConfig } from "../../support/lab/applied-config.ts";
import { testLayout } from "../../support/layout.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const INSTALLER = "ghcr.io/siderolabs/installer:v1.13.9";
const signal = AbortSignal.timeout(60_000);

interface World extends AsyncDisposable {
  readonly requests: readonly MirrorRequest[];
  /** Lines of the machine's and the rack's log. */
  readonly lines: readonly string[];
  readonly config: (trust?: "right" | "wrong") => AppliedConfig;
  readonly host: InteriorHost;
  /** The same machine again, as after a restart of everything. */
  readonly interior: () => Interior;
}

/** A mirror over TLS with an installer, and one machine that has its address in the config. */
async function newWorld(): Promise<World> {
  const folder = await temporaryFolder();
  const layout = await testLayout(join(folder.path, "layout"));
  await layout.addImage([Buffer.from("a layer of the installer")], { name: INSTALLER });
  const authority = testAuthority();
  const requests: MirrorRequest[] = [];
  const mirror = await startMirror({
    store: await layoutStore(layout.folder),
    address: "127.0.0.1",
    port: 0,
    tls: authority.server(),
    onRequest: (request) => requests.push(request),
    signal,
  });
  const lines: string[] = [];
  const host: InteriorHost = {
    nodeName: "w-1",
    address: "127.0.0.1",
    service: () => undefined,
    changed: () => undefined,
    log: (_service, line) => lines.push(line),
  };
  return {
    requests,
    lines,
    host,
    config: (trust = "right") =>
      appliedConfig({
        machine: { install: { image: INSTALLER } },
        documents: [
          mirrorConfig("ghcr.io", [`${mirror.url}/v2/ghcr.io`], { skipFallback: true, overridePath: true }),
          {
            kind: "RegistryTLSConfig",
            name: new URL(mirror.url).host,
            ca: trust === "right" ? authority.ca : testAuthority().ca,
          },
        ],
      }),
    interior: () =>
      createModelledInterior({
        folder: join(folder.path, "nodes", "w-1"),
        store: openBlobStore(join(folder.path, "blobs")),
        binFolder: join(folder.path, "bin"),
        keeper: createProcessKeeper(join(folder.path, "processes.ndjson")),
        clock: systemClock,
        timings: { pullRetryMs: 5, backOffMs: { first: 5, longest: 20 }, serviceMs: 5 },
        kubernetes: false,
        talosVersion: "v1.13.9",
        release: { etcd: "", coredns: "", flannel: "", pause: "" },
        peers: () => [],
        log: (line) => lines.push(line),
      }),
    [Symbol.asyncDispose]: async () => {
      await mirror.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** What no caller of the Talos API can see or bring about; the rest is in test/real/talos-behaviours.test.ts, for every interior. */
describe("the modelled interior", () => {
  it("installs what it pulled along the config's mirrors, and still has it after a power cut", async () => {
    await using world = await newWorld();
    const interior = world.interior();
    expect(interior.installedDisk()).toBeUndefined();

    await interior.install(world.config(), "/dev/sda", { signal, host: world.host });
    interior.persistConfig("machine: {}\n");
    await interior.stop("power-loss");

    const again = world.interior();
    expect(again.installedDisk()).toBe("/dev/sda");
    expect(again.persistedConfig()).toBe("machine: {}\n");
    expect(world.lines.filter((line) => line.startsWith(`pulled image ${INSTALLER}@sha256:`))).not.toEqual([]);
    expect(world.requests.find((request) => request.kind === "manifest")).toMatchObject({
      image: INSTALLER,
      status: 200,
    });
  });

  it("does not install, and says why, when the mirror has no such image", async () => {
    await using world = await newWorld();
    const interior = world.interior();
    const other = {
      ...world.config(),
      v1alpha1: { machine: { install: { image: "ghcr.io/siderolabs/installer:v9" } } },
    };

    const work = interior.install(other, "/dev/sda", { signal, host: world.host });

    await expect(work).rejects.toMatchObject({ kind: "not-found" });
    expect(interior.installedDisk()).toBeUndefined();
    expect(world.requests.filter((request) => request.status === 404)).toHaveLength(5);
  });

  it("trusts only the CA of the config, and goes on trying until it is stopped", async () => {
    await using world = await newWorld();
    const interior = world.interior();
    const stop = new AbortController();
    const host = {
      ...world.host,
      log: (_service: string, line: string) => {
        if (line.includes("x509: certificate signed by unknown authority")) stop.abort(new Error("seen"));
      },
    };

    const work = interior.install(world.config("wrong"), "/dev/sda", { signal: stop.signal, host });

    await expect(work).rejects.toThrow("seen");
    expect(interior.installedDisk()).toBeUndefined();
  });

  it("pulls once on demand, lists the image under its three names, and says not found for one that is nowhere", async () => {
    await using world = await newWorld();
    const interior = world.interior();
    interior.start(world.config(), world.host);
    const seen: string[] = [];
    const call = {
      signal,
      progress: (layer: string, offset: number, total: number) => seen.push(`${layer} ${offset}/${total}`),
    };

    const name = await interior.pullImage("system", INSTALLER, call);

    expect(name).toMatch(/^ghcr\.io\/siderolabs\/installer@sha256:[0-9a-f]{64}$/);
    const digest = name.slice(name.indexOf("@") + 1);
    expect((await interior.listImages("system")).map((image) => image.name)).toEqual([INSTALLER, name, digest]);
    expect(await interior.listImages("cri")).toEqual([]);
    expect(seen.at(-1)).toMatch(/24\/24$/);
    await expect(interior.pullImage("cri", "ghcr.io/a/b:1", call)).rejects.toMatchObject({ kind: "not-found" });
    await interior.stop("shutdown");
  });

  it("does not ask the mirror for what it has", async () => {
    await using world = await newWorld();
    const interior = world.interior();
    interior.start(world.config(), world.host);
    const call = { signal, progress: () => undefined };
    await interior.pullImage("cri", INSTALLER, call);
    const asked = world.requests.length;

    await interior.pullImage("cri", INSTALLER, call);

    expect(world.requests).toHaveLength(asked);
    await interior.stop("shutdown");
  });

  it.each([
    [{ systemDisk: true }, { disk: undefined, config: undefined, images: 0 }],
    [
      { systemDisk: false, labels: ["STATE"] },
      { disk: "/dev/sda", config: undefined, images: 3 },
    ],
    [
      { systemDisk: false, labels: ["EPHEMERAL"] },
      { disk: "/dev/sda", config: "machine: {}\n", images: 0 },
    ],
    [
      { systemDisk: false, labels: ["META"] },
      { disk: "/dev/sda", config: "machine: {}\n", images: 3 },
    ],
  ] as const)("forgets what is wiped and nothing else: %j", async (wipe, left) => {
    await using world = await newWorld();
    const interior = world.interior();
    await interior.install(world.config(), "/dev/sda", { signal, host: world.host });
    interior.persistConfig("machine: {}\n");
    interior.start(world.config(), world.host);
    await interior.pullImage("system", INSTALLER, { signal, progress: () => undefined });
    await interior.stop("shutdown");

    await interior.wipe(wipe);

    for (const one of [interior, world.interior()]) {
      const images = (await one.listImages("system")).length;
      expect({ disk: one.installedDisk(), config: one.persistedConfig(), images }).toEqual(left);
    }
  });

  it("forgets at a reboot what it had in memory only", async () => {
    await using world = await newWorld();
    const interior = world.interior();
    interior.start(world.config(), world.host);
    await interior.pullImage("inmem", INSTALLER, { signal, progress: () => undefined });

    await interior.stop("shutdown");

    expect(await interior.listImages("inmem")).toEqual([]);
  });

  it("answers in any stage", async () => {
    await using world = await newWorld();
    const interior = world.interior();

    expect(interior.staticPods()).toEqual([]);
    expect(interior.nodeReady()).toBeUndefined();
    await expect(interior.etcdMembers()).rejects.toThrow();
    await expect(interior.etcdRecover(nothing(), { signal })).rejects.toMatchObject({ kind: "not-mounted" });
    await expect(Array.fromAsync(interior.etcdSnapshot({ signal }))).rejects.toThrow("etcd is not running");
    await interior.leaveEtcd({ signal });
    await expect(interior.bootstrapEtcd({ recover: false, skipHashCheck: false })).rejects.toThrow(
      "bootstrap is not available yet",
    );
    await interior.stop("power-loss");
  });
});

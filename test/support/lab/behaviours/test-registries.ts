import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { stringify } from "yaml";
import { digestOf } from "../../../../src/oci/index.ts";
import { testAuthority } from "../../authority.ts";
import { type FakeRegistry, startFakeRegistry } from "../../registry.ts";

/** Registries on the laptop that do what registries do wrong, and the documents of a machine config that lead to them. */
export interface TestRegistries {
  readonly documents: string;
  /** By the name that images have. */
  readonly of: (name: string) => FakeRegistry;
  /** Of `app:1` of that name; every registry has bytes of its own, since a node keeps by digest what it has. */
  readonly digestOf: (name: string) => string;
  readonly close: () => Promise<void>;
}

const CREDENTIALS = { username: "puller", password: "of-images" };
const HALF_A_LAYER_BYTES = 40_000;

/** @param address - of the laptop */
export async function startTestRegistries(address: string): Promise<TestRegistries> {
  const authority = testAuthority();
  const stranger = testAuthority();
  const tls = authority.server({ ipAddresses: [address] });
  const servers = new Map<string, FakeRegistry>();
  const digests = new Map<string, string>();
  const layers = new Map<string, RegExp>();
  const open = async (name: string, options: Parameters<typeof startFakeRegistry>[0] & { readonly path?: string }) => {
    const server = await startFakeRegistry({ ...options, address });
    const { layer, config } = await appImage(name);
    digests.set(name, server.addImage(options.path ?? "app", "1", [layer], config).digest);
    layers.set(name, new RegExp(`/blobs/${digestOf(layer)}$`));
    servers.set(name, server);
    return server;
  };
  const empty = await startFakeRegistry({ address });
  servers.set("empty", empty);
  const plain = await open("plain.test", {});
  const second = await open("second.test", {});
  const owner = await open("own-path.test", { tls, path: "own-path.test/app" });
  const auth = await open("auth.test", { tls, auth: { kind: "basic", ...CREDENTIALS } });
  const foreign = await open("wrong-ca.test", { tls });
  const layerOf = (name: string) => layers.get(name) ?? /^$/;
  const cutOnce = await open("cut-once.test", {});
  cutOnce.misbehave({
    path: layerOf("cut-once.test"),
    method: "GET",
    times: 1,
    does: { kind: "cut", afterBytes: HALF_A_LAYER_BYTES },
  });
  const cut = await open("cut.test", {});
  cut.misbehave({
    path: layerOf("cut.test"),
    method: "GET",
    times: 1,
    does: { kind: "cut", afterBytes: HALF_A_LAYER_BYTES },
  });
  // containerd asks for the rest, and would get all of it piece by piece.
  cut.misbehave({ path: layerOf("cut.test"), method: "GET", does: { kind: "cut", afterBytes: 0 } });
  const corrupt = await open("corrupt.test", {});
  corrupt.misbehave({ path: layerOf("corrupt.test"), method: "GET", does: { kind: "wrong-bytes" } });

  const root = ({ apiRoot }: FakeRegistry) => apiRoot.replace(/\/v2$/, "");
  const mirror = (name: string, endpoints: readonly object[], skipFallback = true) => ({
    kind: "RegistryMirrorConfig",
    name,
    endpoints,
    ...(skipFallback && { skipFallback }),
  });
  const trusted = (server: FakeRegistry, ca: string) => ({ kind: "RegistryTLSConfig", name: server.host, ca });
  const documents = [
    mirror("plain.test", [{ url: root(plain) }]),
    mirror("own-path.test", [{ url: `${owner.apiRoot}/own-path.test`, overridePath: true }]),
    trusted(owner, authority.ca),
    mirror("second.test", [{ url: root(empty) }, { url: root(second) }]),
    mirror("auth.test", [{ url: root(auth) }]),
    trusted(auth, authority.ca),
    { kind: "RegistryAuthConfig", name: auth.host, ...CREDENTIALS },
    mirror("wrong-ca.test", [{ url: root(foreign) }]),
    trusted(foreign, stranger.ca),
    mirror("missing.test", [{ url: root(empty) }]),
    mirror("fallback.test", [{ url: root(empty) }], false),
    mirror("cut-once.test", [{ url: root(cutOnce) }]),
    mirror("cut.test", [{ url: root(cut) }]),
    mirror("corrupt.test", [{ url: root(corrupt) }]),
  ];
  return {
    documents: documents.map((document) => stringify({ apiVersion: "v1alpha1", ...document })).join("---\n"),
    of: (name) => {
      const found = servers.get(name);
      if (found === undefined) throw new Error(`no registry ${name}`);
      return found;
    },
    digestOf: (name) => digests.get(name) ?? "",
    close: async () => {
      for (const server of servers.values()) await server.close();
    },
  };
}

/** An image that can be unpacked: one layer with one file of bytes that do not shrink. */
async function appImage(seed: string): Promise<{ readonly layer: Uint8Array; readonly config: object }> {
  const tar = pack();
  const content = Buffer.concat(
    Array.from({ length: 4096 }, (_, index) => createHash("sha256").update(`${seed} ${index}`).digest()),
  );
  tar.entry({ name: "app.bin", mtime: new Date(0) }, content);
  tar.finalize();
  const bytes = await buffer(tar);
  return {
    layer: gzipSync(bytes),
    config: { architecture: "amd64", os: "linux", config: {}, rootfs: { type: "layers", diff_ids: [digestOf(bytes)] } },
  };
}

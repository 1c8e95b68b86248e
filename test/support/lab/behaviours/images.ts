import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import type { Client } from "@grpc/grpc-js";
import { pack } from "tar-stream";
import { digestHex, digestOf, mediaTypes, refNameAnnotation } from "../../../../src/oci/index.ts";
import { commonPb, imagePb } from "../../../../src/talos/api/index.ts";
import { streamCall, uploadCall } from "../typed-call.ts";
import { collect, endingOf, tell } from "./observe.ts";
import type { TestRegistries } from "./test-registries.ts";

const { method } = imagePb.ImageService;
const { ContainerDriver, ContainerdNamespace } = commonPb;

/** Containers' own store. */
const cri = { driver: ContainerDriver.CRI, namespace: ContainerdNamespace.NS_CRI };

export const listImages = async (client: Client) =>
  (await collect(streamCall(client, method.list, { containerd: cri }))).map(({ name }) => name).sort();

/** Pulls from registries that behave and from those that do not. */
export async function observePulls(client: Client, registries: TestRegistries): Promise<void> {
  const pull = async (imageRef: string) => {
    const names: string[] = [];
    const end = await endingOf(
      (async () => {
        for await (const { response } of streamCall(client, method.pull, { containerd: cri, imageRef }))
          if (response.case === "name") names.push(response.value);
      })(),
    );
    return { ...end, ...(names.length > 0 && { names }) };
  };
  const askedOf = (name: string) => {
    const urls = registries.of(name).requests.map(({ url }) => url);
    return [...new Set(urls)].filter((url) => url.includes("/manifests/1"));
  };

  const names = ["plain.test", "own-path.test", "second.test", "auth.test", "cut-once.test"];
  tell("digests", Object.fromEntries(names.map((name) => [name, registries.digestOf(name)])));
  tell("pull by name", { ...(await pull("plain.test/app:1")), asked: askedOf("plain.test") });
  const before = registries.of("plain.test").requests.length;
  await pull("plain.test/app:1");
  tell("pull of what is there", { requests: registries.of("plain.test").requests.length - before });
  tell("pull along a whole path", { ...(await pull("own-path.test/app:1")), asked: askedOf("own-path.test") });
  tell("pull by digest", await pull(`own-path.test/app@${registries.digestOf("own-path.test")}`));
  tell("pull of another digest", await pull(`own-path.test/app@sha256:${"0".repeat(64)}`));
  tell("pull from the second endpoint", {
    ...(await pull("second.test/app:1")),
    asked: [askedOf("empty").length, askedOf("second.test").length],
  });
  tell("pull with credentials", await pull("auth.test/app:1"));
  tell("pull from a registry of another CA", await pull("wrong-ca.test/app:1"));
  tell("pull of what no mirror has", await pull("missing.test/app:1"));
  tell("pull with a fallback that leads nowhere", await pull("fallback.test/app:1"));
  tell("pull cut once in the middle of a layer", await pull("cut-once.test/app:1"));
  tell("pull cut once, again", await pull("cut-once.test/app:1"));
  tell("pull always cut in the middle of a layer", await pull("cut.test/app:1"));
  tell("pull of other bytes than promised", await pull("corrupt.test/app:1"));
  tell("pull of a bad reference", await pull("NOT A REFERENCE"));
  tell(
    "images after the pulls",
    (await listImages(client)).filter((name) => name.includes(".test/")),
  );
}

/** An OCI layout as a stream, and bytes that are none. */
export async function observeImports(client: Client): Promise<void> {
  const send = async (archive: Uint8Array) => {
    let name: string | undefined;
    const end = await endingOf(
      uploadCall(client, method.import, [
        { request: { case: "containerd", value: cri } },
        { request: { case: "imageChunk", value: { bytes: archive } } },
      ]).then((answer) => {
        name = answer.name;
      }),
    );
    return { ...end, ...(name !== undefined && { name }) };
  };
  tell("import of a layout", await send(await layoutArchive("imported.test/app:1")));
  tell("import of garbage", await send(Buffer.from("garbage")));
  tell(
    "images after the imports",
    (await listImages(client)).filter((name) => name.startsWith("imported.test")),
  );
}

async function layoutArchive(name: string): Promise<Uint8Array> {
  const content = await tarOf({ "app.txt": Buffer.from("imported") });
  const layer = gzipSync(content);
  const rootfs = { type: "layers", diff_ids: [digestOf(content)] };
  const config = Buffer.from(JSON.stringify({ architecture: "amd64", os: "linux", config: {}, rootfs }));
  const descriptor = (mediaType: string, bytes: Uint8Array) => ({
    mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: descriptor(mediaTypes.ociConfig, config),
      layers: [descriptor(mediaTypes.ociLayerGzip, layer)],
    }),
  );
  const annotations = { [refNameAnnotation]: name };
  const index = {
    schemaVersion: 2,
    manifests: [{ ...descriptor(mediaTypes.ociManifest, manifest), annotations }],
  };
  const blobs = [config, layer, manifest].map(
    (bytes) => [`blobs/sha256/${digestHex(digestOf(bytes))}`, bytes] as const,
  );
  return tarOf({
    "oci-layout": Buffer.from('{"imageLayoutVersion":"1.0.0"}'),
    "index.json": Buffer.from(JSON.stringify(index)),
    ...Object.fromEntries(blobs),
  });
}

async function tarOf(files: Readonly<Record<string, Uint8Array>>): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, Buffer.from(content));
  tar.finalize();
  return await buffer(tar);
}

import type { MessageInitShape } from "@bufbuild/protobuf";
import { ContainerDriver, ContainerdNamespace } from "./gen/common/common_pb.ts";
import { ImageService, type ImageServiceImportRequestSchema } from "./gen/machine/image_pb.ts";
import { invalid } from "./resource-calls.ts";
import type { CallOptions, TalosTransport } from "./transport.ts";

/** `cri`: what pods run from; `system`: Talos' own, kept on disk; `inmem`: Talos' own before the disk, lost at reboot. */
export type ImageStore = "cri" | "system" | "inmem";

export interface NodeImage {
  readonly name: string;
  readonly digest: string;
  readonly sizeBytes: number;
}

export interface LayerProgress {
  readonly layer: string;
  readonly offsetBytes: number;
  readonly totalBytes: number;
}

/** Talos 1.13 and later; older nodes answer NODE_UNIMPLEMENTED. */
export interface ImageCalls {
  /** Hangs for `cri` while cri is not up. */
  readonly imageList: (store: ImageStore, options: CallOptions) => Promise<readonly NodeImage[]>;
  /** Resolves with `repository@sha256:…`. Safe to repeat. @throws NODE_NOT_FOUND when no mirror has it */
  readonly imagePull: (
    store: ImageStore,
    reference: string,
    options: CallOptions & { readonly onProgress?: (progress: LayerProgress) => void },
  ) => Promise<string>;
  /** Sends an OCI layout or docker archive (tar, not compressed); resolves with the name of its first image. */
  readonly imageImport: (
    store: ImageStore,
    archive: AsyncIterable<Uint8Array>,
    options: CallOptions,
  ) => Promise<string>;
}

const stores = {
  cri: { driver: ContainerDriver.CRI, namespace: ContainerdNamespace.NS_CRI },
  system: { driver: ContainerDriver.CRI, namespace: ContainerdNamespace.NS_SYSTEM },
  inmem: { driver: ContainerDriver.CONTAINERD, namespace: ContainerdNamespace.NS_SYSTEM },
} as const satisfies Readonly<Record<ImageStore, unknown>>;

const MAX_CHUNK_BYTES = 1024 * 1024;

export function imageCalls(node: string, transport: TalosTransport): ImageCalls {
  const service = ImageService.method;
  return {
    imageList: async (store, options) => {
      const images: NodeImage[] = [];
      const bounded = { deadlineMs: 10_000, ...options };
      for await (const { name, digest, size } of transport.serverStream(
        service.list,
        { containerd: stores[store] },
        bounded,
      ))
        images.push({ name, digest, sizeBytes: Number(size) });
      return images;
    },

    imagePull: async (store, reference, { onProgress, ...options }) => {
      let pulled: string | undefined;
      const request = { containerd: stores[store], imageRef: reference };
      for await (const { response } of transport.serverStream(service.pull, request, options)) {
        if (response.case === "name") pulled = response.value;
        if (response.case === "pullProgress")
          onProgress?.({
            layer: response.value.layerId,
            offsetBytes: Number(response.value.progress?.offset ?? 0n),
            totalBytes: Number(response.value.progress?.total ?? 0n),
          });
      }
      if (pulled === undefined) throw invalid(node, `no name for the pulled image ${reference}`);
      return pulled;
    },

    imageImport: async (store, archive, options) =>
      (await transport.clientStream(service.import, importRequests(store, archive), options)).name,
  };
}

async function* importRequests(
  store: ImageStore,
  archive: AsyncIterable<Uint8Array>,
): AsyncGenerator<MessageInitShape<typeof ImageServiceImportRequestSchema>> {
  yield { request: { case: "containerd", value: stores[store] } };
  for await (const piece of archive) {
    for (let from = 0; from < piece.length; from += MAX_CHUNK_BYTES) {
      const bytes = piece.subarray(from, from + MAX_CHUNK_BYTES);
      yield { request: { case: "imageChunk", value: { bytes } } };
    }
  }
}

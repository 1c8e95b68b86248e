import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import { commonPb, type Handlers, imagePb, RpcStatus } from "../../../talos/api/index.ts";
import type { ImageNamespace } from "../../interior.ts";
import { PushQueue } from "../queue.ts";
import type { CallPorts } from "./call-ports.ts";
import { neverAnswers } from "./hang.ts";

const { ContainerDriver, ContainerdNamespace } = commonPb;
const { ImageServicePullLayerProgress_Status: LayerStatus } = imagePb;

/** repository, tag and digest as an image reference has them; the first letters decide. */
const REFERENCE = /^[a-z0-9]+(?:[._-][a-z0-9]+|[:/][a-zA-Z0-9_]|[a-z0-9.@:_/-])*$/;

export function imageService({ boot }: CallPorts): Handlers<typeof imagePb.ImageService> {
  const { interior } = boot.ports.options;

  /** The store that is meant; hangs while cri is not up, as a real node does. */
  const storeOf = async (
    instance: commonPb.ContainerdInstance | undefined,
    signal: AbortSignal,
  ): Promise<ImageNamespace> => {
    const { driver = ContainerDriver.CONTAINERD, namespace = ContainerdNamespace.NS_UNKNOWN } = instance ?? {};
    if (namespace === ContainerdNamespace.NS_UNKNOWN)
      throw new RpcStatus(status.INVALID_ARGUMENT, "invalid containerd namespace NS_UNKNOWN");
    if (driver === ContainerDriver.CONTAINERD) {
      if (namespace === ContainerdNamespace.NS_SYSTEM) return "inmem";
      throw new RpcStatus(status.INVALID_ARGUMENT, "cannot use CRI namespace with containerd driver");
    }
    if (!boot.services.isUp("cri")) await neverAnswers(signal);
    return namespace === ContainerdNamespace.NS_CRI ? "cri" : "system";
  };

  return {
    list: async function* ({ containerd }, { signal }) {
      const store = await storeOf(containerd, signal);
      const labels = store === "cri" ? { "io.cri-containerd.image": "managed" } : {};
      for (const { name, digest, sizeBytes, createdAt } of await interior.listImages(store))
        yield { name, digest, size: BigInt(sizeBytes), createdAt: timestampFromDate(createdAt), labels };
    },

    pull: async function* ({ containerd, imageRef }, { signal }) {
      // A bad reference is told at once, before the store is waited for.
      if (containerd !== undefined && !REFERENCE.test(imageRef))
        throw new RpcStatus(
          status.UNKNOWN,
          `failed to parse image reference ${JSON.stringify(imageRef)}: invalid reference format`,
        );
      const store = await storeOf(containerd, signal);
      const started = boot.ports.options.clock.now().getTime();
      const queue = new PushQueue<{ readonly layer: string; readonly offset: number; readonly total: number }>(signal);
      const pulled = interior
        .pullImage(store, imageRef, {
          signal,
          progress: (layer, offset, total) => queue.push({ layer, offset, total }),
        })
        .finally(() => queue.end());
      pulled.catch(() => undefined);
      for await (const { layer, offset, total } of queue) {
        const ms = boot.ports.options.clock.now().getTime() - started;
        const progress = {
          status: offset < total ? LayerStatus.DOWNLOADING : LayerStatus.DOWNLOAD_COMPLETE,
          elapsed: { seconds: BigInt(Math.trunc(ms / 1000)), nanos: (ms % 1000) * 1_000_000 },
          offset: BigInt(offset),
          total: BigInt(total),
        };
        yield { response: { case: "pullProgress", value: { layerId: layer, progress } } };
      }
      yield {
        response: {
          case: "name",
          value: await pulled.catch((error: unknown) => Promise.reject(pullFailure(imageRef, error))),
        },
      };
    },

    import: async (requests, { signal }) => {
      const stream = requests[Symbol.asyncIterator]();
      const first = await stream.next();
      if (first.done === true) throw new RpcStatus(status.UNKNOWN, "EOF");
      const instance = first.value.request.case === "containerd" ? first.value.request.value : undefined;
      const store = await storeOf(instance, signal);
      const chunks = async function* () {
        for (let next = await stream.next(); next.done !== true; next = await stream.next())
          if (next.value.request.case === "imageChunk") yield next.value.request.value.bytes;
      };
      try {
        return { name: await interior.importImage(store, chunks(), { signal }) };
      } catch (error) {
        throw new RpcStatus(status.INTERNAL, `failed to import image: ${reasonOf(error)}`);
      }
    },
  };
}

function pullFailure(reference: string, error: unknown): RpcStatus {
  const isMissing = error instanceof Error && "kind" in error && error.kind === "not-found";
  const why = `failed to pull image ${JSON.stringify(reference)}: ${reasonOf(error)}`;
  return new RpcStatus(
    isMissing ? status.NOT_FOUND : status.UNKNOWN,
    `error pulling image: 1 error(s) occurred:\n\t${why}`,
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

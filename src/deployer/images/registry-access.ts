import type { RegistryClient } from "../../oci/index.ts";
import { type BlobSender, createBlobSender } from "./send-blobs.ts";

/** The registry of a cluster, open for pushing. Close it when all is pushed. */
export interface RegistryAccess {
  /** What images are called in the cluster: `127.0.0.1:31999`, `registry.example/sub/path`. */
  readonly base: string;
  readonly client: RegistryClient;
  /** Remembers which repository has which blob, over all pushes through this access. */
  readonly blobs: BlobSender;
  /** What ended the way to the registry last, where that is not the registry's own failure. */
  readonly brokenBy: () => Error | undefined;
  readonly close: () => Promise<void>;
}

/** Access over a client that is there already; closing it closes the client. */
export function registryAccess(
  base: string,
  client: RegistryClient,
  way: { readonly brokenBy: () => Error | undefined; readonly close: () => Promise<void> } = {
    brokenBy: () => undefined,
    close: async () => {},
  },
): RegistryAccess {
  return {
    base,
    client,
    blobs: createBlobSender(client),
    brokenBy: way.brokenBy,
    close: async () => {
      await client.close();
      await way.close();
    },
  };
}

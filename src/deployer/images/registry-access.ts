import type { RegistryClient } from "../../oci/index.ts";

/** The registry of a cluster, open for pushing. Close it when all is pushed. */
export interface RegistryAccess {
  /** What images are called in the cluster: `127.0.0.1:31999`, `registry.example/sub/path`. */
  readonly base: string;
  readonly client: RegistryClient;
  readonly close: () => Promise<void>;
}

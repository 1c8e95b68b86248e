import type { ErrorCode } from "../../lib/errors/index.ts";
import type { Digest } from "../content/digest.ts";

/** What one request to the mirror was and how it ended; told when its connection is done with it. */
export interface MirrorRequest {
  /** The address it came from. */
  readonly client: string;
  readonly method: string;
  readonly kind: "ping" | "manifest" | "blob" | "tags" | "other";
  /** `docker.io/library/registry`; without registry when the puller named none. */
  readonly repository?: string;
  /** Manifests only, as asked for: `docker.io/library/registry:3` or `…@sha256:…`. */
  readonly image?: string;
  /** Of what was served or asked for by digest. */
  readonly digest?: Digest;
  readonly status: number;
  /** Bytes of content handed to the connection. */
  readonly bytes: number;
  /** False when the puller went away or the mirror cut the connection. */
  readonly isComplete: boolean;
  readonly ms: number;
  /** Why the mirror could not serve what it has. */
  readonly problem?: { readonly code: ErrorCode | "BUG"; readonly message: string };
}

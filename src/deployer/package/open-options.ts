import type { SpoolOptions } from "./archive/spool.ts";
import type { PackageTrust } from "./sign/check-signature.ts";

export interface OpenOptions {
  readonly signal: AbortSignal;
  /** Whom to believe; default: nobody without a signature by one of no keys, so nothing opens. Inspecting allows unsigned ones. */
  readonly trust: PackageTrust;
  /** What the package must be for: `amd64`. Default: anything. */
  readonly architecture?: string;
  /** For a `.tar.zst`, what is put on disk: "everything" (default), or only what tells about the package. */
  readonly keep?: "everything" | "definition";
  readonly spool?: Pick<SpoolOptions, "parent" | "onSpool" | "maxRatio" | "freeBytesOf">;
}

/**
 * Why bytes are not what a Zstandard reader takes: "foreign": not Zstandard at all; "truncated": the end is missing; "damaged": a
 * frame is broken; "trailing": something that is no frame follows a frame; "too-large": it expands beyond what the caller allows;
 * "window": it needs more memory than a reader of foreign data grants.
 */
export type ZstdFault = "foreign" | "truncated" | "damaged" | "trailing" | "too-large" | "window";

/** Thrown by everything here; the caller knows the file and says it to a person. */
export class ZstdError extends Error {
  override readonly name = "ZstdError";
  readonly fault: ZstdFault;

  constructor(fault: ZstdFault, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.fault = fault;
  }
}

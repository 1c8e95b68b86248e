import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface RecordedAnswer {
  /** A gRPC code by name, or a sentence in parentheses about a stream that did not end. */
  readonly code: string;
  readonly message?: string;
}

export interface RecordedCall {
  readonly method: string;
  readonly case: string;
  readonly request: unknown;
  readonly answers: Readonly<Record<"a" | "b" | "c" | "d" | "e", RecordedAnswer | null>>;
}

export interface RecordedApply {
  readonly case: string;
  readonly input?: string;
  readonly request?: { readonly mode: string | number; readonly dry_run: boolean; readonly try_mode_timeout?: string };
  readonly code: string;
  readonly message?: string;
  readonly response?: {
    readonly mode: string | number;
    readonly warnings: readonly string[];
    readonly details: string;
  };
}

/** What a real Talos 1.13.9 node answered; see the file's own words. */
export const recordings = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../fixtures/talos/recorded-1.13.9.json"), "utf8"),
) as {
  readonly calls: readonly RecordedCall[];
  readonly apply: { readonly maintenance: readonly RecordedApply[]; readonly running: readonly RecordedApply[] };
};

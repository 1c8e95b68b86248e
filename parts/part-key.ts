import { createHash } from "node:crypto";
import { canonicalJson, type JsonValue } from "../src/lib/json.ts";
import type { Part } from "./catalog.ts";
import { goArguments, goEnvironment } from "./go-arguments.ts";

/** Everything outside the catalog that a part's bytes depend on. */
export interface PartKeyInputs {
  /** As `go env GOVERSION` says, "go1.26.8". */
  readonly goVersion: string;
  /** Name to content of go.mod, go.sum and the module's own Go files. */
  readonly sources: Readonly<Record<string, string>>;
}

/** SHA-256 in hex of a value's canonical JSON: the name of a cache folder. */
export function cacheKey(value: JsonValue): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex");
}

/** Cache key of a part: another pin, sum, flag, compiler or own source gives another key, and so another build. */
export function partKey(part: Part, inputs: PartKeyInputs): string {
  return cacheKey({
    builds: part.architectures.map((architecture) => ({
      arguments: goArguments(part, part.name),
      environment: goEnvironment(architecture),
    })),
    goVersion: inputs.goVersion,
    name: part.name,
    sources: inputs.sources,
    version: part.version,
  });
}

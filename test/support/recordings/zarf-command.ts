import path from "node:path";
import { parseArgs } from "node:util";

/** What a recorded command line asked for. */
export interface ZarfCommand {
  readonly verb: "deploy" | "remove" | "list" | "inspect";
  /** For deploy and remove a package's file name or its name in the cluster; for inspect what of it, then the package. */
  readonly operands: readonly string[];
  readonly components?: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  /** `.app.name` style paths without the leading dot, to texts. */
  readonly values: Readonly<Record<string, string>>;
  readonly valuesFiles: readonly string[];
  readonly namespace?: string;
  readonly timeoutMs?: number;
  readonly isConnected: boolean;
  readonly takeOwnership: boolean;
  readonly forceConflicts: boolean;
  readonly skipsValuesSchema: boolean;
  /** File name below the set's folder: `keys/cosign.pub` */
  readonly key?: string;
  readonly verify?: "always" | "never";
}

const options = {
  confirm: { type: "boolean" },
  "plain-http": { type: "boolean" },
  connected: { type: "boolean" },
  "take-ownership": { type: "boolean" },
  "force-conflicts": { type: "boolean" },
  "skip-values-schema-validation": { type: "boolean" },
  timeout: { type: "string" },
  components: { type: "string" },
  "set-variables": { type: "string" },
  "set-values": { type: "string" },
  values: { type: "string" },
  namespace: { type: "string", short: "n" },
  key: { type: "string", short: "k" },
  verify: { type: "string" },
  "output-format": { type: "string" },
} as const;

/** Reads `["zarf", "package", "deploy", …]`; throws for an option that no recording has. */
export function readZarfCommand(args: readonly string[]): ZarfCommand {
  const { values: given, positionals } = parseArgs({
    args: args.slice(2),
    options,
    allowPositionals: true,
  });
  const [verb, ...operands] = positionals;
  if (verb !== "deploy" && verb !== "remove" && verb !== "list" && verb !== "inspect")
    throw new Error(`a recording runs zarf ${positionals.join(" ")}`);
  return {
    verb,
    operands: operands.map((operand) => operand.replace(/^\.in\//, "")),
    ...(given.components === undefined ? {} : { components: given.components.split(",") }),
    variables: pairs(given["set-variables"]),
    values: pairs(given["set-values"]),
    valuesFiles: given.values === undefined ? [] : [given.values],
    ...(given.namespace === undefined ? {} : { namespace: given.namespace }),
    ...(given.timeout === undefined ? {} : { timeoutMs: Number.parseInt(given.timeout, 10) * 1000 }),
    isConnected: given.connected === true,
    takeOwnership: given["take-ownership"] === true,
    forceConflicts: given["force-conflicts"] === true,
    skipsValuesSchema: given["skip-values-schema-validation"] === true,
    ...(given.key === undefined ? {} : { key: path.join("keys", path.basename(given.key)) }),
    ...(given.verify === "always" || given.verify === "never" ? { verify: given.verify } : {}),
  };
}

/** Zarf reads one line of such a flag. */
function pairs(text = ""): Readonly<Record<string, string>> {
  const [line = ""] = text.split("\n");
  const given = line === "" ? [] : line.split(",");
  return Object.fromEntries(given.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

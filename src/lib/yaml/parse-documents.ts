import { LineCounter, parseAllDocuments, type Tags } from "yaml";
import { assertSize, boundedDepth, documentInvalid } from "./parse-document.ts";
import { syntaxProblems } from "./syntax-problems.ts";

/**
 * Reads a stream of other people's documents as their own tools do: repeated keys allowed (the last counts), empty documents
 * left out, no schema.
 *
 * @param options.version - "1.1" for Kubernetes manifests (`0777` is 511, `yes` is true), "1.2" for Talos documents
 * @param options.file - for places in messages; default "manifest"
 * @param options.sizeLimitBytes - default 16 MiB
 * @param options.exactIntegers - whole numbers as bigint, so that long ones are written again as they were read; default false
 * @throws OperatorError DOCUMENT_INVALID when the YAML itself is broken
 */
export function parseYamlDocuments(
  text: string,
  options: {
    readonly version: "1.1" | "1.2";
    readonly file?: string;
    readonly sizeLimitBytes?: number;
    readonly exactIntegers?: boolean;
  },
): readonly unknown[] {
  const file = options.file ?? "manifest";
  assertSize(text, file, options.sizeLimitBytes ?? 16 * 1024 * 1024);
  const lines = new LineCounter();
  return boundedDepth(file, () => {
    const parsed = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: "silent",
      version: options.version,
      intAsBigInt: options.exactIntegers ?? false,
      ...(options.version === "1.1" ? { customTags: asKubernetesReads } : {}),
    });
    if (!Array.isArray(parsed)) return [];
    const problems = parsed.flatMap((document) => syntaxProblems(document.errors, { file, lines, text }));
    if (problems.length > 0) throw documentInvalid(file, problems);
    try {
      return parsed
        .map((document): unknown => document.toJS({ maxAliasCount: 1000 }))
        .filter((value) => value !== null);
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      throw documentInvalid(file, [{ message: "an alias without its anchor, or too many aliases" }]);
    }
  });
}

/**
 * Kubernetes reads with go-yaml, which leaves timestamps and base-60 numbers as strings.
 * @see https://github.com/kubernetes-sigs/yaml/blob/v1.4.0/goyaml.v2/resolve.go
 */
const asKubernetesReads = (tags: Tags): Tags =>
  tags.filter(
    (tag) =>
      typeof tag === "string" ||
      !(tag.tag === "tag:yaml.org,2002:timestamp" || ("format" in tag && tag.format === "TIME")),
  );

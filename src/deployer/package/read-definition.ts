import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { OperatorError, type Problem } from "../../lib/errors/index.ts";
import { BuiltDefinition, type PackageDefinition } from "./definition.ts";
import { isSafeName } from "./path-rules.ts";

const version = "zarf.dev/v1alpha1";

/** Go reads an absent value and a null alike. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null).map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, withoutNulls(item)]),
  );
}

const apiVersionOf = (document: unknown): unknown => {
  const found = (document as { readonly apiVersion?: unknown } | null)?.apiVersion;
  return found === undefined || found === "" ? version : found;
};

/**
 * The definition of a built package: of several documents the one in v1alpha1, which every package has.
 *
 * @throws OperatorError DOCUMENT_INVALID, PACKAGE_INVALID with every problem found
 */
export function readDefinition(text: string): PackageDefinition {
  const documents = readDocuments(text);
  const known = documents.filter((document) => apiVersionOf(document) === version);
  if (known.length !== 1) throw refused([{ message: `it has ${known.length} documents of ${version}, not one` }]);
  const parsed = BuiltDefinition.safeParse(withoutNulls(known[0]));
  if (!parsed.success)
    throw refused(
      parsed.error.issues.map((issue) => ({ message: `${z.core.toDotPath(issue.path)}: ${issue.message}` })),
    );
  const problems = nameProblems(parsed.data);
  if (problems.length > 0) throw refused(problems);
  return parsed.data;
}

/** Strict about repeated keys, as Zarf is: a reader that takes the last one would see another package than it does. */
function readDocuments(text: string): readonly unknown[] {
  try {
    const parsed = parseAllDocuments(text, { logLevel: "silent", prettyErrors: false });
    return (Array.isArray(parsed) ? parsed : []).map((document): unknown => {
      for (const error of document.errors) throw error;
      return document.toJS({ maxAliasCount: 100 });
    });
  } catch (error) {
    throw new OperatorError("PACKAGE_INVALID", "the package's zarf.yaml is not YAML", { cause: error });
  }
}

function refused(problems: readonly Problem[]): OperatorError {
  const said = problems.map(({ message }) => message).join("; ");
  return new OperatorError("PACKAGE_INVALID", `the package's zarf.yaml cannot be used: ${said}`, { problems });
}

/** Names become parts of paths, labels and release names. */
function nameProblems({ metadata, build, components }: PackageDefinition): readonly Problem[] {
  const found: string[] = [];
  for (const [what, name] of Object.entries({ version: metadata.version, flavor: build?.flavor }))
    if (name !== undefined && name !== "" && !isSafeName(name)) found.push(`${what} cannot be part of a path`);
  const targets = new Set<string>();
  for (const { name, only, manifests } of components) {
    const target = `${name} ${only?.cluster?.architecture ?? ""}`;
    if (targets.has(target)) found.push(`component ${name} is there twice`);
    targets.add(target);
    const names = manifests.map((manifest) => manifest.name);
    for (const manifest of names)
      if (!isSafeName(manifest)) found.push(`manifest ${JSON.stringify(manifest)} cannot be part of a path`);
    if (new Set(names).size < names.length) found.push(`component ${name} has two manifests of one name`);
  }
  return found.map((message) => ({ message }));
}

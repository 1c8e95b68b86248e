import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { OperatorError, type Problem } from "../../lib/errors/index.ts";
import { BuiltDefinition, type PackageDefinition } from "./definition.ts";
import { definitionNameProblems } from "./definition-names.ts";
import { migrateDefinition } from "./migrate-definition.ts";
import { projectBeta } from "./project-beta.ts";
import { betaSchema } from "./schema/beta-schema.ts";
import { lenient } from "./schema/object-maker.ts";

const alpha = "zarf.dev/v1alpha1";
const beta = "zarf.dev/v1beta1";

const BetaDefinition = betaSchema(lenient);

/**
 * The definition of a built package. Documents of unknown versions are passed over; of known ones the highest counts, and what is
 * given is always v1alpha1: with what is deprecated migrated, or projected from v1beta1.
 *
 * @throws OperatorError PACKAGE_INVALID with every problem found
 */
export function readDefinition(text: string): PackageDefinition {
  const documents = Map.groupBy(readDocuments(text), apiVersionOf);
  for (const version of [alpha, beta])
    if ((documents.get(version)?.length ?? 0) > 1) throw refused([{ message: `it has two documents of ${version}` }]);
  const [betaDocument] = documents.get(beta) ?? [];
  const [alphaDocument] = documents.get(alpha) ?? [];
  if (betaDocument === undefined && alphaDocument === undefined)
    throw refused([{ message: `it has no document of ${alpha} or ${beta}` }]);
  const definition =
    betaDocument === undefined
      ? migrateDefinition(parsed(BuiltDefinition, alphaDocument))
      : projectBeta(parsed(BetaDefinition, betaDocument));
  const problems = definitionNameProblems(definition);
  if (problems.length > 0) throw refused(problems.map((message) => ({ message })));
  return definition;
}

function parsed<T extends z.ZodType>(schema: T, document: unknown): z.infer<T> {
  const result = schema.safeParse(withoutNulls(document));
  if (result.success) return result.data;
  throw refused(result.error.issues.map((issue) => ({ message: `${z.core.toDotPath(issue.path)}: ${issue.message}` })));
}

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

function apiVersionOf(document: unknown): unknown {
  const found = (document as { readonly apiVersion?: unknown } | null)?.apiVersion;
  return found === undefined || found === null || found === "" ? alpha : found;
}

/** Strict about repeated keys, as Zarf is: a reader that takes the last one would see another package than it does. */
function readDocuments(text: string): readonly unknown[] {
  try {
    const all = parseAllDocuments(text, { logLevel: "silent", prettyErrors: false });
    const values = (Array.isArray(all) ? all : []).map((document): unknown => {
      for (const error of document.errors) throw error;
      return document.toJS({ maxAliasCount: 100 });
    });
    // A separator at the end makes an empty document, which says nothing.
    return values.filter((value, index) => value !== null || (index === 0 && values.length === 1));
  } catch (error) {
    throw new OperatorError("PACKAGE_INVALID", "the package's zarf.yaml is not YAML", { cause: error });
  }
}

function refused(problems: readonly Problem[]): OperatorError {
  const said = problems.map(({ message }) => message).join("; ");
  return new OperatorError("PACKAGE_INVALID", `the package's zarf.yaml cannot be used: ${said}`, { problems });
}

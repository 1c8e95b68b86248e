import path from "node:path";
import { z } from "zod";
import { documentInvalid, type YamlPath } from "../../../lib/yaml/index.ts";
import { BuiltDefinition, type PackageDefinition } from "../../package/definition.ts";
import { ruleProblems } from "./check-rules.ts";
import { type ComposeOptions, composeImports } from "./compose.ts";
import { readSource, type TemplatesOf } from "./read-source.ts";

export interface LoadRequest {
  /** Folder with a zarf.yaml, or the file. */
  readonly place: string;
  /** For a definition that does not say it; default amd64. */
  readonly architecture?: string;
  /** default: none */
  readonly flavor?: string;
  /** Values of create-time templates, by name. */
  readonly set?: Readonly<Record<string, string>>;
  readonly fetchSkeleton: ComposeOptions["fetchSkeleton"];
}

/** A definition that is ready to be made into a package: whole, for one architecture and flavor, and by the rules. */
export interface LoadedPackage {
  /** As the operator gave it, for messages. */
  readonly file: string;
  /** Absolute; what its paths are relative to. */
  readonly folder: string;
  readonly definition: PackageDefinition;
  readonly flavor?: string;
  /** Schemas of imported packages, relative to the folder. */
  readonly importedSchemas: readonly string[];
  /** Place of something in component number `index`. */
  readonly whereIn: (index: number, path: YamlPath) => string;
}

/**
 * Reads a definition with everything it imports. Nothing but definitions is read or fetched.
 *
 * @throws OperatorError DOCUMENT_INVALID with every problem and its place, FILE_UNREADABLE, PACKAGE_TEMPLATE_UNSET,
 *   PACKAGE_FEATURE_UNSUPPORTED
 */
export async function loadPackage(request: LoadRequest): Promise<LoadedPackage> {
  const set = Object.fromEntries(Object.entries(request.set ?? {}).map(([name, value]) => [name.toUpperCase(), value]));
  const said = request.architecture;
  const templates: TemplatesOf = (written) => ({ architecture: written ?? said ?? "amd64", values: set });
  const source = await readSource(request.place, templates);
  const architecture = source.raw.metadata.architecture || said || "amd64";
  const { flavor } = request;
  const composed = await composeImports(source, {
    architecture,
    flavor: flavor ?? "",
    templates: () => ({ architecture, values: set }),
    fetchSkeleton: request.fetchSkeleton,
  });
  const { raw, whereIn, importedSchemas } = composed;
  const parsed = BuiltDefinition.safeParse({
    ...raw,
    apiVersion: "zarf.dev/v1alpha1",
    metadata: { ...raw.metadata, architecture },
  });
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path: at, message }) => ({
      message: `${z.core.toDotPath(at)}: ${message}`,
      where: { file: source.where([]) },
    }));
    throw documentInvalid(source.file, problems);
  }
  const definition = withoutImports(parsed.data);
  const problems = ruleProblems(definition, { whereIn, where: source.where });
  if (problems.length > 0) throw documentInvalid(source.file, problems);
  return {
    file: source.file,
    folder: path.resolve(source.folder),
    definition,
    ...(flavor ? { flavor } : {}),
    importedSchemas,
    whereIn,
  };
}

function withoutImports(definition: PackageDefinition): PackageDefinition {
  return { ...definition, components: definition.components.map((component) => ({ ...component, import: {} })) };
}

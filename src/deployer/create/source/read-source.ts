import { stat } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { OperatorError, type Problem } from "../../../lib/errors/index.ts";
import { readTextFile } from "../../../lib/files.ts";
import { parseYamlDocument, type YamlPath } from "../../../lib/yaml/index.ts";
import { BuiltDefinition, WrittenDefinition } from "../../package/definition.ts";
import { type CreateTemplates, fillTemplates, missingTemplates } from "./create-templates.ts";
import { migratePackage } from "./migrate.ts";
import type { RawPackage } from "./raw.ts";

/** A `zarf.yaml` as it was written, its create-time templates filled. */
export interface Source {
  /** For messages, as the operator gave it. */
  readonly file: string;
  /** Absolute; what its relative paths are relative to. */
  readonly folder: string;
  readonly raw: RawPackage;
  readonly where: (path: YamlPath) => string;
}

const names = ["zarf.yaml", "zarf.gen.yaml"];
const sizeLimitBytes = 4 << 20;

/**
 * The definition of a package: `zarf.yaml` or else `zarf.gen.yaml` of a folder, or the file itself.
 *
 * @throws OperatorError FILE_UNREADABLE
 */
export async function findDefinition(place: string): Promise<string> {
  for (const file of [place, ...names.map((name) => path.join(place, name))]) if (await isFile(file)) return file;
  throw new OperatorError("FILE_UNREADABLE", `${place} holds no package: there is no ${names.join(" and no ")} in it`, {
    where: { file: place },
    next: ["name the folder that holds the package's zarf.yaml"],
  });
}

async function isFile(file: string): Promise<boolean> {
  return await stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}

/**
 * Reads and checks a definition that a person wrote, every problem with its line.
 *
 * @param place - folder or file
 * @throws OperatorError DOCUMENT_INVALID, FILE_UNREADABLE, PACKAGE_TEMPLATE_UNSET, PACKAGE_FEATURE_UNSUPPORTED (v1beta1)
 */
export async function readSource(place: string, templates: TemplatesOf): Promise<Source> {
  const file = await findDefinition(place);
  return parseSource(await readTextFile(file, { sizeLimitBytes }), { file, templates });
}

/** Templates know the architecture, which the definition itself may say. */
export type TemplatesOf = (architecture: string | undefined) => CreateTemplates;

/** As `readSource`, for a text that came from elsewhere. */
export function parseSource(
  text: string,
  options: {
    readonly file: string;
    readonly templates: TemplatesOf;
    /** Made by a program, so its `build` is there and unknown keys pass; default false. */
    readonly isBuilt?: boolean;
  },
): Source {
  const { file, templates: templatesOf } = options;
  const plain = parseYamlDocument(text, { file, schema: z.unknown(), sizeLimitBytes });
  refuseVersion(plain.value, file, plain.where(["apiVersion"]));
  const templates = templatesOf(architectureOf(plain.value));
  const missing = missingTemplates(plain.value, templates);
  if (missing.length > 0) throw unset(missing.map(({ name, path: at }) => ({ name, file: plain.where(at) })));
  let filled: unknown;
  const fill = (value: unknown): unknown => {
    filled = withoutNulls(fillTemplates(value, templates));
    return filled;
  };
  const schema = z.preprocess(fill, options.isBuilt === true ? BuiltDefinition : WrittenDefinition);
  const { where } = parseYamlDocument(text, { file, schema, sizeLimitBytes });
  return {
    file,
    folder: path.dirname(path.resolve(file)),
    raw: migrated(filled as RawPackage, options.isBuilt),
    where,
  };
}

/** What a program made says it in both ways already. */
const migrated = (raw: RawPackage, isBuilt = false): RawPackage => (isBuilt ? raw : migratePackage(raw));

function refuseVersion(value: unknown, file: string, where: string): void {
  const version = (value as { readonly apiVersion?: unknown } | null)?.apiVersion;
  if (version !== "zarf.dev/v1beta1") return;
  throw new OperatorError(
    "PACKAGE_FEATURE_UNSUPPORTED",
    `${file}: packages are made from zarf.dev/v1alpha1 definitions; zarf.dev/v1beta1 is only read in packages that are already made`,
    { where: { file: where }, next: ["write the definition as apiVersion: zarf.dev/v1alpha1"] },
  );
}

function architectureOf(value: unknown): string | undefined {
  const found = (value as { readonly metadata?: { readonly architecture?: unknown } | null } | null)?.metadata;
  const architecture = found?.architecture;
  return typeof architecture === "string" && architecture !== "" ? architecture : undefined;
}

/** An absent value and a null are alike to Zarf. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== null).map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, withoutNulls(item)]),
  );
}

function unset(missing: readonly { readonly name: string; readonly file: string }[]): OperatorError {
  const wanted = [...new Set(missing.map(({ name }) => name))];
  const problems: Problem[] = missing.map(({ name, file }) => ({
    message: `template ${name} has no value`,
    where: { file },
  }));
  return new OperatorError("PACKAGE_TEMPLATE_UNSET", `no value is given for the templates ${wanted.join(", ")}`, {
    where: { file: missing[0]?.file ?? "" },
    problems,
    next: [`add ${wanted.map((name) => `--set ${name}=VALUE`).join(" ")}`],
  });
}

import path from "node:path";
import type { Problem } from "../../../lib/errors/index.ts";
import { documentInvalid, type YamlPath } from "../../../lib/yaml/index.ts";
import { fillComponentName } from "./create-templates.ts";
import { mergeComponent } from "./merge-component.ts";
import { rebasePath } from "./paths.ts";
import type { RawComponent, RawNamed, RawPackage } from "./raw.ts";
import { findDefinition, readSource, type Source, type TemplatesOf } from "./read-source.ts";
import { rebaseComponent } from "./rebase-component.ts";

/** A package published without its content, for others to import from: definition and one component's files in a folder. */
export interface Skeleton {
  readonly source: Source;
  /** Absolute; the component's files, where its definition names them. */
  readonly folder: string;
}

export interface ComposeOptions {
  readonly architecture: string;
  readonly flavor: string;
  readonly templates: TemplatesOf;
  /** Fetches a component of a skeleton, `oci://…`. */
  readonly fetchSkeleton: (url: string, component: string) => Promise<Skeleton>;
}

/** A definition without imports: what they brought is in it, and all paths are as seen from its own folder. */
export interface Composed {
  readonly raw: RawPackage;
  /** Place of something in component number `index` of `raw`, in the file that names that component. */
  readonly whereIn: (index: number, path: YamlPath) => string;
  /** Schemas of imported packages, nearest first. */
  readonly importedSchemas: readonly string[];
}

/**
 * Leaves out components for other architectures and flavors, and brings in what the rest import.
 *
 * @throws OperatorError DOCUMENT_INVALID for imports that do not work out, and what reading the imported raises
 */
export async function composeImports(source: Source, options: ComposeOptions): Promise<Composed> {
  const result = await compose(source, options, []);
  const { raw } = result;
  return { ...result, raw: { ...raw, components: raw.components.map(fillComponentName) } };
}

async function compose(source: Source, options: ComposeOptions, stack: readonly string[]): Promise<Composed> {
  const { raw, where } = source;
  const components: RawComponent[] = [];
  const places: number[] = [];
  const brought: Imported[] = [];
  for (const [index, component] of raw.components.entries()) {
    if (!isWanted(component, options)) continue;
    const at = ["components", index, "import"];
    places.push(index);
    if (component.import?.path || component.import?.url) {
      const imported = await importComponent(source, component, { where: where(at), options, stack });
      brought.push(imported);
      components.push(imported.component);
    } else components.push(component);
  }
  const packages = brought.map(({ from }) => from);
  const { variables, constants, values, ...rest } = raw;
  const files = unique([...packages.flatMap((from) => from.values?.files ?? []), ...(values?.files ?? [])].map(clean));
  return {
    raw: {
      ...rest,
      components,
      ...withNames("variables", [variables, ...packages.map((from) => from.variables)]),
      ...withNames("constants", [constants, ...packages.map((from) => from.constants)]),
      ...(files.length > 0 || values?.schema
        ? { values: { ...(files.length > 0 && { files }), ...(values?.schema && { schema: values.schema }) } }
        : {}),
    },
    whereIn: (index, inner) => where(["components", places[index] ?? 0, ...inner]),
    importedSchemas: unique(brought.flatMap(({ schemas }) => schemas).map(clean)),
  };
}

interface Imported {
  readonly component: RawComponent;
  /** Variables, constants and values of the package it came from; paths as seen from the importer. */
  readonly from: Pick<RawPackage, "variables" | "constants" | "values">;
  readonly schemas: readonly string[];
}

interface ImportCall {
  readonly where: string;
  readonly options: ComposeOptions;
  readonly stack: readonly string[];
}

async function importComponent(source: Source, component: RawComponent, call: ImportCall): Promise<Imported> {
  const refuse = (message: string) => importRefused(source.file, call.where, `component ${component.name} ${message}`);
  const { name: wanted = component.name, path: from, url } = component.import ?? {};
  if (from && url) throw refuse("imports from both a path and a url; give one");
  if (from && path.isAbsolute(from)) throw refuse(`imports from ${from}; the path must be relative`);
  if (url && !url.startsWith("oci://")) throw refuse(`imports from ${url}; it must begin with oci://`);
  const { found, folder } = url
    ? await ofSkeleton(url, wanted, call)
    : await ofFolder(source, from ?? "", wanted, { ...call, refuse });
  const fitting = found.raw.components.filter((one) => one.name === wanted);
  const [imported, ...others] = fitting;
  if (imported === undefined)
    throw refuse(`imports ${wanted} from ${url ?? from}, which has no such component for this architecture and flavor`);
  if (others.length > 0) throw refuse(`imports ${wanted} from ${url ?? from}, which has more than one of that name`);
  const merged = mergeComponent(rebaseComponent(imported, folder), component);
  if (merged === undefined) throw refuse(`sets only.localOS, which the imported ${wanted} sets already`);
  const { values } = found.raw;
  return {
    component: merged,
    from: {
      ...found.raw,
      ...(values && { values: { files: (values.files ?? []).map((file) => rebasePath(file, folder)) } }),
    },
    schemas: [...(values?.schema ? [values.schema] : []), ...found.importedSchemas].map((file) =>
      rebasePath(file, folder),
    ),
  };
}

async function ofFolder(
  source: Source,
  from: string,
  wanted: string,
  { options, stack, refuse }: ImportCall & { readonly refuse: (message: string) => Error },
): Promise<{ readonly found: Composed; readonly folder: string }> {
  const file = await findDefinition(path.join(source.folder, from));
  const chain = [...stack, source.folder];
  if (chain.includes(path.dirname(path.resolve(file)))) throw refuse(`imports from ${from} in a circle`);
  const target = await readSource(file, options.templates);
  const found = await compose(onlyNamed(target, wanted), options, chain);
  return { found, folder: toPosix(path.relative(source.folder, target.folder)) };
}

async function ofSkeleton(
  url: string,
  wanted: string,
  { options }: ImportCall,
): Promise<{ readonly found: Composed; readonly folder: string }> {
  const { source, folder } = await options.fetchSkeleton(url, wanted);
  // What a skeleton itself imported is in it already.
  const raw = { ...source.raw, components: source.raw.components.filter((one) => isWanted(one, options)) };
  return { found: { raw, whereIn: () => source.file, importedSchemas: [] }, folder };
}

/** Only the component that is wanted is composed: two packages may import from each other on different ways. */
function onlyNamed(source: Source, name: string): Source {
  const kept = source.raw.components.flatMap((one, index) => (one.name === name ? [{ one, index }] : []));
  return {
    ...source,
    raw: { ...source.raw, components: kept.map(({ one }) => one) },
    where: ([head, index, ...rest]) =>
      head === "components" && typeof index === "number"
        ? source.where([head, kept[index]?.index ?? 0, ...rest])
        : source.where([...(head === undefined ? [] : [head]), ...(index === undefined ? [] : [index]), ...rest]),
  };
}

/** Whether a component is for this architecture and flavor. */
function isWanted({ only }: RawComponent, { architecture, flavor }: ComposeOptions): boolean {
  const wantedArchitecture = only?.cluster?.architecture;
  return (!wantedArchitecture || wantedArchitecture === architecture) && (!only?.flavor || only.flavor === flavor);
}

/** The first of a name counts: the importer's own before those it imports. */
function withNames(
  key: "variables" | "constants",
  lists: readonly (readonly RawNamed[] | undefined)[],
): Pick<RawPackage, "variables" | "constants"> {
  const all = new Map<string, RawNamed>();
  for (const item of lists.flatMap((list) => list ?? [])) if (!all.has(item.name)) all.set(item.name, item);
  return all.size === 0 ? {} : { [key]: [...all.values()] };
}

const unique = (items: readonly string[]): readonly string[] => [...new Set(items)];
const clean = (file: string): string => rebasePath(file, ".");
const toPosix = (file: string): string => file.split(path.sep).join("/");

function importRefused(file: string, where: string, message: string): Error {
  const problem: Problem = { message, where: { file: where } };
  return documentInvalid(file, [problem]);
}

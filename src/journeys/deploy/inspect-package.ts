import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  actionsOf,
  definitionJson,
  type FlatFile,
  type ListedAction,
  listedImages,
  type OpenPackage,
  packageDocuments,
  packageSboms,
  type RenderedText,
  readPackageKey,
  renderOffline,
  renderValuesFiles,
} from "../../deployer/index.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { makeFolder } from "../../lib/files.ts";
import { readKeys } from "../trusted-keys.ts";
import type { JourneyWorld } from "../world.ts";
import { type DeploymentInputs, givenTo, openSiteBundle } from "./open-deployment.ts";
import { openSource } from "./open-source.ts";

export const inspectViews = [
  "summary",
  "definition",
  "images",
  "manifests",
  "values-files",
  "sbom",
  "documentation",
  "actions",
  "digest",
] as const;
export type InspectView = (typeof inspectViews)[number];

/** One view of a package. */
export type Inspection =
  | { readonly view: "summary"; readonly package: PackageSummary }
  | { readonly view: "definition"; readonly text: string; readonly definition: object }
  | { readonly view: "images"; readonly images: readonly string[] }
  | { readonly view: "manifests" | "values-files"; readonly texts: readonly RenderedText[] }
  | {
      readonly view: "sbom" | "documentation";
      readonly files: readonly { readonly name: string; readonly sizeBytes: number }[];
      /** Where they were written; absent: nowhere. */
      readonly folder?: string;
      /** Images and components that the bill of materials tells of. */
      readonly subjects?: readonly { readonly name: string; readonly items: number }[];
    }
  | { readonly view: "actions"; readonly actions: readonly ListedAction[] }
  | { readonly view: "digest"; readonly digest: string };

export interface PackageSummary {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly description: string;
  readonly digest: string;
  readonly signature: OpenPackage["signature"];
  readonly components: readonly {
    readonly name: string;
    readonly isRequired: boolean;
    readonly isDefault: boolean;
    readonly description: string;
  }[];
  readonly variables: readonly { readonly name: string; readonly isSensitive: boolean; readonly description: string }[];
  readonly images: number;
  readonly commands: number;
}

/** Views that need nothing of a package's bulk. */
const light: ReadonlySet<InspectView> = new Set([
  "summary",
  "definition",
  "images",
  "documentation",
  "actions",
  "digest",
]);

/**
 * Shows what a package holds. Nothing of it is run, and nothing is deployed; a signature is checked where a key is given.
 *
 * @param request.folder - where files of the views `sbom` and `documentation` are written; absolute
 * @throws OperatorError PACKAGE_…, DEPLOY_PACKAGE_MISSING, CHART_…
 */
export async function inspectPackage(
  request: { readonly inputs: DeploymentInputs; readonly view: InspectView; readonly folder?: string | undefined },
  world: JourneyWorld,
): Promise<Inspection> {
  const { inputs, view } = request;
  const { notice, signal } = world;
  const keys = (await readKeys(inputs.keyFiles)).map(readPackageKey);
  const { named, workingFolder } = inputs;
  const source = await openSource({
    named,
    workingFolder,
    bundle: await openSiteBundle(inputs, world),
    trust: { keys, allowUnsigned: true },
    keep: light.has(view) ? "definition" : "everything",
    notice,
    signal,
  });
  try {
    return await look(source.pkg, request, world);
  } finally {
    await source.close();
  }
}

async function look(
  pkg: OpenPackage,
  { inputs, view, folder }: Parameters<typeof inspectPackage>[0],
  { signal }: JourneyWorld,
): Promise<Inspection> {
  const rendered = async () => ({ pkg, ...(await givenTo(inputs, undefined, pkg.name)), signal });
  switch (view) {
    case "summary":
      return { view, package: summaryOf(pkg) };
    case "definition": {
      const text = (await pkg.readFile("zarf.yaml", { limitBytes: 4 << 20, signal })).toString("utf8");
      return { view, text, definition: definitionJson(pkg) };
    }
    case "images":
      return { view, images: listedImages(pkg.definition) };
    case "manifests":
      return { view, texts: await renderOffline(await rendered()) };
    case "values-files":
      return { view, texts: await renderValuesFiles(await rendered()) };
    case "sbom": {
      const { sboms, files } = await packageSboms(pkg, { signal });
      if (sboms.length === 0) throw nothing(pkg.name, inputs.named, "bill of materials");
      const subjects = sboms.map(({ file, items }) => ({ name: file, items: items.length }));
      return { view, ...(await keep(files, folder)), subjects };
    }
    case "documentation": {
      const files: FlatFile[] = [];
      for await (const file of packageDocuments(pkg, { signal })) files.push(file);
      if (files.length === 0) throw nothing(pkg.name, inputs.named, "documentation");
      return { view, ...(await keep(files, folder)) };
    }
    case "actions":
      return { view, actions: actionsOf(pkg.definition, process.platform === "darwin" ? "darwin" : "linux") };
    case "digest":
      return { view, digest: pkg.digest };
  }
}

async function keep(files: readonly FlatFile[], folder: string | undefined) {
  const listed = files.map(({ name, bytes }) => ({ name, sizeBytes: bytes.length }));
  if (folder === undefined) return { files: listed };
  await makeFolder(folder);
  // Names are checked where the archive is read: none leaves the folder.
  for (const { name, bytes } of files) await writeFile(join(folder, name), bytes);
  return { files: listed, folder };
}

function nothing(name: string, named: string, what: string): OperatorError {
  return new OperatorError("PACKAGE_LACKS_CONTENT", `package ${name} carries no ${what}`, {
    next: [`skerry package inspect ${named}   shows what it carries`],
  });
}

function summaryOf({ name, version, digest, signature, definition }: OpenPackage): PackageSummary {
  const { metadata, build, components, variables } = definition;
  return {
    name,
    version,
    architecture: metadata.architecture ?? build?.architecture ?? "",
    description: metadata.description ?? "",
    digest,
    signature,
    components: components.map((component) => ({
      name: component.name,
      isRequired: component.required === true,
      isDefault: component.default,
      description: component.description ?? "",
    })),
    variables: variables.map((variable) => ({
      name: variable.name,
      isSensitive: variable.sensitive,
      description: variable.description ?? "",
    })),
    images: listedImages(definition).length,
    commands: actionsOf(definition, "linux").filter(({ cmd, occasion }) => cmd !== undefined && occasion !== "onCreate")
      .length,
  };
}

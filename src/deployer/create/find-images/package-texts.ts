import { buffer } from "node:stream/consumers";
import type { ComponentFiles, OpenPackage } from "../../package/open-package.ts";
import type { BuiltPackage } from "../assemble/assemble.ts";
import type { PackageTexts } from "./render-texts.ts";

const limitBytes = 100 << 20;

/** The files of a package that was just built. */
export async function textsOfBuilt(built: BuiltPackage, call: { readonly signal: AbortSignal }): Promise<PackageTexts> {
  const values = built.layers.find(({ title }) => title === "values.yaml");
  return {
    definition: built.definition,
    read: async (component, path) => {
      const entry = built.parts.trees.get(component)?.get(path);
      return entry?.type === "file" ? await buffer(entry.open(call)) : undefined;
    },
    ...(values === undefined ? {} : { valuesYaml: (await buffer(values.open(call))).toString("utf8") }),
  };
}

/** The files of a package that was opened. */
export async function textsOfOpen(
  pkg: OpenPackage,
  { signal }: { readonly signal: AbortSignal },
): Promise<PackageTexts> {
  const components = new Map<string, Promise<ComponentFiles>>();
  return {
    definition: pkg.definition,
    read: async (name, path) => {
      const known = components.get(name) ?? pkg.component(name, { signal });
      components.set(name, known);
      const files = await known;
      return files.entries.has(path) ? await files.read(path, { limitBytes, signal }) : undefined;
    },
    ...(pkg.files.has("values.yaml")
      ? { valuesYaml: (await pkg.readFile("values.yaml", { limitBytes: 16 << 20, signal })).toString("utf8") }
      : {}),
  };
}

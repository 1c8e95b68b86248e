import { BuiltDefinition } from "../../src/deployer/package/definition.ts";
import type { ComponentEntry, ComponentFiles, OpenPackage } from "../../src/deployer/package/open-package.ts";
import { type ContentStore, digestOf } from "../../src/oci/index.ts";

/** Files of components: by component, by path below it. */
export type MemoryFiles = Readonly<Record<string, Readonly<Record<string, string | Uint8Array>>>>;

export interface MemoryPackage {
  /** As in a zarf.yaml. */
  readonly definition: object;
  readonly files?: MemoryFiles;
  /** Of the package itself: `values.yaml`. */
  readonly own?: Readonly<Record<string, string>>;
  readonly images?: ContentStore;
}

/** An open package that lies nowhere: what the deployer is given, without an archive. */
export function memoryPackage({ definition: written, files = {}, own = {}, images }: MemoryPackage): OpenPackage {
  const definition = BuiltDefinition.parse(written);
  const { name, version } = definition.metadata;
  const bytesOf = (content: string | Uint8Array | undefined): Buffer => {
    if (content === undefined) throw new Error(`package ${name} has no such file`);
    return Buffer.from(content);
  };
  const stream = async function* (bytes: Buffer) {
    yield await Promise.resolve(new Uint8Array(bytes));
  };
  const component = (of: string): ComponentFiles => {
    const found = files[of] ?? {};
    const entries = Object.entries(found).map(([path, content]): readonly [string, ComponentEntry] => [
      path,
      { type: "file", sizeBytes: Buffer.byteLength(content), mode: 0o600 },
    ]);
    return {
      entries: new Map(entries),
      read: async (path) => await Promise.resolve(bytesOf(found[path])),
      open: (path) => stream(bytesOf(found[path])),
    };
  };
  const all = JSON.stringify([written, files, own], (_key, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
  );
  return {
    name,
    version: version ?? "",
    digest: digestOf(Buffer.from(all)),
    definition,
    signature: "none",
    files: new Map(
      Object.entries(own).map(([path, text]) => [
        path,
        { sizeBytes: Buffer.byteLength(text), digest: digestOf(Buffer.from(text)) },
      ]),
    ),
    readFile: async (path) => await Promise.resolve(bytesOf(own[path])),
    openFile: (path) => stream(bytesOf(own[path])),
    component: async (of) => await Promise.resolve(component(of)),
    images: images ?? noImages,
    close: async () => undefined,
  };
}

const noImages: ContentStore = {
  resolve: async () => await Promise.resolve(undefined),
  open: () => {
    throw new Error("the package has no images");
  },
} as unknown as ContentStore;

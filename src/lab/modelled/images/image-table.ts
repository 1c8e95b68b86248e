import { existsSync, readFileSync } from "node:fs";
import type { ImageManifest } from "../../../oci/index.ts";
import type { ImageNamespace, StoredImage } from "../../interior.ts";
import { writeWhole } from "../../node/disk.ts";

/** An image that a machine has, unpacked in one of its containerd namespaces. */
export interface KeptImage {
  readonly name: string;
  /** `registry.k8s.io/pause` */
  readonly repository: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly manifestDigest: string;
  readonly manifest: ImageManifest;
  /** RFC 3339 */
  readonly createdAt: string;
}

/** The images of one machine, by namespace and name; on its EPHEMERAL partition, so they outlive its power. */
export interface ImageTable {
  readonly get: (namespace: ImageNamespace, name: string) => KeptImage | undefined;
  readonly put: (namespace: ImageNamespace, image: KeptImage) => void;
  /** As Talos lists them: under the name, under the digest, and bare. */
  readonly list: (namespace: ImageNamespace) => readonly StoredImage[];
  /** The power went, or the disk was wiped: only what the disk holds now is left. */
  readonly forgetMemory: () => void;
}

type Tables = Partial<Record<ImageNamespace, Record<string, KeptImage>>>;

/** @param file - `images.json`; missing means no images */
export function openImageTable(file: string): ImageTable {
  let tables: Tables | undefined;
  // Read on first use: most machines of a large rack never pull anything.
  const read = (): Tables => {
    tables ??= existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Tables) : {};
    return tables;
  };
  return {
    get: (namespace, name) => read()[namespace]?.[name],
    put: (namespace, image) => {
      tables = { ...read(), [namespace]: { ...read()[namespace], [image.name]: image } };
      // The in-memory namespace is what its name says.
      writeWhole(file, JSON.stringify({ ...tables, inmem: undefined }));
    },
    forgetMemory: () => {
      tables = undefined;
    },
    list: (namespace) => {
      // One image may have been pulled by tag and by digest, or under two names.
      const byName = new Map<string, StoredImage>();
      for (const { name, repository, digest, sizeBytes, createdAt } of Object.values(read()[namespace] ?? {})) {
        for (const known of [name, `${repository}@${digest}`, digest])
          byName.set(known, { name: known, digest, sizeBytes, createdAt: new Date(createdAt) });
      }
      return [...byName.values()];
    },
  };
}

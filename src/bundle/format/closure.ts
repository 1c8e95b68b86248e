import { z } from "zod";
import { Architecture } from "../definition/schema.ts";

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const text = z.string().min(1).max(4096);
const sizeBytes = z.int().min(0);

/** Everything the sites of a bundle will ever pull, and why. The signature covers it through the index. */
export const Closure = z.strictObject({
  /** What the sites run; empty where a bundle is only packages and images. */
  versions: z.array(z.strictObject({ talos: text, kubernetes: text })),
  images: z.array(
    z.strictObject({
      /** Full reference, e.g. `docker.io/library/registry:3`. */
      reference: text,
      /** Of the index for a multi-arch image. */
      digest,
      /** Reasons, sorted. */
      why: z.array(text),
      /** The platforms it is there for, e.g. `linux/amd64`. */
      platforms: z.array(z.string().regex(/^[a-z0-9]+\/[a-z0-9]+$/)),
    }),
  ),
  packages: z.array(z.strictObject({ name: text, version: text.optional(), digest })),
  assets: z.array(
    z.strictObject({
      name: text,
      kind: z.enum(["kernel", "initramfs", "uki", "iso"]),
      architecture: Architecture,
      schematic: text.optional(),
      digest,
      sizeBytes,
    }),
  ),
});

export type Closure = z.infer<typeof Closure>;
export type ClosureAsset = Closure["assets"][number];

/** The same closure for the same things, in whatever order they were found. */
export function sortClosure(closure: Closure): Closure {
  return {
    versions: unique(closure.versions, ({ talos, kubernetes }) => `${talos} ${kubernetes}`),
    images: unique(closure.images, ({ reference }) => reference).map((image) => ({
      ...image,
      why: unique(image.why, (reason) => reason),
      platforms: unique(image.platforms, (platform) => platform),
    })),
    packages: unique(closure.packages, ({ name }) => name),
    assets: unique(closure.assets, ({ name }) => name),
  };
}

/** Sorted by key, each key once. */
function unique<T>(items: readonly T[], key: (item: T) => string): T[] {
  const byKey = new Map(items.map((item) => [key(item), item]));
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
}

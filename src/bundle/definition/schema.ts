import { z } from "zod";

/**
 * `bundle.yaml` as a person writes it. The schema is the source: the types, the JSON Schema for editors and the reference page
 * are made from it. Unknown keys are errors.
 */
const name = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    "must be lower-case letters, digits and dashes, at most 63 (a DNS label)",
  );
const version = z.string().regex(/^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'must look like "v1.13.9"');
const path = z.string().min(1);
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be "sha256:" and 64 hexadecimal digits');

export const Architecture = z.enum(["amd64", "arm64"]);

export const PackageEntry = z
  .strictObject({
    path: path
      .optional()
      .describe(
        "Folder with a zarf.yaml, of which the package is built now; or a zarf-package file, or oci://registry/package:tag.",
      ),
    file: path.optional().describe("A zarf-package-*.tar.zst that is already built."),
    oci: z
      .string()
      .regex(/^oci:\/\/\S+$/, 'must look like "oci://registry/package:tag"')
      .optional()
      .describe("A published package, oci://registry/package:tag."),
  })
  .refine(
    (entry) => Object.values(entry).filter((value) => value !== undefined).length === 1,
    "must have exactly one of path, file, oci",
  );

export const AssetEntry = z
  .strictObject({
    kind: z.enum(["kernel", "initramfs", "uki", "iso"]).describe("What the file is to a machine that boots."),
    architecture: Architecture.default("amd64").describe("Default amd64."),
    schematic: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "must be the 64 hexadecimal digits of a schematic id")
      .optional()
      .describe("Image Factory schematic the file was made from. Default: none, a plain Talos release."),
    path: path.optional().describe("The file, relative to bundle.yaml."),
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("Where to fetch it, http or https; needs a digest."),
    digest: digest.optional().describe("What the file must hash to. Default with path: taken as it is found."),
  })
  .refine((entry) => (entry.path === undefined) !== (entry.url === undefined), "must have exactly one of path and url")
  .refine((entry) => entry.url === undefined || entry.digest !== undefined, "needs the digest of what the url gives");

export const BundleDefinition = z
  .strictObject({
    apiVersion: z.literal("skerry.dev/v1alpha1"),
    kind: z.literal("Bundle"),
    name: name.describe("Name of the bundle; the file is NAME.bundle.tar."),
    architectures: z
      .array(Architecture)
      .min(1)
      .default(["amd64"])
      .describe("Architectures of the machines. Default [amd64]."),
    sites: z
      .array(path)
      .default([])
      .describe(
        "site.yaml files the closure is computed from, relative to bundle.yaml; `*` and `?` match as in a shell.",
      ),
    talos: version.optional().describe("Talos version, where no site says it."),
    kubernetes: version.optional().describe("Kubernetes version, where no site says it."),
    packages: z
      .array(PackageEntry)
      .default([])
      .describe("Packages to carry, each a folder, a file or a published one."),
    extensions: z
      .array(z.string().regex(/^[a-z0-9-]+\/[a-z0-9-]+$/, 'must look like "siderolabs/iscsi-tools"'))
      .default([])
      .describe("System extensions of the schematic."),
    images: z.array(z.string().min(1)).default([]).describe("Images beyond the closure, by full reference."),
    assets: z.array(AssetEntry).default([]).describe("Boot assets to carry, per architecture and schematic."),
    sign: z
      .strictObject({ key: path.describe("Private key (PEM, Ed25519 or ECDSA P-256), relative to bundle.yaml.") })
      .optional()
      .describe("Who signs the bundle. Default: nobody; a site must then allow unsigned bundles."),
  })
  .refine((bundle) => (bundle.talos === undefined) === (bundle.kubernetes === undefined), {
    error: "talos and kubernetes belong together: give both or neither",
    path: ["talos"],
  })
  .refine(
    (bundle) =>
      bundle.sites.length > 0 || bundle.talos !== undefined || bundle.packages.length > 0 || bundle.images.length > 0,
    {
      error: "is empty: name sites, talos and kubernetes versions, packages or images",
      path: ["name"],
    },
  );

/** As written, defaults applied. */
export type BundleDefinition = z.infer<typeof BundleDefinition>;
export type Architecture = z.infer<typeof Architecture>;
export type AssetEntry = z.infer<typeof AssetEntry>;

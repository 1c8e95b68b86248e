import { z } from "zod";

/**
 * `site.yaml` as a person writes it. The schema is the source: the types, the JSON Schema for editors and the reference page
 * are made from it. Unknown keys are errors.
 */
const name = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    "must be lower-case letters, digits and dashes, at most 63 (a DNS label)",
  );
const ipAddress = z.union([z.ipv4(), z.ipv6()]);
const cidr = z.union([z.cidrv4(), z.cidrv6()]);
const version = z.string().regex(/^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'must look like "v1.13.9"');

export const DiskSelector = z
  .strictObject({
    path: z
      .string()
      .startsWith("/dev/")
      .optional()
      .describe("Device path, e.g. /dev/sda. Safe only where there is one disk."),
    serial: z.string().min(1).optional().describe("Serial number; the safest choice. `*` and `?` match as in a shell."),
    model: z.string().min(1).optional().describe("Model name; `*` and `?` match as in a shell."),
    wwid: z.string().min(1).optional().describe("World-wide id."),
    type: z.enum(["ssd", "hdd", "nvme", "sd"]).optional().describe("Kind of disk."),
    size: z
      .string()
      .regex(/^(<=|>=|<|>|==)? ?\d+(\.\d+)? ?(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$/, 'must look like ">= 200 GB"')
      .optional()
      .describe('Size with a comparison, e.g. ">= 200 GB".'),
  })
  .refine(
    (disk) => Object.values(disk).some((value) => value !== undefined),
    "names no disk: give serial, path, type, size, model or wwid",
  );

export const NodeEntry = z.strictObject({
  name: name.describe("Host name and Kubernetes node name."),
  role: z.enum(["controlplane", "worker"]).describe("What the machine becomes."),
  address: ipAddress.describe("The final IP address."),
  maintenanceAddress: ipAddress
    .optional()
    .describe("Where the machine answers before it is configured, when that differs. Default: address."),
  fingerprint: z
    .string()
    .regex(/^[A-Za-z0-9+/]{43}=$/, "must be the base64 SHA-256 that the machine shows on its console")
    .optional()
    .describe(
      "Certificate fingerprint that the machine shows on its console in maintenance; the config is sent to no other. Default: not checked.",
    ),
  link: z
    .string()
    .regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/, "must be a MAC address in lower case")
    .optional()
    .describe(
      "MAC address of the link that carries `address`, needed where the address or a virtual IP is to be written. Default: DHCP.",
    ),
  disk: DiskSelector.describe("The disk that will be erased and installed; must match exactly one."),
  patches: z
    .array(z.string().min(1))
    .default([])
    .describe("Patch files for this node, after all others, relative to site.yaml."),
});

const configNames = z.array(z.string().min(1)).default([]);

export const SiteSpec = z.strictObject({
  apiVersion: z.literal("skerry.dev/v1alpha1"),
  kind: z.literal("Site"),
  name: name.describe("Name of the site and of its cluster."),
  talos: version.describe("Talos version, e.g. v1.13.9."),
  kubernetes: version.describe("Kubernetes version, e.g. v1.36.3."),
  endpoint: z
    .string()
    .min(1)
    .describe(
      "Virtual IP, load balancer or, with one control plane, its own address. kube-apiserver answers there on port 6443.",
    ),
  virtualIP: z
    .boolean()
    .default(false)
    .describe(
      "Whether Talos itself carries `endpoint` as a virtual IP on the control planes (needs their `link`). Default false.",
    ),
  network: z
    .strictObject({
      gateway: ipAddress.optional().describe("Default route, where addresses are written (nodes with `link`)."),
      prefix: z.number().int().min(1).max(128).default(24).describe("Prefix length of node addresses. Default 24."),
      nameservers: z.array(ipAddress).default([]).describe("DNS servers that stay at the site. Default none."),
      timeServers: z
        .array(z.string().min(1))
        .default([])
        .describe(
          "Time servers that stay at the site. Default none: clocks are checked when configs are applied, and booting waits for time no longer than two minutes.",
        ),
      podSubnets: z.array(cidr).default(["10.244.0.0/16"]).describe("Pod subnets. Default 10.244.0.0/16."),
      serviceSubnets: z.array(cidr).default(["10.96.0.0/12"]).describe("Service subnets. Default 10.96.0.0/12."),
    })
    .prefault({}),
  cni: z
    .enum(["flannel", "none", "package"])
    .default("flannel")
    .describe(
      "Who brings the pod network: Talos' flannel, nobody, or a package of the bundle marked `before: ready`. Default flannel.",
    ),
  nodes: z.array(NodeEntry).min(1).describe("The machines."),
  machineConfigs: z
    .strictObject({
      all: configNames.describe("Patches for every node: built-in names or files."),
      controlPlane: configNames.describe("Patches for control planes."),
      worker: configNames.describe("Patches for workers."),
    })
    .prefault({})
    .describe("Built-in patches by name, or files relative to site.yaml; in this order, then the node's own."),
  mirror: z
    .strictObject({
      address: ipAddress
        .optional()
        .describe("Address of the laptop that nodes pull from. Default: the source address of the route to the nodes."),
      port: z.number().int().min(1).max(65535).default(5443).describe("Port of the laptop mirror. Default 5443."),
    })
    .prefault({}),
  trust: z
    .strictObject({
      keys: z
        .array(z.string().min(1))
        .default([])
        .describe("Public keys (PEM files) one of which must have signed the bundle."),
      allowUnsigned: z.boolean().default(false).describe("Whether an unsigned bundle is accepted. Default false."),
    })
    .prefault({}),
  packages: z
    .array(
      z.strictObject({
        name: name.describe("Name of a package in the bundle."),
        before: z
          .literal("ready")
          .optional()
          .describe(
            "`ready`: deployed as soon as the API server answers, before nodes are expected to be Ready (a CNI).",
          ),
        variables: z
          .record(z.string().regex(/^[A-Z0-9_]+$/, "variable names are upper case"), z.string())
          .default({})
          .describe("Values for the package's variables; never those of sensitive ones."),
        secretsFrom: z
          .string()
          .min(1)
          .optional()
          .describe(
            "File with values of sensitive variables (YAML, `NAME: value`), readable by its owner only, or encrypted with age (`.age`); relative to site.yaml.",
          ),
        components: z
          .array(z.string().min(1))
          .default([])
          .describe("Optional components by name or glob; a leading `-` leaves out. Default: the package's defaults."),
        values: z
          .array(z.string().min(1))
          .default([])
          .describe(
            "Files with values for the package (`.Values`), later ones over earlier ones; relative to site.yaml.",
          ),
        namespace: name
          .optional()
          .describe("Namespace that the package is put into instead of its own, where it uses exactly one."),
      }),
    )
    .default([])
    .describe("Packages to deploy, in this order."),
});

/** As written. */
export type SiteSpec = z.infer<typeof SiteSpec>;
export type SiteNode = Readonly<z.infer<typeof NodeEntry>>;
export type DiskSelector = Readonly<z.infer<typeof DiskSelector>>;

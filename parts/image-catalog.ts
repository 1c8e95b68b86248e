import type { Architecture, PartName } from "./catalog.ts";
import type { DebianToolsName } from "./debian-catalog.ts";

/** One thing in an image layer; paths are absolute in the image. */
export type ImageFile =
  | { readonly kind: "directory"; readonly path: string; readonly mode: number }
  | { readonly kind: "text"; readonly path: string; readonly text: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string }
  | { readonly kind: "part"; readonly path: string; readonly part: PartName }
  | { readonly kind: "debian"; readonly tools: DebianToolsName };

/** One image, under the name that upstream publishes it by. */
export interface Image {
  readonly reference: string;
  /** More than one makes an image index with one manifest each. */
  readonly architectures: readonly Architecture[];
  readonly layers: readonly (readonly ImageFile[])[];
  readonly entrypoint: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** "uid:gid"; default root. Numeric, because `runAsNonRoot` cannot judge names. */
  readonly user?: string;
  /** "5000/tcp" */
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  /** Set where the image only stands in for upstream's: what it lacks, in one sentence. It becomes a label. */
  readonly standIn?: string;
}

const base: readonly ImageFile[] = [
  {
    kind: "text",
    path: "/etc/passwd",
    text: "root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
  },
  { kind: "text", path: "/etc/group", text: "root:x:0:\nnonroot:x:65532:\n" },
  // Without it Go's resolver may ask DNS before it looks into /etc/hosts.
  { kind: "text", path: "/etc/nsswitch.conf", text: "hosts: files dns\n" },
  { kind: "directory", path: "/tmp", mode: 0o1777 },
];

/** An image of one program of ours, on the base layer that all share. */
function programImage(
  reference: string,
  program: { readonly part: PartName; readonly path: string },
  more: Partial<Omit<Image, "reference">> = {},
): Image {
  return {
    reference,
    architectures: ["amd64"],
    layers: [base, [{ kind: "part", ...program }]],
    entrypoint: [program.path],
    ...more,
  };
}

/** Debian's busybox, and links to it for these of its programs. `/bin` is `/usr/bin`. */
export function busybox(applets: readonly string[]): readonly ImageFile[] {
  return [
    { kind: "debian", tools: "busybox" },
    { kind: "link", path: "/bin", target: "usr/bin" },
    ...applets.map((applet) => ({ kind: "link", path: `/usr/bin/${applet}`, target: "busybox" }) as const),
  ];
}

/** What people ask for in `kubectl exec`. */
const shell = busybox(
  "cat cp date df dirname echo env false find grep head hostname id ip kill ls mkdir mv nc netstat nslookup ping printenv printf ps pwd rm sed sh sleep sort stat tail tar test top touch tr true uname vi wc wget which xargs".split(
    " ",
  ),
);

function localBin(part: PartName): { readonly part: PartName; readonly path: string } {
  return { part, path: `/usr/local/bin/${part}` };
}

/** An image that is only pulled: its one file says what it is. */
function standInImage(reference: string, about: { readonly program: string; readonly sentence: string }): Image {
  return {
    reference,
    architectures: ["amd64"],
    layers: [base, [{ kind: "text", path: "/README", text: `This image ${about.sentence}.\n` }]],
    entrypoint: [about.program],
    standIn: about.sentence,
  };
}

const registryConfig = `version: 0.1
log: {level: info}
storage:
  filesystem: {rootdirectory: /var/lib/registry}
  delete: {enabled: true}
http: {addr: ":5000"}
`;

/** Every image of the test internet: what a cluster of Talos 1.13.9 with Kubernetes 1.36.3 pulls, and a workload. */
export const images: readonly Image[] = [
  programImage("registry.k8s.io/kube-apiserver:v1.36.3", localBin("kube-apiserver")),
  programImage("registry.k8s.io/kube-controller-manager:v1.36.3", localBin("kube-controller-manager")),
  programImage("registry.k8s.io/kube-scheduler:v1.36.3", localBin("kube-scheduler")),
  programImage("registry.k8s.io/kube-proxy:v1.36.3", localBin("kube-proxy"), {
    layers: [base, [{ kind: "debian", tools: "nft" }], [{ kind: "part", ...localBin("kube-proxy") }]],
  }),
  programImage("ghcr.io/siderolabs/kubelet:v1.36.3", localBin("kubelet"), {
    layers: [
      base,
      [
        { kind: "debian", tools: "mount" },
        // Talos binds the host's /run over /run; the kubelet looks below /var/run.
        { kind: "directory", path: "/run", mode: 0o755 },
        { kind: "link", path: "/var/run", target: "/run" },
      ],
      [{ kind: "part", ...localBin("kubelet") }],
    ],
  }),
  programImage("registry.k8s.io/etcd:v3.6.12", localBin("etcd"), {
    layers: [base, [{ kind: "part", ...localBin("etcd") }], [{ kind: "part", ...localBin("etcdutl") }]],
    ports: ["2379/tcp", "2380/tcp"],
  }),
  programImage(
    "docker.io/library/registry:3",
    { part: "registry", path: "/bin/registry" },
    {
      layers: [
        base,
        [
          { kind: "text", path: "/etc/distribution/config.yml", text: registryConfig },
          { kind: "directory", path: "/var/lib/registry", mode: 0o777 },
          { kind: "part", path: "/bin/registry", part: "registry" },
        ],
      ],
      entrypoint: ["registry"],
      cmd: ["serve", "/etc/distribution/config.yml"],
      // It would send traces to a collector at localhost:4318 otherwise.
      env: { OTEL_TRACES_EXPORTER: "none" },
      ports: ["5000/tcp"],
      volumes: ["/var/lib/registry"],
    },
  ),
  programImage(
    "registry.k8s.io/pause:3.10.1",
    { part: "pause", path: "/pause" },
    {
      architectures: ["amd64", "arm64"],
      layers: [[{ kind: "part", path: "/pause", part: "pause" }]],
      user: "65535:65535",
      standIn: "a small program of ours with the same duties as upstream's pause",
    },
  ),
  // Root, unlike upstream: their binary has the file capability to bind port 53, and file capabilities need a patched tar.
  programImage("registry.k8s.io/coredns/coredns:v1.14.6", { part: "coredns", path: "/coredns" }, { ports: ["53/udp"] }),
  programImage(
    "registry.k8s.io/e2e-test-images/agnhost:2.63.0",
    { part: "agnhost", path: "/agnhost" },
    {
      layers: [base, shell, [{ kind: "part", path: "/agnhost", part: "agnhost" }]],
      cmd: ["pause"],
      ports: ["8080/tcp"],
    },
  ),
  standInImage("ghcr.io/siderolabs/installer:v1.13.9", {
    program: "/bin/installer",
    sentence: "has the name of Talos' installer and nothing that could install; simulated machines model the rest",
  }),
  // flannel's own daemon needs a C compiler on amd64, so it is not among the parts.
  programImage(
    "ghcr.io/siderolabs/flannel:0.28.8",
    { part: "rack-net", path: "/opt/bin/flanneld" },
    {
      // Talos' manifest copies a file with `cp` before it starts the daemon.
      layers: [base, shell, [{ kind: "part", path: "/opt/bin/flanneld", part: "rack-net" }]],
      standIn:
        "has a small program of ours for flannel's daemon: pods of nodes on one switch reach each other by plain IPv4 routes, without vxlan",
    },
  ),
];

/** The parts that images are made of. */
export function partsOfImages(): readonly PartName[] {
  return partsOf(images.flatMap((image) => image.layers.flat()));
}

/** The parts among these files, sorted, each once. */
export function partsOf(files: readonly ImageFile[]): readonly PartName[] {
  const names = new Set<PartName>();
  for (const file of files) {
    if (file.kind === "part") names.add(file.part);
  }
  return [...names].sort();
}

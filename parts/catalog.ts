/** Architectures that parts are built for; programs that run on this machine are amd64, the chart engine runs in Node. */
export type Architecture = "amd64" | "arm64" | "wasm";

/** One real program, built by pin from the Go module in `parts/<folder>`. */
export interface Part {
  /** Name of the part, of its binary and of its folder in the cache. */
  readonly name: string;
  /** Folder of the Go module that pins it, below `parts/`. */
  readonly folder: string;
  /** Module that the program comes from; `go.mod` requires it at exactly `version`. Ours have their own module path. */
  readonly module: string;
  readonly version: string;
  /** Go package of the command; "." is the module's own root. */
  readonly package: string;
  /** Linker variables that tell the program its version, as `import/path.name=value`. */
  readonly stamp: readonly string[];
  /** Build tags of `go`; default none. */
  readonly tags?: readonly string[];
  /** The first one runs here, the others are only put into images. */
  readonly architectures: readonly Architecture[];
}

const kubernetesVersion = "v1.36.3";
const [kubernetesMajor, kubernetesMinor] = kubernetesVersion.slice(1).split(".");

function kubernetesPart<const Name extends string>(name: Name, packagePath: string) {
  return {
    name,
    folder: "kubernetes",
    module: "k8s.io/kubernetes",
    version: kubernetesVersion,
    package: `k8s.io/kubernetes/${packagePath}`,
    // Without these a client sees v0.0.0 and refuses on version skew.
    stamp: [
      `k8s.io/component-base/version.gitVersion=${kubernetesVersion}`,
      `k8s.io/component-base/version.gitMajor=${kubernetesMajor}`,
      `k8s.io/component-base/version.gitMinor=${kubernetesMinor}`,
      "k8s.io/component-base/version.gitCommit=",
      "k8s.io/component-base/version.gitTreeState=clean",
    ],
    architectures: ["amd64"],
  } as const satisfies Part;
}

const containerdVersion = "v2.2.9";

function containerdPart<const Name extends string>(name: Name) {
  return {
    name,
    folder: "containerd",
    module: "github.com/containerd/containerd/v2",
    version: containerdVersion,
    package: `github.com/containerd/containerd/v2/cmd/${name}`,
    stamp: [`github.com/containerd/containerd/v2/version.Version=${containerdVersion}`],
    // Snapshotters that a node does not use; btrfs would need a C compiler.
    tags: ["no_btrfs", "no_devmapper", "no_zfs"],
    architectures: ["amd64"],
  } as const satisfies Part;
}

const cniPluginsVersion = "v1.9.1";

/** A CNI plugin; in `/opt/cni/bin` it has its name without "cni-". */
function cniPart<const Name extends `cni-${string}`>(name: Name, packagePath: string) {
  return {
    name,
    folder: "cni-plugins",
    module: "github.com/containernetworking/plugins",
    version: cniPluginsVersion,
    package: `github.com/containernetworking/plugins/plugins/${packagePath}`,
    stamp: [`github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion=${cniPluginsVersion}`],
    architectures: ["amd64"],
  } as const satisfies Part;
}

const helmVersion = "v4.3.1";
const helmStamp = [`helm.sh/helm/v4/internal/version.version=${helmVersion}`] as const;

/** Every part, in the order in which building them cold takes the least time: the first of a module pays for the others. */
export const parts = [
  {
    name: "pause",
    folder: "pause",
    module: "skerry.dev/parts/pause",
    version: "3.10.1",
    package: ".",
    stamp: [],
    architectures: ["amd64", "arm64"],
  },
  {
    name: "etcd",
    folder: "etcd",
    module: "go.etcd.io/etcd/server/v3",
    version: "v3.6.12",
    package: "go.etcd.io/etcd/server/v3",
    stamp: [],
    architectures: ["amd64"],
  },
  {
    name: "etcdutl",
    folder: "etcdutl",
    module: "go.etcd.io/etcd/etcdutl/v3",
    // The newest one of 3.6 that the checksum database of Go has; a snapshot is restored alike in all of 3.6.
    version: "v3.6.10",
    package: "go.etcd.io/etcd/etcdutl/v3",
    stamp: [],
    architectures: ["amd64"],
  },
  {
    name: "registry",
    folder: "registry",
    module: "github.com/distribution/distribution/v3",
    version: "v3.1.2",
    package: "github.com/distribution/distribution/v3/cmd/registry",
    stamp: ["github.com/distribution/distribution/v3/version.version=v3.1.2"],
    architectures: ["amd64"],
  },
  kubernetesPart("kube-apiserver", "cmd/kube-apiserver"),
  kubernetesPart("kube-controller-manager", "cmd/kube-controller-manager"),
  kubernetesPart("kube-scheduler", "cmd/kube-scheduler"),
  kubernetesPart("kubectl", "cmd/kubectl"),
  kubernetesPart("kubelet", "cmd/kubelet"),
  kubernetesPart("kube-proxy", "cmd/kube-proxy"),
  kubernetesPart("agnhost", "test/images/agnhost"),
  {
    name: "helm-engine",
    folder: "../engine",
    module: "skerry.dev/engine",
    version: helmVersion.slice(1),
    package: ".",
    stamp: helmStamp,
    architectures: ["wasm"],
  },
  {
    name: "helm",
    folder: "helm",
    module: "helm.sh/helm/v4",
    version: helmVersion,
    package: "helm.sh/helm/v4/cmd/helm",
    stamp: helmStamp,
    architectures: ["amd64"],
  },
  {
    name: "coredns",
    folder: "coredns",
    module: "github.com/coredns/coredns",
    version: "v1.14.6",
    package: "github.com/coredns/coredns",
    stamp: [],
    architectures: ["amd64"],
  },
  {
    name: "talos-peer",
    folder: "talos-peer",
    module: "github.com/siderolabs/talos/pkg/machinery",
    version: "v1.13.9",
    package: ".",
    stamp: [],
    architectures: ["amd64"],
  },
  containerdPart("containerd"),
  containerdPart("containerd-shim-runc-v2"),
  containerdPart("ctr"),
  cniPart("cni-bridge", "main/bridge"),
  cniPart("cni-host-local", "ipam/host-local"),
  cniPart("cni-loopback", "main/loopback"),
  cniPart("cni-portmap", "meta/portmap"),
  cniPart("cni-firewall", "meta/firewall"),
  {
    name: "rack-net",
    folder: "rack-net",
    module: "skerry.dev/parts/rack-net",
    version: "0.28.8",
    package: ".",
    stamp: ["main.version=0.28.8"],
    architectures: ["amd64"],
  },
] as const satisfies readonly Part[];

export type PartName = (typeof parts)[number]["name"];

/** The row of `name`; undefined when there is no such part. */
export function findPart(name: string): (typeof parts)[number] | undefined {
  return parts.find((part) => part.name === name);
}

/** File name of the binary inside its cache folder: the name, with the architecture where it is not the first one. */
export function binaryName(part: Part, architecture: Architecture): string {
  return architecture === part.architectures[0] ? part.name : `${part.name}-${architecture}`;
}

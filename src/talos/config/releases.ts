import { OperatorError } from "../../lib/errors/index.ts";

/** The images of one Talos release that no machine config of ours names, or names only by default. */
interface Release {
  readonly etcd: string;
  readonly coredns: string;
  readonly flannel: string;
  /** The sandbox of every pod. */
  readonly pause: string;
  readonly installer: string;
}

const ghcrInstaller = (version: string): string => `ghcr.io/siderolabs/installer:${version}`;
/** The Image Factory's installer of the schematic without extensions; the default since 1.14. */
const EMPTY_SCHEMATIC = "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba";

/**
 * Versions are never composed: the form of a tag changes between releases (etcd `v3.6.12`, then `3.7.1`; flannel `v0.27.4`, then
 * `0.28.8`). Sources: etcd, CoreDNS and flannel from pkg/machinery/constants/constants.go and gendata of the release
 * (DefaultEtcdVersion, DefaultCoreDNSVersion, FlannelVersion); pause from the sandbox image of the release's containerd
 * configuration, printed by `talosctl image k8s-bundle`; all of v1.13.9 seen on a running node.
 */
const RELEASES: Readonly<Record<string, Release>> = {
  "v1.12.11": release("v1.12.11", { etcd: "v3.6.11", coredns: "v1.14.2", flannel: "v0.27.4", pause: "3.10.1" }),
  "v1.13.0": release("v1.13.0", { etcd: "v3.6.9", coredns: "v1.14.2", flannel: "v0.28.4", pause: "3.10.1" }),
  "v1.13.8": release("v1.13.8", { etcd: "v3.6.12", coredns: "v1.14.6", flannel: "0.28.8", pause: "3.10.1" }),
  "v1.13.9": release("v1.13.9", { etcd: "v3.6.12", coredns: "v1.14.6", flannel: "0.28.8", pause: "3.10.1" }),
  "v1.14.0-rc.1": {
    ...release("v1.14.0-rc.1", { etcd: "3.7.1", coredns: "v1.14.6", flannel: "0.28.9", pause: "3.10.2" }),
    installer: `factory.talos.dev/metal-installer/${EMPTY_SCHEMATIC}:v1.14.0-rc.1`,
  },
};

function release(version: string, tags: Omit<Release, "installer">): Release {
  return {
    etcd: `registry.k8s.io/etcd:${tags.etcd}`,
    coredns: `registry.k8s.io/coredns/coredns:${tags.coredns}`,
    flannel: `ghcr.io/siderolabs/flannel:${tags.flannel}`,
    pause: `registry.k8s.io/pause:${tags.pause}`,
    installer: ghcrInstaller(version),
  };
}

/** The Talos releases whose images are known, oldest first. */
export const knownReleases: readonly string[] = Object.keys(RELEASES);

export interface TalosImage {
  readonly reference: string;
  /** Who pulls it, for the closure: "every pod's sandbox" */
  readonly why: string;
}

export interface TalosImagesOptions {
  /** `v1.36.3` */
  readonly kubernetes: string;
  /** default: flannel */
  readonly cni?: "flannel" | "none";
}

/**
 * Every image that a cluster of this Talos release pulls of its own accord, with the defaults of that release; what a rendered
 * config names instead comes from `imagesOf`.
 *
 * @throws OperatorError TALOS_RELEASE_UNKNOWN when the release is not in the table
 */
export function talosImages(
  version: string,
  { kubernetes, cni = "flannel" }: TalosImagesOptions,
): readonly TalosImage[] {
  const images = releaseOf(version);
  const component = (name: string): TalosImage => ({
    reference: `registry.k8s.io/${name}:${kubernetes}`,
    why: `Talos' static pod or DaemonSet ${name}`,
  });
  return [
    { reference: images.installer, why: `installs Talos ${version} on the disk` },
    { reference: kubeletImage(kubernetes), why: "the kubelet of every node" },
    { reference: images.etcd, why: "etcd of every control plane" },
    component("kube-apiserver"),
    component("kube-controller-manager"),
    component("kube-scheduler"),
    component("kube-proxy"),
    { reference: images.coredns, why: "Talos' CoreDNS Deployment" },
    ...(cni === "flannel" ? [{ reference: images.flannel, why: "Talos' flannel DaemonSet" }] : []),
    { reference: images.pause, why: "every pod's sandbox" },
  ];
}

/** The installer that Talos' own tools would write into a config of this release. */
export function defaultInstaller(version: string): string {
  return releaseOf(version).installer;
}

export function kubeletImage(kubernetesVersion: string): string {
  return `ghcr.io/siderolabs/kubelet:${kubernetesVersion}`;
}

function releaseOf(version: string): Release {
  const found = Object.hasOwn(RELEASES, version) ? RELEASES[version] : undefined;
  if (found === undefined) {
    throw new OperatorError("TALOS_RELEASE_UNKNOWN", `the images of Talos ${version} are not known`, {
      next: [`set talos: to one of ${knownReleases.join(", ")}`],
    });
  }
  return found;
}

/**
 * What a simulated machine has inside, as its Talos face (`machine/`) sees it. The face decides stages, TLS, authorization
 * and answers; the interior pulls images, owns the disk and runs etcd, the control plane and the kubelet.
 */

/** A document of the applied machine config, parsed; the v1alpha1 document has no kind. */
export interface AppliedConfig {
  /** Byte for byte what was applied. */
  readonly text: string;
  /** The v1alpha1 document (keys `machine`, `cluster`). */
  readonly v1alpha1: Readonly<Record<string, unknown>>;
  /** The other documents, with `kind` and mostly `name`. */
  readonly documents: readonly Readonly<Record<string, unknown>>[];
  readonly role: "controlplane" | "worker";
}

export type ServiceState =
  | "Initialized"
  | "Starting"
  | "Preparing"
  | "Waiting"
  | "Running"
  | "Stopping"
  | "Finished"
  | "Failed"
  | "Skipped";

/** What the interior tells its face. */
export interface InteriorHost {
  readonly service: (id: string, state: ServiceState, message: string, healthy?: boolean) => void;
  /** A line of the kernel log / dmesg of the machine. */
  readonly log: (service: string, line: string) => void;
  /** Static pods, the Node object or the etcd members are not what they were: the face asks again. */
  readonly changed: () => void;
  /** The name the node registers with (HostnameConfig). */
  readonly nodeName: string;
  /** The node's own address. */
  readonly address: string;
}

export interface EtcdMember {
  readonly id: bigint;
  readonly hostname: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export type ImageNamespace = "system" | "cri" | "inmem";

export interface StoredImage {
  readonly name: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly createdAt: Date;
}

export interface StaticPodStatus {
  /** `kube-system/kube-apiserver-<node>` */
  readonly id: string;
  readonly ready: boolean;
}

export type BootstrapAnswer = "accepted" | "data-not-empty";

/** The inside of one machine; all methods are safe to call in any stage. */
export interface Interior {
  /** Whether the system disk holds an installation (survives power loss, not a wipe). */
  readonly installedDisk: () => string | undefined;
  /** The config kept on the STATE partition of the installed disk. */
  readonly persistedConfig: () => string | undefined;
  readonly persistConfig: (text: string) => void;
  /** Pulls the installer image through the config's mirrors and writes the disk; throws with the reason, as an installer would. */
  readonly install: (
    config: AppliedConfig,
    disk: string,
    options: { readonly signal: AbortSignal; readonly host: InteriorHost },
  ) => Promise<void>;
  /** Starts containerd, cri, kubelet and, on a control plane, waits for etcd; returns at once, reports through the host. */
  readonly start: (config: AppliedConfig, host: InteriorHost) => void;
  /** A new config without reboot: mirrors and images follow it. */
  readonly reconfigure: (config: AppliedConfig) => void;
  readonly bootstrapEtcd: () => Promise<BootstrapAnswer>;
  /** Rejects when etcd is not up after a moment (the face then lets the call hang as Talos does). */
  readonly etcdMembers: () => Promise<readonly EtcdMember[]>;
  readonly listImages: (namespace: ImageNamespace) => readonly StoredImage[];
  /** Resolves with `repo@sha256:…`; rejects with the reason of the last endpoint, `kind: "not-found"` when none has it. */
  readonly pullImage: (
    namespace: ImageNamespace,
    reference: string,
    options: {
      readonly signal: AbortSignal;
      readonly progress: (layer: string, offset: number, total: number) => void;
    },
  ) => Promise<string>;
  /** An OCI layout or docker archive as a tar stream; resolves with the first image's name. */
  readonly importImage: (
    namespace: ImageNamespace,
    archive: AsyncIterable<Uint8Array>,
    options: { readonly signal: AbortSignal },
  ) => Promise<string>;
  readonly staticPods: () => readonly StaticPodStatus[];
  /** Whether the Kubernetes Node object of this machine is Ready (undefined: not registered yet). */
  readonly nodeReady: () => boolean | undefined;
  /** Stops everything; `power-loss` without any goodbye, as a pulled plug does. */
  readonly stop: (how: "shutdown" | "power-loss") => Promise<void>;
}

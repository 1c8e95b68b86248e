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

/** What Bootstrap asks of etcd. */
export interface BootstrapOrder {
  /** Start from the snapshot that EtcdRecover brought instead of from nothing. */
  readonly recover: boolean;
  /** Take a snapshot without an integrity hash at its end: a copy of a data folder. */
  readonly skipHashCheck: boolean;
}

/** `data-not-empty`: bootstrapped or joined before, or what a recovery left that failed. */
export type BootstrapAnswer = "accepted" | "data-not-empty";

/** Partitions of the system disk that can be wiped alone. */
export type PartitionLabel = "STATE" | "EPHEMERAL" | "META";

/** What a reset wipes: the whole system disk, or partitions of it. */
export type Wipe =
  | { readonly systemDisk: true }
  | { readonly systemDisk: false; readonly labels: readonly PartitionLabel[] };

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
  /**
   * Lets etcd begin a cluster of its own; rejects before `start`. A snapshot that is missing or cannot be restored fails the etcd service,
   * not this call, as on a real node: one that is no database leaves nothing, one whose hash is wrong leaves data that has to be wiped.
   */
  readonly bootstrapEtcd: (order: BootstrapOrder) => Promise<BootstrapAnswer>;
  /** Rejects when etcd is not up after a moment (the face then lets the call hang as Talos does). */
  readonly etcdMembers: () => Promise<readonly EtcdMember[]>;
  /** etcd's backend as its maintenance API streams it: a bbolt file and the SHA-256 of it. Throws when etcd does not answer. */
  readonly etcdSnapshot: (options: { readonly signal: AbortSignal }) => AsyncIterable<Uint8Array>;
  /**
   * Keeps a snapshot on EPHEMERAL until Bootstrap asks for it; nothing of it is judged yet. A stream that breaks off leaves nothing.
   * Rejects with `kind: "not-mounted"` while EPHEMERAL is not there.
   */
  readonly etcdRecover: (
    snapshot: AsyncIterable<Uint8Array>,
    options: { readonly signal: AbortSignal },
  ) => Promise<void>;
  /** This control plane leaves its etcd cluster, stops etcd and removes its data; nothing to do on a worker. Rejects when it cannot. */
  readonly leaveEtcd: (options: { readonly signal: AbortSignal }) => Promise<void>;
  /** After `stop("shutdown")`: what is wiped is as on a disk that never held it. META holds nothing that a machine here needs. */
  readonly wipe: (what: Wipe) => Promise<void>;
  readonly listImages: (namespace: ImageNamespace) => Promise<readonly StoredImage[]>;
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

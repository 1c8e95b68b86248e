import type { Clock } from "../../lib/clock.ts";
import { resourceTypes } from "./resource-types.ts";

/** The kinds that a machine fills, by the name we use for them. */
export const KINDS = {
  machineStatus: ["MachineStatuses.runtime.talos.dev", "runtime.MachineStatusController"],
  machineType: ["MachineTypes.config.talos.dev", "config.MachineTypeController"],
  machineConfig: ["MachineConfigs.config.talos.dev", ""],
  version: ["Versions.runtime.talos.dev", "runtime.VersionController"],
  systemInformation: ["SystemInformations.hardware.talos.dev", "hardware.SystemInfoController"],
  disk: ["Disks.block.talos.dev", "block.DisksController"],
  systemDisk: ["SystemDisks.block.talos.dev", "block.SystemDiskController"],
  linkStatus: ["LinkStatuses.net.talos.dev", "network.LinkStatusController"],
  nodeAddress: ["NodeAddresses.net.talos.dev", "network.NodeAddressController"],
  hostnameStatus: ["HostnameStatuses.net.talos.dev", "network.HostnameSpecController"],
  networkStatus: ["NetworkStatuses.net.talos.dev", "network.StatusController"],
  service: ["Services.v1alpha1.talos.dev", "v1alpha1.ServiceController"],
  timeStatus: ["TimeStatuses.v1alpha1.talos.dev", "time.SyncController"],
  securityState: ["SecurityStates.talos.dev", "runtime.SecurityStateController"],
  etcdMember: ["EtcdMembers.etcd.talos.dev", "etcd.MemberController"],
  staticPodStatus: ["StaticPodStatuses.kubernetes.talos.dev", "k8s.KubeletStaticPodController"],
  nodename: ["Nodenames.kubernetes.talos.dev", "k8s.NodenameController"],
  nodeStatus: ["NodeStatuses.kubernetes.talos.dev", "k8s.NodeStatusController"],
  registryConfig: ["RegistryConfigs.cri.talos.dev", "cri.RegistriesConfigController"],
  osRootSecret: ["OSRootSecrets.secrets.talos.dev", "secrets.RootOSController"],
  definition: ["ResourceDefinitions.meta.cosi.dev", "meta"],
} as const satisfies Readonly<Record<string, readonly [type: string, owner: string]>>;

export type Kind = keyof typeof KINDS;

export interface StoredResource {
  readonly namespace: string;
  readonly type: string;
  readonly id: string;
  readonly owner: string;
  readonly version: number;
  readonly created: Date;
  readonly updated: Date;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: unknown;
}

export interface StoreChange {
  readonly event: "created" | "updated" | "destroyed";
  readonly resource: StoredResource;
  readonly old: StoredResource | undefined;
}

/** The resources of one boot; a change is told to whoever watches. */
export class ResourceStore {
  readonly #clock: Clock;
  readonly #byType = new Map<string, Map<string, StoredResource>>();
  readonly #listeners = new Set<(change: StoreChange) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Writes a spec; an equal one changes nothing unless `always`, as with configs that are applied again. */
  set(
    kind: Kind,
    id: string,
    spec: unknown,
    {
      always = false,
      annotations = {},
    }: { readonly always?: boolean; readonly annotations?: Readonly<Record<string, string>> } = {},
  ): void {
    const [type, owner] = KINDS[kind];
    const all = this.#byType.get(type) ?? new Map<string, StoredResource>();
    this.#byType.set(type, all);
    const old = all.get(id);
    if (old !== undefined && !always && JSON.stringify(old.spec) === JSON.stringify(spec)) return;
    const now = this.#clock.now();
    const namespace = resourceTypes.get(type.toLowerCase())?.namespace ?? "";
    const resource = {
      namespace,
      type,
      id,
      owner,
      version: (old?.version ?? 0) + 1,
      created: old?.created ?? now,
      updated: now,
      annotations,
      spec,
    };
    all.set(id, resource);
    this.#tell({ event: old === undefined ? "created" : "updated", resource, old });
  }

  remove(kind: Kind, id: string): void {
    const [type] = KINDS[kind];
    const resource = this.#byType.get(type)?.get(id);
    if (resource === undefined) return;
    this.#byType.get(type)?.delete(id);
    this.#tell({ event: "destroyed", resource, old: undefined });
  }

  get(namespace: string, type: string, id: string): StoredResource | undefined {
    const found = this.#byType.get(type)?.get(id);
    return found?.namespace === namespace ? found : undefined;
  }

  /** Sorted by id. */
  list(namespace: string, type: string): readonly StoredResource[] {
    return [...(this.#byType.get(type)?.values() ?? [])]
      .filter((resource) => resource.namespace === namespace)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Returns a function that ends the listening. */
  listen(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(change: StoreChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/**
 * Where Talos' strategic merge departs from its general rule (mappings key by key, lists appended, a zero scalar changes
 * nothing). Read from the types of pkg/machinery v1.13.9, and of v1.14.0-rc.1 for the kinds that are new there; the contract
 * test asks Talos' own library for this list and compares. `[]` stands for any list item, `*` for any key.
 */
export type MergeRule =
  | { readonly kind: "replace" }
  /** Items that agree in one of these keys are merged; the first key that the patch item has counts. */
  | { readonly kind: "keyed"; readonly keys: readonly string[]; readonly onMatch: "merge" | "replace" }
  /** Key by key, each value replaced whole. */
  | { readonly kind: "arguments" }
  /** A scalar that zero and the empty text change too. */
  | { readonly kind: "overwrite" };

const REPLACE: MergeRule = { kind: "replace" };
const ARGUMENTS: MergeRule = { kind: "arguments" };
const OVERWRITE: MergeRule = { kind: "overwrite" };
const keyed = (keys: readonly string[], onMatch: "merge" | "replace" = "merge"): MergeRule => ({
  kind: "keyed",
  keys,
  onMatch,
});

/** Numbers that Talos tells apart from "not set", so that a patch can set them to zero. */
const numbers = (names: string): Readonly<Record<string, MergeRule>> =>
  Object.fromEntries(names.split(/\s+/).map((name) => [name, OVERWRITE]));

/** By `kind` (empty for the document without one), then by path. */
export const mergeRules: Readonly<Record<string, Readonly<Record<string, MergeRule>>>> = {
  "": {
    "machine.kubelet.extraArgs": ARGUMENTS,
    "machine.network.interfaces": keyed(["interface", "deviceSelector"]),
    "machine.network.interfaces.[].vlans": keyed(["vlanId"]),
    "machine.network.kubespan.mtu": OVERWRITE,
    "cluster.network.podSubnets": REPLACE,
    "cluster.network.serviceSubnets": REPLACE,
    "cluster.apiServer.extraArgs": ARGUMENTS,
    "cluster.apiServer.admissionControl": keyed(["name"]),
    "cluster.apiServer.auditPolicy": REPLACE,
    "cluster.controllerManager.extraArgs": ARGUMENTS,
    "cluster.proxy.extraArgs": ARGUMENTS,
    "cluster.scheduler.extraArgs": ARGUMENTS,
    "cluster.etcd.extraArgs": ARGUMENTS,
  },
  BondConfig: numbers(`adActorSysPrio adUserPortKey allSlavesActive arpInterval downdelay lpInterval miimon minLinks
    missedMax numPeerNotif packetsPerSlave peerNotifDelay resendIGMP tlbLogicalLb updelay`),
  EthernetConfig: numbers(`channels.combined channels.other channels.rx channels.tx rings.cqe-size rings.rx
    rings.rx-buf-len rings.rx-jumbo rings.rx-mini rings.tx rings.tx-push-buf-len`),
  KubeSpanConfig: { mtu: OVERWRITE },
  ZswapConfig: { maxPoolPercent: OVERWRITE },
  NetworkRuleConfig: { ingress: REPLACE, "portSelector.ports": REPLACE },
  ExtensionServiceConfig: { configFiles: keyed(["mountPath"]) },
  ImageVerificationConfig: { rules: keyed(["image"], "replace") },
  // From 1.14 on.
  KubeNetworkConfig: { podSubnets: REPLACE, serviceSubnets: REPLACE },
  KubeAuditPolicyConfig: { configuration: REPLACE },
  KubeAuthenticationConfig: { configuration: REPLACE },
  KubeCredentialProviderConfig: { configuration: REPLACE },
  KubeStaticPodConfig: { pod: REPLACE },
  CRIBaseRuntimeSpecConfig: { overrides: REPLACE },
  BGPInstanceConfig: { advertise: REPLACE, importRoutes: REPLACE, neighbors: REPLACE },
  KubeletConfig: { extraArgs: ARGUMENTS },
  KubeAPIServerConfig: { extraArgs: ARGUMENTS },
  KubeControllerManagerConfig: { extraArgs: ARGUMENTS },
  KubeSchedulerConfig: { extraArgs: ARGUMENTS },
  KubeProxyConfig: { extraArgs: ARGUMENTS },
};

/**
 * Mappings with keys of the user's own. Deleting a key that is not there is refused in them, while a known but unset field may
 * be deleted.
 */
export const freeMappings: Readonly<Record<string, readonly string[]>> = {
  "": [
    "machine.env",
    "machine.nodeAnnotations",
    "machine.nodeLabels",
    "machine.nodeTaints",
    "machine.registries.config",
    "machine.registries.mirrors",
    "machine.sysctls",
    "machine.sysfs",
    "machine.kubelet.extraArgs",
    "cluster.apiServer.env",
    "cluster.apiServer.extraArgs",
    "cluster.controllerManager.env",
    "cluster.controllerManager.extraArgs",
    "cluster.etcd.extraArgs",
    "cluster.extraManifestHeaders",
    "cluster.proxy.extraArgs",
    "cluster.scheduler.env",
    "cluster.scheduler.extraArgs",
  ],
  EnvironmentConfig: ["variables"],
};

export function ruleAt(kind: string, path: readonly string[]): MergeRule | undefined {
  return Object.hasOwn(mergeRules, kind) ? mergeRules[kind]?.[path.join(".")] : undefined;
}

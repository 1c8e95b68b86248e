import { asRecord } from "./values.ts";

/** Parts of the v1alpha1 document that Talos 1.13 changes without a reboot; other documents never need one. */
const HOT_MACHINE = [
  "ca",
  "acceptedCAs",
  "time",
  "certSANs",
  "install",
  "network",
  "sysfs",
  "sysctls",
  "logging",
  "controlPlane",
  "kubelet",
  "kernel",
  "registries",
  "pods",
  "seccompProfiles",
  "nodeAnnotations",
  "nodeLabels",
  "nodeTaints",
];
const HOT_FEATURES = ["kubernetesTalosAPIAccess", "kubePrism", "hostDNS", "imageCache", "nodeAddressSortAlgorithm"];

type Values = Readonly<Record<string, unknown>>;

/** Whether going from one v1alpha1 document to the other takes a reboot. */
export function needsReboot(before: Values, after: Values): boolean {
  return JSON.stringify(sorted(cold(before))) !== JSON.stringify(sorted(cold(after)));
}

function cold(config: Values): Values {
  const { debug: _debug, cluster: _cluster, machine, ...rest } = config;
  const parts = without(asRecord(machine), HOT_MACHINE);
  return { ...rest, machine: { ...parts, features: without(asRecord(asRecord(machine)["features"]), HOT_FEATURES) } };
}

function without(values: Values, keys: readonly string[]): Values {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !keys.includes(key)));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

import type { DecodedDocument } from "./decode.ts";

/** What Talos' validator says: errors in its order and grouping, and warnings. */
export interface Verdict {
  /** "" when it accepts. */
  readonly invalid: string;
  readonly warnings: readonly string[];
}

type Values = Readonly<Record<string, unknown>>;

const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? (inner as Values)[key] : undefined),
    value,
  );
const has = (value: unknown): boolean => value !== undefined && value !== null && value !== "";

/** @param installed - an installed node needs no install section any more */
export function validate(
  documents: readonly DecodedDocument[],
  { installed, kubernetes }: { readonly installed: boolean; readonly kubernetes: readonly [min: number, max: number] },
): Verdict {
  const warnings: string[] = [];
  const problems = documents.flatMap((document) => {
    if (document.kind === "") {
      const found = [
        ...v1alpha1Problems(document.value, installed, warnings),
        ...imageProblems(document.value, kubernetes),
      ];
      return found.length === 0 ? [] : [`v1alpha1.Config: ${errorList(found)}`];
    }
    const found = documentProblems(document);
    const id =
      document.kind === "HostnameConfig" || document.kind === "TimeSyncConfig"
        ? document.kind
        : `${document.kind}/${document.name}`;
    return found.length === 0 ? [] : [`${id}: ${found.join("\n")}`];
  });
  problems.push(...conflicts(documents));
  return { invalid: problems.length === 0 ? "" : errorList(problems), warnings };
}

/** As Go's multierror prints. */
function errorList(problems: readonly string[]): string {
  const count = problems.length === 1 ? "1 error" : `${problems.length} errors`;
  return `${count} occurred:\n${problems.map((problem) => `\t* ${problem}\n`).join("")}\n`;
}

function v1alpha1Problems(config: Values, installed: boolean, warnings: string[]): readonly string[] {
  const machine = config["machine"];
  const cluster = config["cluster"];
  const problems: string[] = [];
  if (!has(machine)) return ["machine instructions are required"];
  if (config["persist"] === false) problems.push(".persist should be enabled");
  if (!has(cluster)) return [...problems, "cluster instructions are required"];
  problems.push(
    ...clusterProblems(cluster, at(machine, "type"), warnings),
    ...installProblems(at(machine, "install"), installed),
  );
  problems.push(...machineTypeProblems(machine, cluster), ...hostDnsProblems(at(machine, "features", "hostDNS")));
  problems.push(...labelProblems(machine));
  for (const device of listOf(at(machine, "network", "interfaces")))
    if (!has(at(device, "interface")) && !has(at(device, "deviceSelector")))
      problems.push(
        "[networking.os.device.interface], [networking.os.device.deviceSelector]: required either config section to be set",
      );
  return problems;
}

function clusterProblems(cluster: unknown, type: unknown, warnings: string[]): readonly string[] {
  const problems: string[] = [];
  const endpoint = at(cluster, "controlPlane", "endpoint");
  if (!has(endpoint)) problems.push("cluster controlplane endpoint is required");
  else if (hostOf(String(endpoint)) === "") problems.push("invalid controlplane endpoint: hostname must not be blank");
  const isControlPlane = type === "controlplane" || type === "init";
  if (!isControlPlane && has(at(cluster, "etcd")))
    problems.push("etcd config is only allowed on control plane machines");
  if (!isControlPlane && has(at(cluster, "ca", "key")))
    problems.push("cluster CA key is not allowed on non-controlplane nodes (.cluster.ca)");
  const cni = at(cluster, "network", "cni");
  const name = at(cni, "name");
  if (name === "custom" && listOf(at(cni, "urls")).length === 0)
    warnings.push('"urls" field should not be empty for "custom" CNI');
  if (has(name) && !["flannel", "custom", "none"].includes(String(name)))
    problems.push('cni name should be one of ["flannel", "custom", "none"]');
  return problems;
}

function installProblems(install: unknown, installed: boolean): readonly string[] {
  const problems: string[] = [];
  if (!has(install)) return installed ? [] : ['install instructions are required in "metal" mode'];
  if (!installed && !has(at(install, "disk")) && !has(at(install, "diskSelector")))
    problems.push("either install disk or diskSelector should be defined");
  if (at(install, "grubUseUKICmdline") === true && listOf(at(install, "extraKernelArgs")).length > 0)
    problems.push("install.extraKernelArgs and install.grubUseUKICmdline can't be used together");
  return problems;
}

function machineTypeProblems(machine: unknown, cluster: unknown): readonly string[] {
  const type = at(machine, "type") ?? "";
  const problems: string[] = [];
  const ca = at(machine, "ca");
  const noAuthority = "issuing CA or some accepted CAs are required (.machine.ca, machine.acceptedCAs)";
  const isTrustless = !has(at(ca, "crt")) && listOf(at(machine, "acceptedCAs")).length === 0;
  switch (type) {
    case "controlplane":
    case "init":
      if (isTrustless) problems.push(noAuthority);
      if (!has(at(ca, "crt"))) problems.push("issuing CA is required (.machine.ca)");
      else if (!has(at(ca, "key")))
        problems.push("issuing CA key is required for controlplane nodes (.machine.ca.key)");
      return problems;
    case "worker":
    case "":
      if (isTrustless) problems.push(noAuthority);
      if (has(at(ca, "key")))
        problems.push("issuing Talos API CA key is not allowed on non-controlplane nodes (.machine.ca)");
      if (has(at(cluster, "ca", "key")))
        problems.push("issuing Kubernetes API CA key is not allowed on non-controlplane nodes (.cluster.ca)");
      return problems;
    default:
      return [`unknown machine type ${JSON.stringify(type)}`];
  }
}

function hostDnsProblems(hostDns: unknown): readonly string[] {
  return at(hostDns, "forwardKubeDNSToHost") === true && at(hostDns, "enabled") !== true
    ? ["feature hostDNS.forwardKubeDNSToHost requires hostDNS.enabled to be true (.machine.features.hostDNS)"]
    : [];
}

const LABEL_NAME = /^(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

function labelProblems(machine: unknown): readonly string[] {
  const groups = [
    ["nodeLabels", "labels", true],
    ["nodeAnnotations", "annotations", false],
    ["nodeTaints", "taints", false],
  ] as const;
  return groups.flatMap(([field, word, isLabel]) => {
    const found = Object.entries((at(machine, field) ?? {}) as Values).flatMap(([name, value]) => [
      ...(LABEL_NAME.test(name) ? [] : [`name ${JSON.stringify(name)} is invalid`]),
      ...(isLabel && !LABEL_VALUE.test(String(value)) ? [`label value ${JSON.stringify(value)} is invalid`] : []),
    ]);
    return found.length === 0 ? [] : [`invalid machine node ${word}: ${errorList(found)}`];
  });
}

/** Checked on the node only: the Kubernetes images must be of a version that this Talos can run. */
function imageProblems(config: Values, [min, max]: readonly [number, number]): readonly string[] {
  const images = [
    ["kubelet", at(config, "machine", "kubelet", "image")],
    ["kube-apiserver", at(config, "cluster", "apiServer", "image")],
    ["kube-controller-manager", at(config, "cluster", "controllerManager", "image")],
    ["kube-scheduler", at(config, "cluster", "scheduler", "image")],
  ] as const;
  return images.flatMap(([component, image]) => {
    if (!has(image)) return [];
    const text = String(image);
    const version = /^[a-z0-9][^\s]*:v(?<version>\d+\.(?<minor>\d+)\.\d+)[^\s]*$/.exec(text)?.groups;
    if (version === undefined)
      return [
        `${component} image is not valid: failed to parse Kubernetes version from image reference ${JSON.stringify(text)}: invalid image reference: ${JSON.stringify(text)}`,
      ];
    const minor = Number(version["minor"]);
    if (minor >= min && minor <= max) return [];
    return [
      `${component} image is not valid: version of Kubernetes ${version["version"]} is too ${minor < min ? "old" : "new"} to be used with Talos 1.13.9`,
    ];
  });
}

function documentProblems({ kind, name, value }: DecodedDocument): readonly string[] {
  switch (kind) {
    case "HostnameConfig":
      if (has(value["auto"]) && value["auto"] !== "off" && has(value["hostname"]))
        return ["'auto' and 'hostname' cannot be set at the same time"];
      return has(value["auto"]) || has(value["hostname"]) ? [] : ["either 'auto' or 'hostname' must be set"];
    case "RegistryMirrorConfig":
      return [
        ...(name === "" ? ["name must be specified"] : []),
        ...listOf(value["endpoints"]).flatMap((endpoint, index) => {
          const scheme =
            /^(?<scheme>[a-z][a-z0-9+.-]*):\/\//i.exec(String(at(endpoint, "url") ?? ""))?.groups?.["scheme"] ?? "";
          return ["http", "https"].includes(scheme)
            ? []
            : [`endpoints[${index}].url has unsupported scheme: ${JSON.stringify(scheme)}`];
        }),
      ];
    case "RegistryTLSConfig":
      return [
        ...(name === "" ? ["name must be specified"] : []),
        ...(has(value["ca"]) && !/-----BEGIN CERTIFICATE-----/.test(String(value["ca"]))
          ? ["ca must be a valid PEM-encoded certificate"]
          : []),
      ];
    case "TimeSyncConfig":
      return has(value["ntp"]) && has(value["ptp"]) ? ["only one of ntp or ptp configuration can be specified"] : [];
    default:
      return [];
  }
}

/** The same setting in the old place and in a document of its own. */
function conflicts(documents: readonly DecodedDocument[]): readonly string[] {
  const machine = documents.find(({ kind }) => kind === "")?.value["machine"];
  const kinds = new Set(documents.map(({ kind }) => kind));
  return [
    ...(kinds.has("HostnameConfig") && has(at(machine, "network", "hostname"))
      ? ["static hostname is already set in v1alpha1 config"]
      : []),
    ...(kinds.has("TimeSyncConfig") && listOf(at(machine, "time", "servers")).length > 0
      ? ["time servers cannot be specified in both v1alpha1 and new-style configuration"]
      : []),
  ];
}

function hostOf(url: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\/(?:[^/@]*@)?(?<host>\[[^\]]*\]|[^/:?#]*)/i.exec(url)?.groups?.["host"] ?? "";
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

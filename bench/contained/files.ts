import { randomBytes } from "node:crypto";
import { chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { type ContainerPlan, capabilitiesOf, containerSpec } from "../../src/lab/contained/node/container-spec.ts";
import { containerdConfig, HOSTS_FOLDER } from "../../src/lab/contained/node/containerd-config.ts";
import { giveTo } from "../../src/lab/contained/node/give-to.ts";
import { KUBELET_MOUNTS } from "../../src/lab/contained/node/kubelet.ts";
import { bootstrapKubeconfig, kubeletArguments, kubeletConfig } from "../../src/lab/contained/node/kubelet-config.ts";
import { nodeFiles } from "../../src/lab/contained/node/node-files.ts";
import { registryHosts } from "../../src/lab/contained/node/registry-hosts.ts";
import { rootScript } from "../../src/lab/contained/node/root-script.ts";
import { componentUsers, staticPods } from "../../src/lab/contained/node/static-pods.ts";
import type { AppliedConfig } from "../../src/lab/interior.ts";
import { type ClusterFacts, clusterFacts, type ReleaseImages } from "../../src/lab/node/cluster-facts.ts";
import { bootstrapManifests } from "../../src/lab/node/control-plane/bootstrap-manifests.ts";
import { writeComponentFiles, writeEtcdFiles } from "../../src/lab/node/control-plane/component-files.ts";
import { etcdArguments } from "../../src/lab/node/etcd/etcd-arguments.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { issueLeaf } from "../../src/lib/x509/index.ts";

export interface HandNode {
  readonly name: string;
  readonly address: string;
  readonly config: AppliedConfig;
}

/** Where Talos' own pulls read the host files with credentials. */
const OWN_HOSTS_FOLDER = "/system/registries";
const KUBE_PRISM = "127.0.0.1:7445";
const ETCD_USER = 60;
const places = {
  secrets: "/system/secrets/kubernetes",
  config: "/system/config/kubernetes",
  audit: "/var/log/audit/kube",
  network: "own",
} as const;

/**
 * Everything that the script needs, so that its clock sees programs alone: the files of every node as ours have them, by the functions that
 * write ours. What differs is what a person without Talos does: no KubePrism, so that everybody calls the control plane itself; static pods
 * in a folder; on control planes a kubelet that has its certificate, as kubeadm gives it one.
 *
 * @param folder - of the rack; gets `nodes`, `manifests.json`, `admin.kubeconfig` and a folder for each node
 */
export function writeHandFiles(
  folder: string,
  nodes: readonly HandNode[],
  options: { readonly release: ReleaseImages; readonly rootfs: string },
): void {
  const factsOf = (node: HandNode) => clusterFacts(node.config, options.release);
  const [first] = nodes;
  if (first === undefined) throw new Error("a cluster needs a node");
  const server = new URL(factsOf(first).endpoint).host;
  for (const node of nodes) {
    const files = join(folder, node.name, "files");
    const facts = factsOf(node);
    const write = (path: string, content: string) => writeTo(join(files, path), content);
    for (const [path, content] of Object.entries(nodeFiles({ ...node, nodeName: node.name }))) write(path, content);
    writeContainerd(write, node, facts);
    writeKubelet(write, node, { facts, server });
    write("run/images.sh", `KUBELET_IMAGE=${facts.images.kubelet}\nETCD_IMAGE=${facts.images.etcd}\n`);
    write("run/node.sh", readFileSync(join(import.meta.dirname, "node.sh"), "utf8"));
    if (node.config.role === "controlplane") {
      const kubeconfig = writeControlPlane(files, node, { facts, nodes });
      if (node === first) writeTo(join(folder, "admin.kubeconfig"), kubeconfig);
    }
    const varFolder = join(folder, node.name, "var");
    const mountPoint = join(folder, node.name, "root");
    for (const made of [varFolder, mountPoint]) mkdirSync(made);
    writeTo(
      join(folder, node.name, "root.sh"),
      rootScript({ node: node.name, rootfs: options.rootfs, mountPoint, varFolder }),
    );
  }
  writeTo(
    join(folder, "nodes"),
    nodes.map(({ name, address, config }) => `${name} ${address} ${config.role}\n`).join(""),
  );
  writeTo(join(folder, "manifests.json"), withoutKubePrism(factsOf(first), server));
}

type Write = (path: string, content: string) => void;

function writeContainerd(write: Write, { config }: HandNode, facts: ClusterFacts): void {
  for (const [hosts, headers] of [
    [HOSTS_FOLDER, false],
    [OWN_HOSTS_FOLDER, true],
  ] as const) {
    const files = registryHosts(config, { folder: hosts, headers });
    for (const [path, content] of Object.entries(files)) write(join(hosts, path), content);
  }
  const restrictOomScore = !ownCapabilities().has("CAP_SYS_RESOURCE");
  write("etc/cri/containerd.toml", containerdConfig(config, { pauseImage: facts.images.pause, restrictOomScore }));
}

function writeKubelet(
  write: Write,
  { name, address, config }: HandNode,
  { facts, server }: { readonly facts: ClusterFacts; readonly server: string },
): void {
  const isControlPlane = config.role === "controlplane";
  const plan = { nodeName: name, address, staticPodPort: undefined };
  const kubelet = parse(kubeletConfig(config, facts, plan)) as object;
  write(
    "etc/kubernetes/kubelet.yaml",
    stringify({ ...kubelet, ...(isControlPlane ? { staticPodPath: "/etc/kubernetes/manifests" } : {}) }),
  );
  write("etc/kubernetes/pki/ca.crt", facts.kubernetesCa?.crt ?? "");
  const kubeconfig = bootstrapKubeconfig(facts).replaceAll(KUBE_PRISM, isControlPlane ? `${address}:6443` : server);
  if (isControlPlane) write("etc/kubernetes/kubeconfig-kubelet", withCertificate(kubeconfig, name, facts));
  else write("etc/kubernetes/bootstrap-kubeconfig", kubeconfig);
  for (const made of ["var/lib/kubelet", "var/log/pods", "var/log/containers", "etc/cni/net.d"])
    write(`${made}/.keep`, "");
  const args = kubeletArguments(config, plan).filter((word) => !isControlPlane || !word.startsWith("--bootstrap-"));
  writeContainer(write, "kubelet", {
    args: ["/usr/local/bin/kubelet", ...args],
    root: "/run/images/kubelet",
    user: 0,
    cgroup: "/podruntime/kubelet",
    mounts: KUBELET_MOUNTS,
    privileged: true,
  });
}

/** @returns an administrator's kubeconfig */
function writeControlPlane(
  files: string,
  node: HandNode,
  { facts, nodes }: { readonly facts: ClusterFacts; readonly nodes: readonly HandNode[] },
): string {
  const write: Write = (path, content) => writeTo(join(files, path), content);
  const { address, name } = node;
  const identity = { nodeName: name, address };
  const here = { ...places, address };
  const kubeconfig = writeComponentFiles({ ...here, root: files }, facts, identity, systemClock);
  for (const pod of staticPods(facts, here)) {
    // The others end where they find no API server, and are started again after ten seconds and more.
    const place = pod.metadata.name === "kube-apiserver" ? "manifests" : "later";
    write(`etc/kubernetes/${place}/${pod.metadata.name}.json`, JSON.stringify(pod));
  }
  for (const [component, user] of Object.entries(componentUsers)) {
    for (const place of [places.secrets, places.config]) giveTo(join(files, place, component), user);
  }
  const audit = join(files, places.audit);
  mkdirSync(audit, { recursive: true, mode: 0o700 });
  chownSync(audit, componentUsers["kube-apiserver"], componentUsers["kube-apiserver"]);
  const secretsFolder = "/system/secrets/etcd";
  writeEtcdFiles(join(files, secretsFolder), facts, identity, systemClock);
  giveTo(join(files, secretsFolder), ETCD_USER);
  const dataFolder = "/var/lib/etcd";
  mkdirSync(join(files, dataFolder), { recursive: true, mode: 0o700 });
  giveTo(join(files, dataFolder), ETCD_USER);
  const initialCluster = nodes
    .filter(({ config }) => config.role === "controlplane")
    .map((peer) => `${peer.name}=https://${peer.address}:2380`)
    .join(",");
  writeContainer(write, "etcd", {
    args: [
      "/usr/local/bin/etcd",
      ...etcdArguments({ name, address, dataFolder, secretsFolder, initialCluster, state: "new", network: "own" }),
    ],
    root: "/run/images/etcd",
    user: ETCD_USER,
    cgroup: "/podruntime/etcd",
    mounts: [
      { path: dataFolder, mode: "rw" },
      { path: secretsFolder },
      { path: "/etc/hosts" },
      { path: "/etc/resolv.conf" },
    ],
    privileged: false,
  });
  return kubeconfig;
}

/** What kubeadm gives the kubelet of a control plane. */
function withCertificate(kubeconfig: string, name: string, { kubernetesCa }: ClusterFacts): string {
  if (kubernetesCa?.key === undefined) throw new Error("a control plane's config has the key of the Kubernetes CA");
  const hour = 3_600_000;
  const now = systemClock.now().getTime();
  const { certificatePem, keyPem } = issueLeaf(
    { certificatePem: kubernetesCa.crt, keyPem: kubernetesCa.key },
    {
      subject: { organizations: ["system:nodes"], commonName: `system:node:${name}` },
      key: "p256",
      notBefore: new Date(now - hour),
      notAfter: new Date(now + 24 * hour),
      keyUsage: ["digitalSignature", "keyEncipherment"],
      extendedKeyUsage: ["clientAuth"],
    },
    { random: randomBytes },
  );
  const user = {
    "client-certificate-data": Buffer.from(certificatePem).toString("base64"),
    "client-key-data": Buffer.from(keyPem).toString("base64"),
  };
  return stringify({ ...(parse(kubeconfig) as object), users: [{ name: "kubelet", user }] });
}

/** Talos' bootstrap manifests, calling the control plane where they call KubePrism. */
function withoutKubePrism(facts: ClusterFacts, server: string): string {
  const [host = "", port = ""] = server.split(":");
  const list = { apiVersion: "v1", kind: "List", items: bootstrapManifests(facts) };
  return JSON.stringify(list)
    .replaceAll(KUBE_PRISM, server)
    .replaceAll('"KUBERNETES_SERVICE_HOST","value":"127.0.0.1"', `"KUBERNETES_SERVICE_HOST","value":"${host}"`)
    .replaceAll('"KUBERNETES_SERVICE_PORT","value":"7445"', `"KUBERNETES_SERVICE_PORT","value":"${port}"`);
}

function writeContainer(write: Write, name: string, plan: ContainerPlan): void {
  write(`run/containers/${name}/config.json`, JSON.stringify(containerSpec(plan, ownCapabilities())));
}

function ownCapabilities(): ReadonlySet<string> {
  return capabilitiesOf(readFileSync("/proc/self/status", "utf8"));
}

function writeTo(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode: 0o600 });
}

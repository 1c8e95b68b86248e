import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ensureLabRootfs, ensureParts } from "../../parts/index.ts";
import { startApiServer, type TestApiServer } from "../support/apiserver.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const { signal } = new AbortController();
const within = { timeout: 20_000, interval: 50 };

/** Two nodes and a laptop on one switch, each a network namespace, in namespaces that end with their first process. */
const layOut = `
mount -t tmpfs tmpfs /run && mkdir /run/netns && mount -t tmpfs tmpfs /var/lib
ip link add switch type bridge && ip link set switch up && ip link set lo up
ip address add 10.5.0.1/24 dev switch
for node in cp-1:2 w-1:3; do
  name="\${node%:*}"
  ip netns add "$name" && ip netns add "pod-of-$name"
  ip link add "to-$name" type veth peer name eth0 netns "$name"
  ip link set "to-$name" master switch up
  ip -n "$name" address add "10.5.0.\${node#*:}/24" dev eth0
  ip -n "$name" link set lo up && ip -n "$name" link set eth0 mtu 1400 up
  ip -n "$name" route add 10.99.0.0/16 via 10.5.0.1
  ip -n "$name" route add default via 10.5.0.1
done
echo laid out
exec sleep infinity
`;

/** Listens where KubePrism would and hands on to the API server outside, through a socket file: no packet leaves. */
const relay = `
const net = require("node:net");
net.createServer((from) => {
  const to = net.connect(process.argv[1]);
  for (const [a, b] of [[from, to], [to, from]]) a.on("error", () => b.destroy()).on("close", () => b.destroy()).pipe(b);
}).listen(7445, "127.0.0.1", () => console.log("listening"));
`;

/** RBAC of Talos' flannel: `05-flannel` of its bootstrap manifests. */
const flannelAccess = [
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "flannel", namespace: "kube-system" } },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "flannel" },
    rules: [
      { apiGroups: [""], resources: ["pods", "nodes", "namespaces"], verbs: ["get", "list", "watch"] },
      { apiGroups: [""], resources: ["nodes/status"], verbs: ["patch"] },
    ],
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: "flannel" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "flannel" },
    subjects: [{ kind: "ServiceAccount", name: "flannel", namespace: "kube-system" }],
  },
];

const flannelPod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "kube-flannel-x", namespace: "kube-system" },
  spec: { nodeName: "cp-1", containers: [{ name: "kube-flannel", image: "ghcr.io/siderolabs/flannel:0.28.8" }] },
};

/** What Talos puts into `10-flannel.conflist`, its first plugin. */
const flannelPlugin = {
  cniVersion: "1.0.0",
  name: "cbr0",
  type: "flannel",
  delegate: { hairpinMode: true, isDefaultGateway: true },
};

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TestApiServer;
let outside: Server;
let rack: Program;
let plugins: string;
let busybox: string;
let kubectl: string;
const running: Program[] = [];

beforeAll(async () => {
  folder = await temporaryFolder();
  const parts = await ensureParts({ only: ["rack-net", "kubectl"], signal });
  kubectl = parts.kubectl;
  const root = await ensureLabRootfs({ signal });
  plugins = path.join(root, "opt/cni/bin");
  busybox = path.join(root, "bin/busybox");
  server = await startApiServer();
  await writeFile(path.join(folder.path, "kubeconfig"), server.kubeconfigYaml, { mode: 0o600 });

  outside = createServer((from) => {
    const to = connect(Number(new URL(server.server).port), "127.0.0.1");
    for (const [a, b] of [[from, to] as const, [to, from] as const])
      a.on("error", () => b.destroy())
        .on("close", () => b.destroy())
        .pipe(b);
  }).listen(path.join(folder.path, "api.sock"));
  await once(outside, "listening");

  rack = start(["unshare", "--net", "--mount", "sh", "-euc", layOut]);
  await rack.says("laid out");
  for (const node of ["cp-1", "w-1"]) {
    const socket = path.join(folder.path, "api.sock");
    await start([...inside(node), process.execPath, "-e", relay, socket]).says("listening");
  }
  for (const node of ["cp-1", "w-1"]) {
    const root = path.join(folder.path, node);
    await mkdir(path.join(root, "opt/bin"), { recursive: true });
    await mkdir(path.join(root, "etc/kube-flannel"), { recursive: true });
    await copyFile(parts["rack-net"], path.join(root, "opt/bin/flanneld"));
    await writeFile(path.join(root, "etc/kube-flannel/net-conf.json"), '{"Network":"10.244.0.0/16","Backend":{}}');
  }
  await apply(...flannelAccess, flannelPod);
  await kube(["apply", "-n", "kube-system", "-f", "bundles/demo/packages/rack-cni/manifests/access.yaml"]);
  await admit("cp-1", "flannel");
  await admit("w-1", "rack-cni");
});

afterAll(async () => {
  for (const program of [...running].reverse()) {
    program.child.kill("SIGKILL");
    await program.ended;
  }
  outside.close();
  await server.stop();
  await folder[Symbol.asyncDispose]();
});

interface Program {
  readonly child: ChildProcess;
  /** Resolves when these words have been among what it writes. */
  readonly says: (words: string) => Promise<void>;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
}

/** Starts what runs until it is told to end. */
function start(command: readonly string[], env: NodeJS.ProcessEnv = process.env): Program {
  const [program = "", ...parameters] = command;
  const child = spawn(program, parameters, { env, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (text += String(bytes)));
  const ended = once(child, "exit").then(([code]) => code as number | null);
  const started = { child, ended, says: (words: string) => vi.waitFor(() => expect(text).toContain(words), within) };
  running.push(started);
  return started;
}

/** The words before a command that is to run in a node's network namespace, among the rack's mounts. */
function inside(node: string): readonly string[] {
  return ["nsenter", "--net", "--mount", "--target", String(rack.child.pid), "ip", "netns", "exec", node];
}

async function outputOf(node: string, command: string): Promise<string> {
  const [nsenter = "", ...rest] = inside(node);
  return (await execa(nsenter, [...rest, ...command.split(" ")], { all: true, reject: false })).all;
}

/** flannel's daemon as a container of the node starts it. */
function daemonOn(node: string, parameters: readonly string[], env: Readonly<Record<string, string>>): Program {
  const api = { KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: "7445" };
  const command = ["chroot", path.join(folder.path, node), "/opt/bin/flanneld", "--ip-masq", "--kube-subnet-mgr"];
  return start([...inside(node), ...command, ...parameters], { ...process.env, ...api, ...env });
}

async function kube(command: readonly string[], input?: string): Promise<string> {
  const options = input === undefined ? {} : { input };
  return (await execa(kubectl, ["--kubeconfig", path.join(folder.path, "kubeconfig"), ...command], options)).stdout;
}

async function apply(...objects: readonly object[]): Promise<void> {
  await kube(["apply", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
}

async function admit(node: string, account: string): Promise<void> {
  const mounted = path.join(folder.path, node, "var/run/secrets/kubernetes.io/serviceaccount");
  await mkdir(mounted, { recursive: true });
  await writeFile(path.join(mounted, "token"), await kube(["-n", "kube-system", "create", "token", account]));
  await writeFile(path.join(mounted, "ca.crt"), server.ca);
}

async function addNode(name: string, spec: { readonly podCIDR?: string; readonly address: string }): Promise<void> {
  const podCIDR = spec.podCIDR === undefined ? {} : { podCIDR: spec.podCIDR, podCIDRs: [spec.podCIDR] };
  await apply({ apiVersion: "v1", kind: "Node", metadata: { name }, spec: podCIDR });
  const status = {
    addresses: [
      { type: "Hostname", address: name },
      { type: "InternalIP", address: spec.address },
    ],
  };
  await kube(["patch", "node", name, "--subresource=status", "--type=merge", "-p", JSON.stringify({ status })]);
}

function routesOf(node: string): Promise<string> {
  return outputOf(node, "ip route show proto 83");
}

/** Adds or removes the interface of a node's pod, as containerd does. */
async function cni(
  command: "ADD" | "DEL",
  node: string,
  config: object,
): Promise<{ readonly exitCode: number | undefined; readonly text: string }> {
  const { type } = config as { readonly type: string };
  const [nsenter = "", ...rest] = inside(node);
  const result = await execa(nsenter, [...rest, path.join(plugins, type)], {
    reject: false,
    env: {
      CNI_COMMAND: command,
      CNI_CONTAINERID: `pod-of-${node}`,
      CNI_NETNS: `/run/netns/pod-of-${node}`,
      CNI_IFNAME: "eth0",
      CNI_PATH: plugins,
    },
    input: JSON.stringify(config),
  });
  return { exitCode: result.exitCode, text: result.stdout };
}

describe("rack-net", () => {
  let flannel: Program;
  let rackCni: Program;
  const subnetFile = () => path.join(folder.path, "cp-1/run/flannel/subnet.env");
  const configFile = () => path.join(folder.path, "w-1/etc/cni/net.d/10-rack.conflist");

  it("waits until its Node has a pod network, with nothing written before", async () => {
    await addNode("cp-1", { address: "10.5.0.2" });
    flannel = daemonOn("cp-1", [], { POD_NAME: "kube-flannel-x", POD_NAMESPACE: "kube-system" });

    await flannel.says("waiting: Node cp-1 has no IPv4 podCIDR or InternalIP yet");

    await expect(stat(subnetFile())).rejects.toMatchObject({ code: "ENOENT" });
    expect(await routesOf("cp-1")).toBe("");
  });

  it("writes what flannel's CNI plugin reads, and clears NetworkUnavailable", async () => {
    await addNode("cp-1", { address: "10.5.0.2", podCIDR: "10.244.0.0/24" });

    await expect
      .poll(() => readFile(subnetFile(), "utf8").catch(() => ""), within)
      .toBe("FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.0.1/24\nFLANNEL_MTU=1400\nFLANNEL_IPMASQ=true\n");
    const path = '{.status.conditions[?(@.type=="NetworkUnavailable")].status}';
    await expect.poll(() => kube(["get", "node", "cp-1", "-o", `jsonpath=${path}`]), within).toBe("False");
  });

  it("writes a CNI configuration of its own with the rights of the package rack-cni", async () => {
    await addNode("w-1", { address: "10.5.0.3", podCIDR: "10.244.1.0/24" });
    rackCni = daemonOn("w-1", ["--write-cni-config=/etc/cni/net.d/10-rack.conflist"], { NODE_NAME: "w-1" });

    await expect.poll(() => readFile(configFile(), "utf8").catch(() => ""), within).not.toBe("");
    const config = JSON.parse(await readFile(configFile(), "utf8")) as { readonly plugins: readonly object[] };
    expect(config.plugins).toMatchObject([
      { type: "bridge", mtu: 1400, ipam: { type: "host-local", ranges: [[{ subnet: "10.244.1.0/24" }]] } },
      { type: "portmap", capabilities: { portMappings: true } },
    ]);
  });

  it("routes to the pods of every other node", async () => {
    await expect.poll(() => routesOf("cp-1"), within).toContain("10.244.1.0/24 via 10.5.0.3 dev eth0");
    await expect.poll(() => routesOf("w-1"), within).toContain("10.244.0.0/24 via 10.5.0.2 dev eth0");
  });

  it("lets pods of both nodes reach each other and, masqueraded, what knows no pods", async () => {
    const mine = { ...flannelPlugin, subnetFile: subnetFile(), dataDir: path.join(folder.path, "flannel-data") };
    const [bridge] = (JSON.parse(await readFile(configFile(), "utf8")) as { readonly plugins: readonly object[] })
      .plugins;
    const its = { cniVersion: "1.0.0", name: "rack", ...bridge };

    expect(await cni("ADD", "cp-1", mine)).toMatchObject({
      exitCode: 0,
      text: expect.stringContaining("10.244.0.2/24"),
    });
    expect(await cni("ADD", "w-1", its)).toMatchObject({ exitCode: 0, text: expect.stringContaining("10.244.1.2/24") });

    for (const [pod, address] of [
      ["pod-of-cp-1", "10.244.1.2"],
      ["pod-of-w-1", "10.244.0.2"],
      // The switch's own address has no route to any pod.
      ["pod-of-cp-1", "10.5.0.1"],
      ["pod-of-w-1", "10.5.0.1"],
    ]) {
      expect(await outputOf(pod ?? "", `${busybox} ping -c 1 -W 5 ${address}`)).toContain("1 packets received");
    }
    expect(await cni("DEL", "cp-1", mine)).toMatchObject({ exitCode: 0 });
    expect(await cni("DEL", "cp-1", mine)).toMatchObject({ exitCode: 0 });
    expect(await outputOf("pod-of-cp-1", "ip -brief link show type veth")).toBe("");
  });

  it("follows a node that comes, moves and goes, and leaves other routes alone", async () => {
    await addNode("w-2", { address: "10.5.0.4", podCIDR: "10.244.2.0/24" });
    await expect.poll(() => routesOf("cp-1"), within).toContain("10.244.2.0/24 via 10.5.0.4");

    await addNode("w-2", { address: "10.5.0.5", podCIDR: "10.244.2.0/24" });
    await expect.poll(() => routesOf("cp-1"), within).toContain("10.244.2.0/24 via 10.5.0.5");

    await kube(["delete", "node", "w-2"]);
    await expect.poll(() => routesOf("cp-1"), within).not.toContain("10.244.2.0/24");
    expect(await routesOf("cp-1")).toContain("10.244.1.0/24 via 10.5.0.3");
    expect(await outputOf("cp-1", "ip route show 10.99.0.0/16")).toContain("via 10.5.0.1");
  });

  it("keeps its routes while there is no API server, and goes on when there is one again", async () => {
    await server.stopApiServer();
    await flannel.says("the nodes cannot be watched");
    expect(await routesOf("cp-1")).toContain("10.244.1.0/24 via 10.5.0.3");

    await server.startApiServer();
    await addNode("w-3", { address: "10.5.0.6", podCIDR: "10.244.3.0/24" });

    await expect.poll(() => routesOf("cp-1"), within).toContain("10.244.3.0/24 via 10.5.0.6");
    await expect.poll(() => routesOf("w-1"), within).toContain("10.244.3.0/24 via 10.5.0.6");
  });

  it("ends at once when it is told to, and leaves the network to the pods", async () => {
    const began = performance.now();
    for (const program of [flannel, rackCni]) {
      program.child.kill("SIGTERM");
      expect(await program.ended).toBe(0);
    }

    expect(performance.now() - began).toBeLessThan(1000);
    expect(await routesOf("cp-1")).toContain("10.244.1.0/24 via 10.5.0.3");
  });

  it("has flannel's plugin refuse a pod, with the reason, as long as the node has no pod network", async () => {
    const result = await cni("ADD", "cp-1", { ...flannelPlugin, subnetFile: path.join(folder.path, "none") });

    expect(result.exitCode).toBe(1);
    expect(JSON.parse(result.text)).toMatchObject({ code: 999, msg: expect.stringContaining("not known yet") });
  });
});

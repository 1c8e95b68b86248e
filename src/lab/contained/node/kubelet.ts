import { mkdirSync } from "node:fs";
import type { Clock } from "../../../lib/clock.ts";
import type { AppliedConfig, InteriorHost } from "../../interior.ts";
import type { ClusterFacts } from "../../node/cluster-facts.ts";
import { writeWhole } from "../../node/disk.ts";
import type { RunningProgram } from "../../node/running-program.ts";
import { clientCertificate } from "./client-certificate.ts";
import type { ContainerMount, ContainerPlan } from "./container-spec.ts";
import { startContainer } from "./containers.ts";
import { bootstrapKubeconfig, kubeletArguments, kubeletConfig } from "./kubelet-config.ts";
import type { Runtime } from "./runtime.ts";
import { tokenProbe } from "./token-probe.ts";

/** What Talos binds into its kubelet. */
export const KUBELET_MOUNTS: readonly ContainerMount[] = [
  { path: "/dev", mode: "rw" },
  { path: "/sys", mode: "rw" },
  { path: "/run", mode: "shared" },
  { path: "/system", mode: "ro" },
  { path: "/var/lib", mode: "shared" },
  { path: "/var/log", mode: "rw" },
  { path: "/etc/kubernetes", mode: "rw" },
  { path: "/etc/cni", mode: "rw" },
  { path: "/opt/cni/bin", mode: "ro" },
  { path: "/etc/hosts" },
  { path: "/etc/machine-id" },
  { path: "/etc/os-release" },
  { path: "/etc/resolv.conf" },
  { path: "/etc/ssl/certs", from: "/etc/ssl/certs" },
];

const WAITING =
  "Waiting for volumes /var/lib, /var/lib/kubelet, /var/log, /var/log/audit, /var/log/containers, /var/log/pods, " +
  '/var/lib/kubelet/seccomp, /var/lib/kubelet/seccomp/profiles, /var/log/audit/kube, /var/mnt to be mounted, service "cri" to be "up", time sync, network';
const POLL_MS = 250;
const RESTART_MS = 5000;

export interface KubeletOptions {
  readonly config: AppliedConfig;
  readonly facts: ClusterFacts;
  readonly host: InteriorHost;
  readonly clock: Clock;
  readonly runtime: Runtime;
  readonly staticPodPort: number | undefined;
  readonly signal: AbortSignal;
  readonly onProcess: (process: RunningProgram) => void;
}

/** Pulls the kubelet's image and keeps the kubelet running, until the signal aborts. */
export async function startKubelet(options: KubeletOptions): Promise<void> {
  const { config, facts, host, clock, runtime, signal } = options;
  const { space, images } = runtime;
  host.service("kubelet", "Starting", "Starting service");
  host.service("kubelet", "Waiting", WAITING);
  host.service("kubelet", "Preparing", "Running pre state");
  await images.pullPatiently("system", facts.images.kubelet, { signal });
  host.service("kubelet", "Preparing", "Creating service runner");
  const plan = { nodeName: host.nodeName, address: host.address, staticPodPort: options.staticPodPort };
  const files = {
    "/etc/kubernetes/kubelet.yaml": kubeletConfig(config, facts, plan),
    "/etc/kubernetes/bootstrap-kubeconfig": bootstrapKubeconfig(facts),
    "/etc/kubernetes/pki/ca.crt": facts.kubernetesCa?.crt ?? "",
  };
  for (const [path, content] of Object.entries(files)) writeWhole(space.path(path), content);
  for (const folder of ["/var/lib/kubelet", "/var/log/pods", "/var/log/containers", "/etc/cni/net.d"]) {
    mkdirSync(space.path(folder), { recursive: true });
  }
  const root = "/run/images/kubelet";
  mkdirSync(space.path(root), { recursive: true });
  await images.mount("system", facts.images.kubelet, root, { signal });
  const container: ContainerPlan = {
    args: ["/usr/local/bin/kubelet", ...kubeletArguments(config, plan)],
    root,
    user: 0,
    cgroup: "/podruntime/kubelet",
    mounts: KUBELET_MOUNTS,
    privileged: true,
  };
  const hasCertificate = () => clientCertificate(space) !== undefined;
  let steps: readonly ("token" | "certificate")[] = hasCertificate() ? [] : ["token", "certificate"];
  for (;;) {
    const process = await startContainer(space, "kubelet", container, {
      onLine: (line) => host.log("kubelet", line),
      signal,
    });
    options.onProcess(process);
    host.service("kubelet", "Running", `Started task kubelet (PID ${process.pid}) for container kubelet`);
    await Promise.race([healthy(options, process), process.ended]);
    const [step] = steps;
    const isHastened: boolean = step !== undefined && (await hasten(options, process, step));
    if (isHastened) steps = hasCertificate() ? [] : steps.slice(1);
    const how = await process.ended;
    if (signal.aborted) return;
    if (isHastened) continue;
    host.service(
      "kubelet",
      "Waiting",
      `Error running Containerd(kubelet), going to restart forever: task "kubelet" failed: ${how}`,
      false,
    );
    await clock.sleep(RESTART_MS, { signal });
  }
}

/**
 * A kubelet that asked for its certificate before there was an API server asks again after up to 32 s, and one that got it goes on with
 * its old connections for up to 10 s; started anew it does both at once. Ends a kubelet without a certificate when an API server takes the
 * bootstrap token, and once more when its certificate is there.
 *
 * @returns whether it was ended; false when it has ended by itself
 */
async function hasten(
  options: Pick<KubeletOptions, "facts" | "clock" | "runtime" | "signal">,
  process: RunningProgram,
  step: "token" | "certificate",
): Promise<boolean> {
  const { clock, signal } = options;
  const hasCertificate = () => clientCertificate(options.runtime.space) !== undefined;
  const isTaken = tokenProbe(options.facts);
  while (process.running() && !signal.aborted) {
    if (hasCertificate() || (step === "token" && (await isTaken(signal)))) {
      await process.end("shutdown");
      return true;
    }
    await clock.sleep(POLL_MS, { signal }).catch(() => undefined);
  }
  return false;
}

/** Says so once the kubelet's own health check is good. */
async function healthy(
  { host, clock, signal }: { readonly host: InteriorHost; readonly clock: Clock; readonly signal: AbortSignal },
  process: RunningProgram,
): Promise<void> {
  while (process.running() && !signal.aborted) {
    const isHealthy = await fetch("http://127.0.0.1:10248/healthz", { signal }).then(
      async (answer) => (await answer.text()) === "ok",
      () => false,
    );
    if (isHealthy) {
      host.service("kubelet", "Running", "Health check successful", true);
      return;
    }
    await clock.sleep(POLL_MS, { signal }).catch(() => undefined);
  }
}

/** How etcd and its tool run, from etcd's image, which is mounted once per boot. */
export async function etcdContainer(
  name: string,
  args: readonly string[],
  image: string,
  options: { readonly runtime: Runtime; readonly user: number; readonly signal: AbortSignal },
): Promise<ContainerPlan> {
  const { space, images } = options.runtime;
  const root = "/run/images/etcd";
  if (mkdirSync(space.path(root), { recursive: true }) !== undefined) {
    await images.mount("system", image, root, options);
  }
  return {
    args,
    root,
    user: options.user,
    cgroup: `/podruntime/${name}`,
    mounts: [
      // The tool that restores a snapshot reads it beside the data.
      name === "etcd" ? { path: "/var/lib/etcd", mode: "rw" } : { path: "/var/lib", mode: "rw" },
      { path: "/system/secrets/etcd" },
      { path: "/etc/hosts" },
      { path: "/etc/resolv.conf" },
    ],
    privileged: false,
  };
}

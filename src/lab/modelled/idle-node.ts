import type { Clock } from "../../lib/clock.ts";
import type { AppliedConfig, InteriorHost } from "../interior.ts";
import type { NodeSession } from "./modelled-node.ts";

const WITHOUT = "this rack was started without Kubernetes";

/**
 * One boot of a machine of a rack without Kubernetes: its services come up, nothing is pulled or started. Hundreds of them fit in a
 * process; they are for the phases that end with an applied config.
 */
export function startIdleNode(
  config: AppliedConfig,
  host: InteriorHost,
  options: { readonly clock: Clock; readonly serviceMs: number },
): NodeSession {
  const life = new AbortController();
  const { signal } = life;
  let bootstrapped = false;
  const boot = async (): Promise<void> => {
    host.service("containerd", "Running", "Health check successful", true);
    host.service("cri", "Starting", "Starting service");
    host.service("kubelet", "Starting", "Starting service");
    host.service("kubelet", "Waiting", 'Waiting for service "cri" to be "up"');
    await options.clock.sleep(options.serviceMs, { signal });
    host.service("cri", "Running", "Health check successful", true);
    host.service("kubelet", "Running", "Health check successful", true);
    if (config.role === "controlplane") host.service("etcd", "Preparing", "Running pre state");
  };
  const work = boot().catch(() => {
    // Only the end of the machine's power interrupts it.
  });
  return {
    bootstrap: () => {
      if (bootstrapped) return "data-not-empty";
      bootstrapped = true;
      return "accepted";
    },
    etcdMembers: () => Promise.reject(new Error(WITHOUT)),
    etcdSnapshot: () => {
      throw new Error(WITHOUT);
    },
    etcdRecover: () => Promise.reject(new Error(WITHOUT)),
    leaveEtcd: async () => {
      // There is no cluster to leave.
    },
    staticPods: () => [],
    nodeReady: () => undefined,
    stop: async () => {
      life.abort();
      await work;
    },
  };
}

import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { Handlers, machinePb } from "../../../talos/api/index.ts";
import { writeAdminKubeconfig } from "../../../talos/pki/index.ts";
import { fromBase64 } from "../active-config.ts";
import { applyConfiguration, createApplyState } from "../apply.ts";
import { planReset } from "../reset-plan.ts";
import { asRecord, textOf } from "../values.ts";
import { bootstrap } from "./bootstrap.ts";
import type { CallPorts } from "./call-ports.ts";
import { etcdLeaveCluster, etcdMemberList, etcdRecover, etcdSnapshot, onlyOnControlPlanes } from "./etcd.ts";
import { dmesg, events, logs } from "./streams.ts";

export function machineService(ports: CallPorts): Handlers<typeof machinePb.MachineService> {
  const { boot, access, rolesOf } = ports;
  const applyState = createApplyState();

  const end = (how: "reboot" | "shutdown") => {
    const actorId = randomUUID();
    boot.events.actorId = actorId;
    boot.end(how);
    return { messages: [{ actorId }] };
  };

  return {
    version: async () => ({
      messages: [
        {
          version: { tag: "v1.13.9", sha: "lab", goVersion: "go1.26.8", os: "linux", arch: "amd64" },
          platform: { name: "metal", mode: "metal" },
          ...(access === "configured" && { features: { rbac: true } }),
        },
      ],
    }),

    applyConfiguration: async (request, { peer }) =>
      applyConfiguration(boot, applyState, request, { access, roles: rolesOf(peer) }),

    bootstrap: async ({ recoverEtcd, recoverSkipHashCheck }, { signal }) => {
      onlyOnControlPlanes(boot, "bootstrap");
      return bootstrap(boot, { recover: recoverEtcd, skipHashCheck: recoverSkipHashCheck }, signal);
    },

    etcdMemberList: (_request, context) => etcdMemberList(boot, context),
    etcdSnapshot: (_request, context) => etcdSnapshot(boot, context),
    etcdRecover: (pieces, context) => etcdRecover(boot, pieces, context),
    etcdLeaveCluster: (_request, context) => etcdLeaveCluster(boot, context),

    serviceList: async () => ({ messages: [{ services: [...boot.services.list()] }] }),

    kubeconfig: async function* () {
      onlyOnControlPlanes(boot, "kubeconfig");
      yield { bytes: kubeconfigArchive(adminKubeconfig(ports)) };
    },

    events: (request, context) => events(boot, request, context),
    logs: (request, context) => logs(boot, request, context),
    dmesg: (request, context) => dmesg(boot, request, context),

    reboot: async () => end("reboot"),
    shutdown: async () => end("shutdown"),
    reset: async (request) => {
      const { interior } = boot.ports.options;
      const plan = planReset(request, { disks: boot.ports.disks, systemDisk: interior.installedDisk() });
      const actorId = randomUUID();
      boot.logs.stamp(`reset request received. actorID: ${actorId}`);
      boot.reset(plan, actorId);
      return { messages: [{ actorId }] };
    },
  };
}

function adminKubeconfig({ boot }: CallPorts): string {
  const cluster = asRecord(boot.config.whole?.v1alpha1["cluster"]);
  const ca = asRecord(cluster["ca"]);
  return writeAdminKubeconfig(
    {
      clusterName: textOf(cluster["clusterName"]) ?? "",
      server: textOf(asRecord(cluster["controlPlane"])["endpoint"]) ?? "",
      authority: { certificatePem: fromBase64(ca["crt"]), keyPem: fromBase64(ca["key"]) },
    },
    boot.ports.options,
  );
}

/** As Talos streams it: gzip of a tar header and the file, without padding and end of archive. */
function kubeconfigArchive(text: string): Buffer {
  const body = Buffer.from(text);
  const header = Buffer.alloc(512);
  header.write("kubeconfig", 0);
  header.write("0000600\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${body.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        0", 148);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return gzipSync(Buffer.concat([header, body]));
}

import type { AppliedConfig, Interior } from "../interior.ts";
import { clusterFacts } from "../node/cluster-facts.ts";
import { NodeImages } from "./node-images.ts";
import { type NodeParts, NodeSession } from "./node-session.ts";

/**
 * The inside of a machine in virtual time: its disk is a variable, its pulls take the cable's time, and etcd, the control
 * plane and the kubelet are what they say and nothing more.
 */
export function createRehearsalInterior(parts: Omit<NodeParts, "images"> & { readonly address: string }): Interior {
  const { cluster, timings, address } = parts;
  const images = new NodeImages({ clock: cluster.clock, mirror: cluster.mirror, address });
  let disk: string | undefined;
  let persisted: string | undefined;
  let config: AppliedConfig | undefined;
  let session: NodeSession | undefined;
  const running = () => session ?? fail("the machine has not booted");

  return {
    installedDisk: () => disk,
    persistedConfig: () => persisted,
    persistConfig: (text) => {
      persisted = text;
    },
    install: async (applied, path, { signal }) => {
      const { installerImage } = clusterFacts(applied, cluster.release);
      if (installerImage === undefined) throw new Error("no installer image in machine.install");
      await images.pull("inmem", installerImage, { config: applied, signal });
      disk = path;
    },
    start: (applied, host) => {
      config = applied;
      session = new NodeSession(() => config ?? applied, host, { cluster, timings, images });
    },
    reconfigure: (applied) => {
      config = applied;
    },
    bootstrapEtcd: async () => running().bootstrap(),
    etcdMembers: async () => running().etcdMembers(),
    etcdSnapshot: () => notRehearsed("snapshots of etcd"),
    etcdRecover: async () => notRehearsed("recovery of etcd"),
    leaveEtcd: async () => notRehearsed("leaving etcd"),
    wipe: async (what) => {
      if (what.systemDisk) disk = undefined;
      if (what.systemDisk || what.labels.includes("STATE")) persisted = undefined;
      if (what.systemDisk || what.labels.includes("EPHEMERAL")) images.forget();
    },
    listImages: async (namespace) => images.list(namespace),
    pullImage: async (namespace, reference, { signal }) => {
      const image = await images.pull(namespace, reference, { config: config ?? fail("no config yet"), signal });
      return `${image.name.replace(/:[^:/]*$/, "")}@${image.digest}`;
    },
    importImage: async () => notRehearsed("import of images"),
    staticPods: () => session?.staticPods() ?? [],
    nodeReady: () => session?.nodeReady(),
    stop: async () => {
      session?.stop();
      session = undefined;
    },
  };
}

function fail(why: string): never {
  throw new Error(why);
}

function notRehearsed(what: string): never {
  throw new Error(`${what}: not part of this rehearsal`);
}

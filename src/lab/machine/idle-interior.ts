import { createHash } from "node:crypto";
import type { EtcdMember, Interior, InteriorHost, StoredImage } from "../interior.ts";

/** The etcd that idle control planes of one rack pretend to share. */
export interface IdleCluster {
  readonly members: Map<string, EtcdMember>;
}

export function createIdleCluster(): IdleCluster {
  return { members: new Map() };
}

/**
 * An inside without processes: images appear at once, an installation is remembered, services say Running, the Node is Ready as
 * soon as its kubelet runs. For racks of hundreds of machines and for tests of the face.
 *
 * @param options.cluster - shared by the control planes of one rack; default one of its own
 */
export function createIdleInterior(options: { readonly cluster?: IdleCluster } = {}): Interior {
  const cluster = options.cluster ?? createIdleCluster();
  const images = new Map<string, StoredImage>();
  let disk: string | undefined;
  let persisted: string | undefined;
  let host: InteriorHost | undefined;
  let isControlPlane = false;
  let hasEtcdData = false;
  /** The name in the cluster. */
  let member: string | undefined;
  let recovery: Buffer | undefined;

  const runEtcd = () => {
    hasEtcdData = true;
    if (host === undefined) return;
    member = host.nodeName;
    cluster.members.set(host.nodeName, {
      id: createHash("sha256").update(host.nodeName).digest().readBigUInt64BE(0),
      hostname: host.nodeName,
      peerUrls: [`https://${host.address}:2380`],
      clientUrls: [`https://${host.address}:2379`],
      isLearner: false,
    });
    host.service("etcd", "Running", "Health check successful", true);
  };
  const imageOf = (name: string): StoredImage => ({
    name,
    digest: `sha256:${createHash("sha256").update(name).digest("hex")}`,
    sizeBytes: 1024,
    createdAt: new Date(0),
  });

  const forgetEtcd = () => {
    if (member !== undefined) cluster.members.delete(member);
    hasEtcdData = false;
  };
  const forgetEphemeral = () => {
    forgetEtcd();
    recovery = undefined;
    images.clear();
  };

  return {
    installedDisk: () => disk,
    persistedConfig: () => persisted,
    persistConfig: (text) => {
      persisted = text;
    },
    install: async (_config, path) => {
      disk = path;
    },
    start: (config, given) => {
      host = given;
      isControlPlane = config.role === "controlplane";
      host.service("cri", "Running", "Health check successful", true);
      host.log("kubelet", "the idle kubelet runs nothing");
      host.service("kubelet", "Running", "Health check successful", true);
      if (!isControlPlane) return;
      if (hasEtcdData || cluster.members.size > 0) runEtcd();
      else host.service("etcd", "Preparing", "Running pre state");
    },
    reconfigure: () => undefined,
    bootstrapEtcd: async ({ recover, skipHashCheck }) => {
      if (hasEtcdData) return "data-not-empty";
      if (recover && (recovery === undefined || !(skipHashCheck || isWholeSnapshot(recovery))))
        host?.service("etcd", "Failed", "Failed to run pre stage: error verifying snapshot", false);
      else runEtcd();
      return "accepted";
    },
    etcdMembers: async () => {
      if (host === undefined || !hasEtcdData) throw new Error("etcd is not up");
      return [...cluster.members.values()];
    },
    etcdSnapshot: async function* () {
      if (!hasEtcdData) throw new Error("etcd is not up");
      yield wholeSnapshot(Buffer.from(JSON.stringify([...cluster.members.keys()])));
    },
    etcdRecover: async (snapshot) => {
      const pieces: Uint8Array[] = [];
      for await (const piece of snapshot) pieces.push(piece);
      recovery = Buffer.concat(pieces);
    },
    leaveEtcd: async () => forgetEtcd(),
    wipe: async (what) => {
      if (what.systemDisk) disk = undefined;
      if (what.systemDisk || what.labels.includes("STATE")) persisted = undefined;
      if (what.systemDisk || what.labels.includes("EPHEMERAL")) forgetEphemeral();
    },
    listImages: async () => [...images.values()],
    pullImage: async (_namespace, reference) => {
      const image = imageOf(reference);
      images.set(reference, image);
      return `${reference.replace(/:[^:/]*$/, "")}@${image.digest}`;
    },
    importImage: async (_namespace, archive) => {
      const hash = createHash("sha256");
      let bytes = 0;
      for await (const piece of archive) {
        hash.update(piece);
        bytes += piece.length;
      }
      if (bytes === 0) throw new Error("unrecognized image format");
      const name = `docker.io/library/imported:${hash.digest("hex").slice(0, 12)}`;
      images.set(name, imageOf(name));
      return name;
    },
    staticPods: () => {
      const pods = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"];
      return isControlPlane && hasEtcdData
        ? pods.map((pod) => ({ id: `kube-system/${pod}-${host?.nodeName}`, ready: true }))
        : [];
    },
    nodeReady: () => (host === undefined || (isControlPlane && !hasEtcdData) ? undefined : true),
    stop: async () => {
      host = undefined;
    },
  };
}

/** An etcd with nothing in it has five pages of 4 KiB. */
const EMPTY_BYTES = 20_480;

/** As etcd ends a snapshot: the database, then its SHA-256. */
function wholeSnapshot(content: Buffer): Buffer {
  const pages = Buffer.alloc(Math.max(EMPTY_BYTES, content.length));
  content.copy(pages);
  return Buffer.concat([pages, createHash("sha256").update(pages).digest()]);
}

function isWholeSnapshot(snapshot: Buffer): boolean {
  const [pages, hash] = [snapshot.subarray(0, -32), snapshot.subarray(-32)];
  return createHash("sha256").update(pages).digest().equals(hash);
}

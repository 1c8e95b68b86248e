/** What one etcd is started with. */
export interface EtcdPlan {
  readonly name: string;
  readonly address: string;
  readonly dataFolder: string;
  readonly secretsFolder: string;
  /** `cp-1=https://127.0.4.10:2380`, comma separated; the node itself included. */
  readonly initialCluster: string;
  readonly state: "new" | "existing";
  /** As for the control plane: whether the machine has a network of its own. Default `shared`. */
  readonly network?: "own" | "shared";
}

/**
 * Talos' own arguments (recorded from 1.13.9). Nothing is synced to the host's disk, which only a power cut of the host would miss. On a
 * shared network etcd listens at the machine's own address instead of all of them, and a peer's certificate is not held against the address
 * it calls from, which is 127.0.0.1 for all of them.
 */
export function etcdArguments(plan: EtcdPlan): readonly string[] {
  const client = `https://${plan.address}:2379`;
  const peer = `https://${plan.address}:2380`;
  const secret = (name: string) => `${plan.secretsFolder}/${name}`;
  const shared = plan.network !== "own";
  return [
    `--advertise-client-urls=${client}`,
    "--auto-tls=false",
    `--cert-file=${secret("server.crt")}`,
    "--client-cert-auth=true",
    `--data-dir=${plan.dataFolder}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=${plan.initialCluster}`,
    `--initial-cluster-state=${plan.state}`,
    `--key-file=${secret("server.key")}`,
    `--listen-client-urls=${shared ? client : "https://0.0.0.0:2379"}`,
    `--listen-peer-urls=${shared ? peer : "https://0.0.0.0:2380"}`,
    `--name=${plan.name}`,
    "--peer-auto-tls=false",
    `--peer-cert-file=${secret("peer.crt")}`,
    "--peer-client-cert-auth=true",
    `--peer-key-file=${secret("peer.key")}`,
    `--peer-trusted-ca-file=${secret("ca.crt")}`,
    `--trusted-ca-file=${secret("ca.crt")}`,
    "--unsafe-no-fsync=true",
    ...(shared
      ? ["--peer-skip-client-san-verification=true"]
      : [
          "--experimental-compact-hash-check-enabled=true",
          "--experimental-initial-corrupt-check=true",
          "--experimental-watch-progress-notify-interval=5s",
        ]),
  ];
}

/** What etcdutl is started with to make a data folder of a cluster of one from a snapshot. */
export function restoreArguments(plan: {
  readonly snapshot: string;
  readonly skipHashCheck: boolean;
  readonly name: string;
  readonly address: string;
  /** Must not exist or be empty. */
  readonly dataFolder: string;
}): readonly string[] {
  const peer = `https://${plan.address}:2380`;
  return [
    "snapshot",
    "restore",
    plan.snapshot,
    `--name=${plan.name}`,
    `--data-dir=${plan.dataFolder}`,
    `--initial-cluster=${plan.name}=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--skip-hash-check=${plan.skipHashCheck}`,
  ];
}

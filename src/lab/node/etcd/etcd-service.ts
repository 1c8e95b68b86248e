import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { Clock } from "../../../lib/clock.ts";
import type { BootstrapAnswer, BootstrapOrder, EtcdMember, InteriorHost } from "../../interior.ts";
import type { RunningProgram } from "../running-program.ts";
import { type EtcdPlan, etcdArguments, restoreArguments } from "./etcd-arguments.ts";
import { createEtcdClient, type EtcdClient, type EtcdCredentials } from "./etcd-client.ts";
import { leaveCluster } from "./leave-cluster.ts";
import type { RecoverySnapshot } from "./recovery-snapshot.ts";

export interface EtcdServiceOptions {
  readonly host: InteriorHost;
  readonly clock: Clock;
  /** On the EPHEMERAL partition; what is in it decides whether this node is a member already. */
  readonly dataFolder: string;
  readonly secretsFolder: string;
  /** What etcd is told where that differs from what this process sees: paths inside the machine, its network. */
  readonly plan?: Partial<Pick<EtcdPlan, "dataFolder" | "secretsFolder" | "network">> & { readonly snapshot?: string };
  /** Writes the certificates; called before the first use of anything else here. */
  readonly credentials: () => EtcdCredentials;
  readonly recovery: RecoverySnapshot;
  /** Pulls the image and takes a program out of it. */
  readonly program: (name: "etcd" | "etcdutl", signal: AbortSignal) => Promise<string>;
  readonly startProcess: (name: string, binary: string, args: readonly string[]) => Promise<RunningProgram>;
  /** Addresses of the other control planes, as a node would learn them from the cluster. */
  readonly peers: () => readonly string[];
  /** Resolves when the cri service is up. */
  readonly criUp: Promise<void>;
}

/** etcd of one control plane: waits for Bootstrap or for a cluster to join, then runs and stays. */
export interface EtcdService {
  readonly start: () => void;
  readonly bootstrap: (order: BootstrapOrder) => BootstrapAnswer;
  readonly members: () => Promise<readonly EtcdMember[]>;
  readonly snapshot: (options: { readonly signal: AbortSignal }) => AsyncIterable<Uint8Array>;
  /** Leaves the cluster, stops and removes the data. */
  readonly leave: (options: { readonly signal: AbortSignal }) => Promise<void>;
  /** Resolves when etcd serves; rejects when the service is stopped before. */
  readonly serving: (signal: AbortSignal) => Promise<void>;
  readonly stop: (how: "shutdown" | "power-loss") => Promise<void>;
}

const POLL_MS = 500;
const JOIN_POLL_MS = 1000;
const MEMBERS_TIMEOUT_MS = 2000;
const RESTART_MS = 1000;

export function createEtcdService(options: EtcdServiceOptions): EtcdService {
  const { host, clock } = options;
  const life = new AbortController();
  const peerUrl = `https://${host.address}:2380`;
  const clients = new Map<string, EtcdClient>();
  let credentials: EtcdCredentials | undefined;
  let waiting = new AbortController();
  let ordered: BootstrapOrder | undefined;
  let isWaiting = false;
  let running: RunningProgram | undefined;
  let isServing = false;
  let work: Promise<void> = Promise.resolve();

  const say = (state: Parameters<InteriorHost["service"]>[1], message: string, healthy?: boolean) =>
    healthy === undefined ? host.service("etcd", state, message) : host.service("etcd", state, message, healthy);
  const clientOf = (address: string): EtcdClient => {
    credentials ??= options.credentials();
    const client = clients.get(address) ?? createEtcdClient(`https://${address}:2379`, credentials);
    clients.set(address, client);
    return client;
  };
  const hasData = () => existsSync(options.dataFolder) && readdirSync(options.dataFolder).length > 0;

  /** The first other control plane whose etcd answers, with its members. */
  const findCluster = async (signal: AbortSignal) => {
    for (const address of options.peers()) {
      try {
        return { client: clientOf(address), members: await clientOf(address).members({ signal }) };
      } catch {
        signal.throwIfAborted();
      }
    }
    return undefined;
  };

  const run = async (state: "new" | "existing", initialCluster: string, client?: EtcdClient): Promise<void> => {
    const { signal } = life;
    const binary = await options.program("etcd", signal);
    credentials ??= options.credentials();
    mkdirSync(options.dataFolder, { recursive: true, mode: 0o700 });
    const args = etcdArguments({
      name: host.nodeName,
      address: host.address,
      dataFolder: options.dataFolder,
      secretsFolder: options.secretsFolder,
      initialCluster,
      state,
      ...options.plan,
    });
    say("Preparing", "Creating service runner");
    while (!signal.aborted) {
      running = await options.startProcess("etcd", binary, args);
      say("Running", `Started task etcd (PID ${running.pid}) for container etcd`);
      await Promise.race([untilServing(client), running.ended]);
      const reason = await running.ended;
      isServing = false;
      if (signal.aborted) return;
      say("Failed", `Error running Containerd(etcd), going to restart forever: task "etcd" failed: ${reason}`, false);
      await clock.sleep(RESTART_MS, { signal });
    }
  };

  /** Waits until our own etcd is a voting member that answers; asks the cluster to promote it where it is a learner. */
  const untilServing = async (client: EtcdClient | undefined): Promise<void> => {
    const { signal } = life;
    while (!signal.aborted && running?.running() === true) {
      try {
        const learner = (await client?.members({ signal }))?.find(
          (member) => member.isLearner && member.peerUrls.includes(peerUrl),
        );
        if (learner !== undefined) await client?.promote(learner.id, { signal });
        else if (await clientOf(host.address).healthy({ signal })) {
          isServing = true;
          say("Running", "Health check successful", true);
          return;
        }
      } catch {
        // Not up yet, or a learner that is not in sync yet: asked again.
      }
      await clock.sleep(POLL_MS, { signal });
    }
  };

  const join = async (signal: AbortSignal): Promise<void> => {
    host.log(
      "etcd",
      "etcd is waiting to join the cluster, if this node is the first node of the cluster, please run `talosctl bootstrap` " +
        `against one of the following IPs: [${host.address}]`,
    );
    for (;;) {
      const found = await findCluster(signal);
      if (found !== undefined) {
        const listed = found.members.some((member) => member.peerUrls.includes(peerUrl));
        const others = found.members.filter((member) => !member.peerUrls.includes(peerUrl));
        try {
          if (!listed) await found.client.addLearner(peerUrl, { signal });
          const all = [...others.map((member) => [member.hostname, member.peerUrls[0]]), [host.nodeName, peerUrl]];
          host.log("etcd", `joining the cluster of ${others.map((member) => member.hostname).join(", ")} as a learner`);
          await run("existing", all.map(([name, url]) => `${name}=${url}`).join(","), found.client);
          return;
        } catch (error) {
          // Most often another member is being added: one learner at a time.
          signal.throwIfAborted();
          host.log("etcd", `cannot join yet: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
      await clock.sleep(JOIN_POLL_MS, { signal });
    }
  };

  const etcdutl = async (args: readonly string[]): Promise<void> => {
    running = await options.startProcess("etcdutl", await options.program("etcdutl", life.signal), args);
    const reason = await running.ended;
    life.signal.throwIfAborted();
    if (reason !== "exit status 0") throw new Error(running.lastLine() || reason);
  };

  /** Makes the data of a cluster of one from the snapshot. What a failed one leaves is left, as Talos does. */
  const restore = async ({ skipHashCheck }: BootstrapOrder): Promise<void> => {
    const { dataFolder, recovery } = options;
    credentials ??= options.credentials();
    const reason = (what: string) => (error: unknown) =>
      Promise.reject(new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`));
    const snapshot = options.plan?.snapshot ?? recovery.file;
    await etcdutl(["snapshot", "status", snapshot]).catch(reason("error verifying snapshot"));
    const names = { name: host.nodeName, address: host.address };
    const plan = { snapshot, skipHashCheck, ...names, dataFolder: options.plan?.dataFolder ?? dataFolder };
    await etcdutl(restoreArguments(plan)).catch(reason("error recovering from the snapshot"));
    await recovery.remove();
  };

  const begin = async (): Promise<void> => {
    say("Starting", "Starting service");
    say("Waiting", 'Waiting for service "cri" to be "up"');
    await options.criUp;
    say("Preparing", "Running pre state");
    if (hasData()) return run("existing", `${host.nodeName}=${peerUrl}`);
    if (ordered !== undefined) {
      if (ordered.recover) await restore(ordered);
      return run("new", `${host.nodeName}=${peerUrl}`);
    }
    isWaiting = true;
    const signal = AbortSignal.any([life.signal, waiting.signal]);
    await options.program("etcd", signal);
    await join(signal);
  };
  const launch = (): void => {
    waiting = new AbortController();
    work = begin().catch((error: unknown) => {
      if (life.signal.aborted || waiting.signal.aborted) return;
      // Another Bootstrap may be asked for.
      ordered = undefined;
      isWaiting = true;
      say("Failed", `Failed to run pre stage: ${error instanceof Error ? error.message : String(error)}`, false);
    });
  };

  const end = async (how: "shutdown" | "power-loss"): Promise<void> => {
    if (life.signal.aborted) return;
    life.abort();
    waiting.abort();
    await running?.end(how);
    await work;
    await Promise.all([...clients.values()].map((client) => client.close()));
    say("Finished", "Service finished successfully");
  };

  return {
    start: launch,
    bootstrap: (order) => {
      if (hasData()) return "data-not-empty";
      // Until etcd has written something every repeat is as good as the first.
      if (ordered === undefined) {
        ordered = order;
        say("Finished", "Service finished successfully");
        say("Finished", "Bootstrap requested");
        if (isWaiting) {
          isWaiting = false;
          waiting.abort();
          void work.then(launch);
        }
      }
      return "accepted";
    },
    members: () => clientOf(host.address).members({ signal: AbortSignal.timeout(MEMBERS_TIMEOUT_MS) }),
    snapshot: (call) => clientOf(host.address).snapshot(call),
    leave: async ({ signal }) => {
      // Without a member here that ran there is nothing to leave.
      if (!hasData() || running === undefined) return;
      await leaveCluster(clientOf(host.address), peerUrl, { clock, signal });
      await end("shutdown");
      await rm(options.dataFolder, { recursive: true, force: true });
    },
    serving: async (signal) => {
      const both = AbortSignal.any([life.signal, signal]);
      while (!isServing) await clock.sleep(POLL_MS, { signal: both });
    },
    stop: end,
  };
}

import { existsSync, mkdirSync, readdirSync } from "node:fs";
import type { Clock } from "../../../lib/clock.ts";
import type { BootstrapAnswer, EtcdMember, InteriorHost } from "../../interior.ts";
import { etcdArguments } from "../../node/etcd/etcd-arguments.ts";
import { createEtcdClient, type EtcdClient, type EtcdCredentials } from "../../node/etcd/etcd-client.ts";
import type { RealProcess } from "../real-process.ts";

export interface EtcdServiceOptions {
  readonly host: InteriorHost;
  readonly clock: Clock;
  /** On the EPHEMERAL partition; what is in it decides whether this node is a member already. */
  readonly dataFolder: string;
  readonly secretsFolder: string;
  /** Writes the certificates; called before the first use of anything else here. */
  readonly credentials: () => EtcdCredentials;
  /** Pulls the image and takes the program out of it. */
  readonly program: (signal: AbortSignal) => Promise<string>;
  readonly startProcess: (binary: string, args: readonly string[]) => Promise<RealProcess>;
  /** Addresses of the other control planes, as a node would learn them from the cluster. */
  readonly peers: () => readonly string[];
  /** Resolves when the cri service is up. */
  readonly criUp: Promise<void>;
}

/** etcd of one control plane: waits for Bootstrap or for a cluster to join, then runs and stays. */
export interface EtcdService {
  readonly start: () => void;
  readonly bootstrap: () => BootstrapAnswer;
  readonly members: () => Promise<readonly EtcdMember[]>;
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
  let bootstrapped = false;
  let isWaiting = false;
  let running: RealProcess | undefined;
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
    const binary = await options.program(signal);
    credentials ??= options.credentials();
    mkdirSync(options.dataFolder, { recursive: true, mode: 0o700 });
    const args = etcdArguments({
      name: host.nodeName,
      address: host.address,
      dataFolder: options.dataFolder,
      secretsFolder: options.secretsFolder,
      initialCluster,
      state,
    });
    say("Preparing", "Creating service runner");
    while (!signal.aborted) {
      running = await options.startProcess(binary, args);
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

  const begin = async (): Promise<void> => {
    say("Starting", "Starting service");
    say("Waiting", 'Waiting for service "cri" to be "up"');
    await options.criUp;
    say("Preparing", "Running pre state");
    if (hasData()) return run("existing", `${host.nodeName}=${peerUrl}`);
    if (bootstrapped) return run("new", `${host.nodeName}=${peerUrl}`);
    waiting = new AbortController();
    isWaiting = true;
    const signal = AbortSignal.any([life.signal, waiting.signal]);
    await options.program(signal);
    await join(signal);
  };
  const launch = (): void => {
    work = begin().catch((error: unknown) => {
      if (life.signal.aborted || waiting.signal.aborted) return;
      say("Failed", `Failed to run pre stage: ${error instanceof Error ? error.message : String(error)}`, false);
    });
  };

  return {
    start: launch,
    bootstrap: () => {
      if (hasData()) return "data-not-empty";
      // Until etcd has written something every repeat is as good as the first.
      if (!bootstrapped) {
        bootstrapped = true;
        say("Finished", "Service finished successfully");
        say("Finished", "Bootstrap requested");
        if (isWaiting) {
          waiting.abort();
          void work.then(launch);
        }
      }
      return "accepted";
    },
    members: () => clientOf(host.address).members({ signal: AbortSignal.timeout(MEMBERS_TIMEOUT_MS) }),
    serving: async (signal) => {
      const both = AbortSignal.any([life.signal, signal]);
      while (!isServing) await clock.sleep(POLL_MS, { signal: both });
    },
    stop: async (how) => {
      life.abort();
      waiting.abort();
      await running?.end(how);
      await work;
      await Promise.all([...clients.values()].map((client) => client.close()));
      say("Finished", "Service finished successfully");
    },
  };
}

import { systemClock } from "../../../lib/clock.ts";
import { isNetworkFault, type NetworkFault } from "../../faults.ts";
import type { OpenRack } from "../../rack/open-rack.ts";
import type { ContainedRackFile, RackPaths } from "../../rack/rack-file.ts";
import { processesOfRack } from "../node/cgroups.ts";
import { createDelays } from "./delay.ts";
import { programIn } from "./lab-rootfs.ts";
import { machineMemory } from "./machine-memory.ts";
import { buildNetwork, entering, ip } from "./namespaces.ts";
import { isReachable } from "./network-rules.ts";
import { awaitRecorded, pendingTermination } from "./outer-process.ts";
import { createRemoteMachine, type RemoteMachine } from "./remote-machine.ts";
import { runProgram } from "./run-program.ts";
import { createSwitchboard } from "./switchboard.ts";
import { virtualIpHolder } from "./virtual-ip.ts";

/** The Talos API's port on every machine. */
const PORT = 50_000;
const LOOK_MS = 1000;

/** How the processes of a contained rack are started. */
export interface RackProcesses {
  /** Runs `runContainedMachine`; the rack's folder and the machine's name are appended. */
  readonly machine: readonly string[];
  /** Runs `relayLate`; its arguments are appended. */
  readonly delay: readonly string[];
}

export interface ContainedRackOptions {
  readonly processes: RackProcesses;
  readonly say: (line: string) => void;
  /** SIGTERM was sent to the process that the rack hangs on. */
  readonly onTermination: () => void;
}

/**
 * Opens a contained rack in the namespaces that this process is the first of: its switch and cables, and a process for every machine.
 *
 * @returns undefined when the start of the rack was given up before it was written down
 */
export async function openContainedRack(
  rack: ContainedRackFile,
  paths: RackPaths,
  options: ContainedRackOptions,
): Promise<OpenRack | undefined> {
  const pid = awaitRecorded();
  if (pid === undefined) return undefined;
  const isTerminated = pendingTermination(pid);
  await runProgram("mount", ["-t", "proc", "proc", "/proc"]);
  await buildNetwork(rack.nodes.map(({ name, address, hardware }) => ({ name, address, mac: hardware.mac })));
  const names = rack.nodes.map(({ name }) => name);
  const board = createSwitchboard({
    nodes: names,
    nft: ["chroot", rack.rootfs, programIn(rack.rootfs, "nft") ?? "nft"],
    delay: createDelays({ nodes: names, relay: options.processes.delay, say: options.say }),
  });
  const relations = createRelations(rack, { faults: board.faults, say: options.say });
  const machines = new Map(
    rack.nodes.map(({ name, address }) => {
      const machine = createRemoteMachine({
        name,
        address,
        port: PORT,
        command: [...entering(name), ...options.processes.machine, paths.folder, name],
        env: { ...process.env, SKERRY_NODE: name },
        endRemains: async () => endProcessesOf(rack.id, name),
        changed: () => relations.changed(),
        say: (line) => options.say(`${name} ${line}`),
        clock: systemClock,
      });
      return [name, machine] as const;
    }),
  );
  relations.of(machines);
  await board.set(rack.faults.filter(isNetworkFault));
  const looking = setInterval(() => isTerminated() && options.onTermination(), LOOK_MS);
  const memoryOf = (name: string) => machineMemory(rack.id, name, machines.get(name)?.pid);
  return {
    machines,
    pid,
    memoryBytes: () => names.reduce((sum, name) => sum + memoryOf(name), process.memoryUsage.rss()),
    memoryOf,
    network: {
      faults: board.faults,
      set: async (faults) => {
        await board.set(faults);
        relations.changed();
      },
      virtualIpOn: relations.virtualIpOn,
    },
    close: async () => {
      clearInterval(looking);
      // The kernel ends what they started when this process, the first of its namespace, ends.
      await Promise.all([...machines.values()].map((machine) => machine.close()));
    },
  };
}

/** What machines have to do with each other: the virtual IP, and whose trustd a worker reaches. */
function createRelations(
  rack: ContainedRackFile,
  options: { readonly faults: () => readonly NetworkFault[]; readonly say: (line: string) => void },
) {
  let machines: ReadonlyMap<string, RemoteMachine> = new Map();
  let holder: string | undefined;
  let turn: Promise<void> = Promise.resolve();
  const controlPlanes = rack.nodes.filter(({ role }) => role === "controlplane").map(({ name }) => name);
  const shareTrust = () => {
    for (const [name, machine] of machines) {
      const offers = controlPlanes
        .filter((other) => other !== name && isReachable(name, other, options.faults()))
        .map((other) => machines.get(other)?.authority);
      machine.trust(offers.filter((offer) => offer !== undefined));
    }
  };
  const move = async (to: string | undefined): Promise<void> => {
    const address = rack.virtualIp;
    if (address === undefined || to === holder) return;
    if (holder !== undefined) await ip([`addr del ${address}/32 dev eth0`], holder).catch(() => undefined);
    holder = to;
    options.say(`the virtual IP ${address} is ${to === undefined ? "nowhere" : `on ${to}`}`);
    if (to !== undefined) await ip([`addr add ${address}/32 dev eth0`], to);
    // As the announcement does that the new holder sends.
    for (const name of ["laptop", ...machines.keys()]) {
      if (name !== to) await ip([`neigh flush to ${address} dev eth0`], name);
    }
  };
  const elect = () => {
    const candidates = controlPlanes.map((name) => ({
      name,
      isServing: machines.get(name)?.apiServerAnswers === true && machines.get(name)?.stage !== "off",
    }));
    const next = virtualIpHolder(candidates, { current: holder, faults: options.faults() });
    turn = turn.then(() => move(next)).catch((error: unknown) => options.say(`the virtual IP: ${String(error)}`));
  };
  const changed = () => {
    shareTrust();
    elect();
  };
  return {
    of: (all: ReadonlyMap<string, RemoteMachine>) => {
      machines = all;
      for (const machine of all.values()) machine.onChange((stage) => (stage === "off" ? changed() : undefined));
    },
    changed,
    virtualIpOn: () => holder,
  };
}

/** What a machine's process leaves when it is killed: the first process of its boot goes, and all of its namespace with it. */
function endProcessesOf(id: string, node: string): void {
  for (const pid of processesOfRack(id, node)) {
    try {
      if (pid !== 0) process.kill(pid, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }
}

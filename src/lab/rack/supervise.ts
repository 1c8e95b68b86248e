import { createHash } from "node:crypto";
import { join } from "node:path";
import { systemClock } from "../../lib/clock.ts";
import { createMachine } from "../machine/machine.ts";
import type { Machine } from "../machine/types.ts";
import { openBlobStore } from "../modelled/images/blob-store.ts";
import { createModelledInterior } from "../modelled/modelled-interior.ts";
import { createProcessKeeper } from "../modelled/real-process.ts";
import { writeWhole } from "../node/disk.ts";
import { appendRecord, recordOf } from "../process-record.ts";
import type { RackAnswer, RackCommand, RackStatus } from "./control-protocol.ts";
import { serveControl } from "./control-socket.ts";
import { type EndpointForwarder, startEndpointForwarder } from "./endpoint-forwarder.ts";
import { type RackFile, type RackNode, type RackPaths, rackPathsOf, readRackFile, writeRackFile } from "./rack-file.ts";
import { releaseImages } from "./release-images.ts";

/** The API's port on every machine. */
const PORT = 50_000;

/**
 * Runs a rack until it is told to stop: its machines, the forwarder of its endpoint, its control socket. Ends every process that
 * it started.
 *
 * @param folder - the rack's folder, with its rack.json
 * @param options.signal - as the command `stop`
 * @returns the exit code of the process
 */
export async function superviseRack(folder: string, options: { readonly signal: AbortSignal }): Promise<0> {
  const paths = rackPathsOf(folder);
  const rack = readRackFile(paths.rackFile);
  if (rack === undefined) throw new Error(`${paths.rackFile} is missing or not of this version`);
  const own = recordOf(process.pid, "supervisor");
  if (own !== undefined) appendRecord(paths.processes, own);
  const say = (line: string) => console.log(`${systemClock.now().toISOString()} ${line}`);
  const controlPlanes = rack.nodes.filter((node) => node.role === "controlplane").map((node) => node.address);
  let forwarder: EndpointForwarder;
  try {
    forwarder = await startEndpointForwarder(rack.endpoint, controlPlanes);
  } catch (error) {
    say(`the address ${rack.endpoint} cannot be used: ${String(error)}`);
    writeWhole(paths.slotTaken, "");
    return 0;
  }
  const keeper = createProcessKeeper(paths.processes);
  const machines = createMachines(rack, paths, { keeper, say });
  // One machine's failure must not take the others with it, nor leave their processes without anybody who ends them.
  const survive = (error: unknown) =>
    say(`a failure inside the lab: ${error instanceof Error ? error.stack : String(error)}`);
  process.on("unhandledRejection", survive);
  process.on("uncaughtException", survive);
  const stopped = Promise.withResolvers<void>();
  options.signal.addEventListener("abort", () => stopped.resolve(), { once: true });
  const state = { rack };
  try {
    const powered = rack.nodes.filter((node) => node.powered);
    await Promise.all(powered.map(async (node) => await machines.get(node.name)?.start()));
    const stopControl = await serveControl(paths.socket, (command) =>
      answer(command, { state, paths, machines, stop: () => setImmediate(stopped.resolve) }),
    );
    say(`rack ${rack.name} is up with ${rack.nodes.length} machines`);
    await stopped.promise;
    say("stopping");
    await stopControl();
    return 0;
  } finally {
    await Promise.allSettled([...machines.values()].map((machine) => machine.close()));
    await keeper.endAll();
    await forwarder.close();
    say("stopped");
  }
}

type Machines = ReadonlyMap<string, Machine>;

function createMachines(
  rack: RackFile,
  paths: RackPaths,
  shared: { readonly keeper: ReturnType<typeof createProcessKeeper>; readonly say: (line: string) => void },
): Machines {
  const store = openBlobStore(paths.blobs);
  const release = releaseImages(rack.talos, rack.kubernetesVersion);
  const { pullRetryMs, backOffMs, serviceMs, ...timings } = rack.timings;
  return new Map(
    rack.nodes.map((node, index) => {
      const interior = createModelledInterior({
        folder: join(paths.nodes, node.name),
        store,
        binFolder: paths.programs,
        keeper: shared.keeper,
        clock: systemClock,
        timings: { pullRetryMs, backOffMs, serviceMs },
        kubernetes: rack.kubernetes,
        talosVersion: rack.talos,
        release,
        peers: () => peersOf(rack, node),
        log: (line) => shared.say(`${node.name} ${line}`),
      });
      const machine = createMachine({
        name: node.name,
        address: node.address,
        port: PORT,
        hardware: node.hardware,
        interior,
        clock: systemClock,
        timings,
        random: seededBytes(`${rack.seed}/${index}`),
        faults: rack.faults.filter((fault) => fault.node === node.name),
      });
      machine.onChange((stage) => shared.say(`${node.name} is ${stage}`));
      return [node.name, machine] as const;
    }),
  );
}

function peersOf(rack: RackFile, node: RackNode): readonly string[] {
  return rack.nodes.filter((other) => other.role === "controlplane" && other !== node).map((other) => other.address);
}

/** Bytes that look random and are the same for the same seed. Only for what identifies simulated machines, never for keys. */
function seededBytes(seed: string): (size: number) => Uint8Array {
  let count = 0;
  return (size) => {
    const pieces: Buffer[] = [];
    for (let have = 0; have < size; have += 32) {
      count += 1;
      pieces.push(createHash("sha256").update(`${seed}/${count}`).digest());
    }
    return Buffer.concat(pieces).subarray(0, size);
  };
}

interface Running {
  readonly state: { rack: RackFile };
  readonly paths: RackPaths;
  readonly machines: Machines;
  readonly stop: () => void;
}

async function answer(command: RackCommand, running: Running): Promise<RackAnswer> {
  const name = command.do === "inject" ? command.fault.node : "node" in command ? command.node : undefined;
  const machine = name === undefined ? undefined : running.machines.get(name);
  if (name !== undefined && machine === undefined) {
    return { ok: false, code: "LAB_NODE_UNKNOWN", message: `rack ${running.state.rack.name} has no machine ${name}` };
  }
  switch (command.do) {
    case "status":
      break;
    case "power-on":
      remember(running, command.node, true);
      machine?.powerOn();
      break;
    case "power-off":
      remember(running, command.node, false);
      await machine?.powerOff();
      break;
    case "inject":
      machine?.inject(command.fault);
      break;
    case "stop":
      running.stop();
      break;
  }
  return { ok: true, status: statusOf(running) };
}

/** Written down, so that a supervisor that is started again leaves the machine as it was. */
function remember({ state, paths }: Running, name: string, powered: boolean): void {
  const nodes = state.rack.nodes.map((node) => (node.name === name ? { ...node, powered } : node));
  state.rack = { ...state.rack, nodes };
  writeRackFile(paths.rackFile, state.rack);
}

function statusOf({ state: { rack }, machines }: Running): RackStatus {
  return {
    name: rack.name,
    slot: rack.slot,
    endpoint: rack.endpoint,
    kubernetes: rack.kubernetes,
    pid: process.pid,
    memoryBytes: process.memoryUsage.rss(),
    machines: rack.nodes.map(({ name, role, address }) => {
      const machine = machines.get(name);
      return { name, role, address, stage: machine?.stage ?? "off", nodeName: machine?.nodeName ?? name };
    }),
  };
}

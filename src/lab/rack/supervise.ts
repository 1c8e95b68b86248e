import { fileURLToPath } from "node:url";
import { systemClock } from "../../lib/clock.ts";
import { openContainedRack, type RackProcesses } from "../contained/rack/contained-rack.ts";
import { isNetworkFault, LAPTOP, needsContainment } from "../faults.ts";
import { writeWhole } from "../node/disk.ts";
import type { RackAnswer, RackCommand, RackStatus } from "./control-protocol.ts";
import { serveControl } from "./control-socket.ts";
import { openModelledRack } from "./modelled-rack.ts";
import type { OpenRack } from "./open-rack.ts";
import { type RackFile, type RackPaths, rackPathsOf, readRackFile, writeRackFile } from "./rack-file.ts";

export interface SuperviseOptions {
  /** As the command `stop`. */
  readonly signal: AbortSignal;
  /** Default: this Node with machine.ts and delay.ts. */
  readonly processes?: RackProcesses;
}

/**
 * Runs a rack until it is told to stop: its machines, its network, its control socket. Ends every process that it started.
 *
 * @param folder - the rack's folder, with its rack.json
 * @returns the exit code of the process
 */
export async function superviseRack(folder: string, options: SuperviseOptions): Promise<0> {
  const paths = rackPathsOf(folder);
  const rack = readRackFile(paths.rackFile);
  if (rack === undefined) throw new Error(`${paths.rackFile} is missing or not of this version`);
  const say = (line: string) => console.log(`${systemClock.now().toISOString()} ${line}`);
  // One machine's failure must not take the others with it, nor leave their processes without anybody who ends them.
  const survive = (error: unknown) =>
    say(`a failure inside the lab: ${error instanceof Error ? error.stack : String(error)}`);
  const stopped = Promise.withResolvers<void>();
  options.signal.addEventListener("abort", () => stopped.resolve(), { once: true });
  const open =
    rack.interior === "modelled"
      ? await openModelledRack(rack, paths, say)
      : await openContainedRack(rack, paths, {
          processes: options.processes ?? defaultProcesses(),
          say,
          onTermination: stopped.resolve,
        });
  if (open === undefined) {
    writeWhole(paths.slotTaken, "");
    return 0;
  }
  process.on("unhandledRejection", survive);
  process.on("uncaughtException", survive);
  for (const [name, machine] of open.machines) machine.onChange((stage) => say(`${name} is ${stage}`));
  const running: Running = { state: { rack }, paths, open, stop: () => setImmediate(stopped.resolve) };
  try {
    const powered = rack.nodes.filter((node) => node.powered);
    await Promise.all(powered.map(async (node) => await open.machines.get(node.name)?.start()));
    const stopControl = await serveControl(paths.socket, (command) => answer(command, running));
    say(`rack ${rack.name} is up with ${rack.nodes.length} machines`);
    await stopped.promise;
    say("stopping");
    await stopControl();
    return 0;
  } finally {
    await open.close();
    say("stopped");
  }
}

function defaultProcesses(): RackProcesses {
  return {
    machine: [process.execPath, fileURLToPath(new URL("../machine.ts", import.meta.url))],
    delay: [process.execPath, fileURLToPath(new URL("../delay.ts", import.meta.url))],
  };
}

interface Running {
  readonly state: { rack: RackFile };
  readonly paths: RackPaths;
  readonly open: OpenRack;
  readonly stop: () => void;
}

async function answer(command: RackCommand, running: Running): Promise<RackAnswer> {
  const refusal = refusalOf(command, running);
  if (refusal !== undefined) return refusal;
  const { open } = running;
  switch (command.do) {
    case "status":
      break;
    case "power-on":
      remember(running, powered(running, command.node, true));
      open.machines.get(command.node)?.powerOn();
      break;
    case "power-off":
      remember(running, powered(running, command.node, false));
      await open.machines.get(command.node)?.powerOff();
      break;
    case "inject":
      if (isNetworkFault(command.fault)) {
        // The same again replaces what was: a delay of 50 ms, then one of 100 ms, is one of 100 ms.
        const { kind, node } = command.fault;
        const others = networkFaults(running).filter((fault) => !matches(fault, { kind, node }));
        await changeNetwork(running, [...others, command.fault]);
      } else open.machines.get(command.fault.node)?.inject(command.fault);
      break;
    case "clear":
      await changeNetwork(
        running,
        networkFaults(running).filter((fault) => !matches(fault, command)),
      );
      break;
    case "stop":
      running.stop();
      break;
  }
  return { ok: true, status: statusOf(running) };
}

function refusalOf(command: RackCommand, { state: { rack }, open }: Running): RackAnswer | undefined {
  const names = command.do === "inject" ? namesIn(command.fault) : "node" in command ? [command.node] : [];
  const stranger = names.find((name) => name !== undefined && !open.machines.has(name));
  if (stranger !== undefined && !(stranger === LAPTOP && mayBeLaptop(command))) {
    return { ok: false, code: "LAB_NODE_UNKNOWN", message: `rack ${rack.name} has no machine ${stranger}` };
  }
  if (command.do === "inject" && open.network === undefined && needsContainment(command.fault)) {
    const message = `rack ${rack.name} is modelled: it has nothing that ${command.fault.kind} could be done to`;
    return { ok: false, code: "LAB_FAULT_UNSUITABLE", message };
  }
  return undefined;
}

function mayBeLaptop(command: RackCommand): boolean {
  if (command.do === "clear") return true;
  return command.do === "inject" && isNetworkFault(command.fault) && command.fault.kind !== "partition";
}

function namesIn(fault: Extract<RackCommand, { readonly do: "inject" }>["fault"]): readonly string[] {
  return fault.kind === "partition" ? [fault.node, ...fault.with] : [fault.node];
}

function matches(
  fault: { readonly kind: string; readonly node: string },
  wanted: { readonly kind?: string | undefined; readonly node?: string | undefined },
): boolean {
  return (
    (wanted.kind === undefined || wanted.kind === fault.kind) &&
    (wanted.node === undefined || wanted.node === fault.node)
  );
}

function networkFaults({ open }: Running) {
  return open.network?.faults() ?? [];
}

async function changeNetwork(running: Running, faults: ReturnType<typeof networkFaults>): Promise<void> {
  if (running.open.network === undefined) return;
  await running.open.network.set(faults);
  const { rack } = running.state;
  remember(running, { ...rack, faults: [...rack.faults.filter((fault) => !isNetworkFault(fault)), ...faults] });
}

function powered({ state: { rack } }: Running, name: string, isOn: boolean): RackFile {
  return { ...rack, nodes: rack.nodes.map((node) => (node.name === name ? { ...node, powered: isOn } : node)) };
}

/** Written down, so that a supervisor that is started again leaves the rack as it was. */
function remember({ state, paths }: Running, rack: RackFile): void {
  state.rack = rack;
  writeRackFile(paths.rackFile, rack);
}

function statusOf({ state: { rack }, open }: Running): RackStatus {
  const holder = open.network?.virtualIpOn();
  return {
    name: rack.name,
    interior: rack.interior,
    ...(rack.interior === "modelled" ? { slot: rack.slot } : {}),
    endpoint: rack.endpoint,
    kubernetes: rack.kubernetes,
    pid: open.pid,
    memoryBytes: open.memoryBytes(),
    machines: rack.nodes.map(({ name, role, address }) => {
      const machine = open.machines.get(name);
      return {
        name,
        role,
        address,
        stage: machine?.stage ?? "off",
        nodeName: machine?.nodeName ?? name,
        ...(open.memoryOf === undefined ? {} : { memoryBytes: open.memoryOf(name) }),
      };
    }),
    networkFaults: open.network?.faults() ?? [],
    ...(holder === undefined ? {} : { virtualIpOn: holder }),
  };
}

import { join } from "node:path";
import { systemClock } from "../../lib/clock.ts";
import { createMachine } from "../machine/machine.ts";
import type { Machine } from "../machine/types.ts";
import { openBlobStore } from "../modelled/images/blob-store.ts";
import { createModelledInterior } from "../modelled/modelled-interior.ts";
import { createProcessKeeper } from "../modelled/real-process.ts";
import type { TcpForwarder } from "../node/tcp-forwarder.ts";
import { appendRecord, recordOf } from "../process-record.ts";
import { startEndpointForwarder } from "./endpoint-forwarder.ts";
import type { OpenRack } from "./open-rack.ts";
import { type ModelledRackFile, peersOf, type RackPaths } from "./rack-file.ts";
import { releaseImages } from "./release-images.ts";
import { seededBytes } from "./seeded-bytes.ts";

/** The API's port on every machine. */
const PORT = 50_000;

/** The machines of a modelled rack, in this process, and the forwarder of its endpoint. @returns undefined when its addresses are taken */
export async function openModelledRack(
  rack: ModelledRackFile,
  paths: RackPaths,
  say: (line: string) => void,
): Promise<OpenRack | undefined> {
  const own = recordOf(process.pid, "supervisor");
  if (own !== undefined) appendRecord(paths.processes, own);
  const controlPlanes = rack.nodes.filter((node) => node.role === "controlplane").map((node) => node.address);
  let forwarder: TcpForwarder;
  try {
    forwarder = await startEndpointForwarder(rack.endpoint, controlPlanes);
  } catch (error) {
    say(`the address ${rack.endpoint} cannot be used: ${String(error)}`);
    return undefined;
  }
  const keeper = createProcessKeeper(paths.processes);
  const machines = createMachines(rack, paths, { keeper, say });
  return {
    machines,
    pid: process.pid,
    memoryBytes: () => process.memoryUsage.rss(),
    close: async () => {
      await Promise.allSettled([...machines.values()].map((machine) => machine.close()));
      await keeper.endAll();
      await forwarder.close();
    },
  };
}

function createMachines(
  rack: ModelledRackFile,
  paths: RackPaths,
  shared: { readonly keeper: ReturnType<typeof createProcessKeeper>; readonly say: (line: string) => void },
): ReadonlyMap<string, Machine> {
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
        peers: () => peersOf(rack.nodes, node),
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
      return [node.name, machine] as const;
    }),
  );
}

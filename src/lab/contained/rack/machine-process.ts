import { join } from "node:path";
import { systemClock } from "../../../lib/clock.ts";
import { isNetworkFault, type MachineFault } from "../../faults.ts";
import type { Interior } from "../../interior.ts";
import { createMachine } from "../../machine/machine.ts";
import {
  type ContainedRackFile,
  peersOf,
  type RackNode,
  type RackPaths,
  rackPathsOf,
  readRackFile,
} from "../../rack/rack-file.ts";
import { releaseImages } from "../../rack/release-images.ts";
import { seededBytes } from "../../rack/seeded-bytes.ts";
import { createContainedInterior } from "../node/contained-interior.ts";
import { watchApiServer } from "./api-server-watch.ts";
import type { FromMachine, ToMachine } from "./machine-messages.ts";
import { RelayedTrust } from "./relayed-trust.ts";

/** The Talos API's port on every machine. */
const PORT = 50_000;

/**
 * One machine of a contained rack, in a process of its own that the supervisor has started in the machine's network namespace. Listens to
 * the supervisor over Node's IPC channel and ends with it.
 *
 * @param folder - the rack's folder
 * @param name - of the machine
 */
export async function runContainedMachine(folder: string, name: string): Promise<void> {
  const paths = rackPathsOf(folder);
  const rack = readRackFile(paths.rackFile);
  const node = rack?.nodes.find((each) => each.name === name);
  if (rack?.interior !== "contained" || node === undefined) throw new Error(`${paths.rackFile} has no machine ${name}`);
  const say = (message: FromMachine) => void process.send?.(message);
  const faults: MachineFault[] = rack.faults.filter((fault) => fault.node === name).filter(isMachineFault);
  const trust = new RelayedTrust((authority) =>
    say({ say: "authority", ...(authority === undefined ? {} : { authority }) }),
  );
  const { pullRetryMs: _, backOffMs: __, serviceMs: ___, ...timings } = rack.timings;
  const machine = createMachine({
    name,
    address: node.address,
    port: PORT,
    hardware: node.hardware,
    interior: interiorOf(rack, node, { paths, faults }),
    clock: systemClock,
    timings,
    random: seededBytes(`${rack.seed}/${rack.nodes.indexOf(node)}`),
    faults,
    trust,
  });
  machine.onChange((stage) => say({ say: "stage", stage, nodeName: machine.nodeName }));
  const obey = async (order: ToMachine): Promise<void> => {
    switch (order.do) {
      case "power-on":
        await machine.start();
        say({ say: "started" });
        break;
      case "power-off":
        await machine.powerOff();
        say({ say: "powered-off" });
        break;
      case "inject":
        faults.push(order.fault);
        machine.inject(order.fault);
        break;
      case "trust":
        trust.learn(order.authorities);
        break;
    }
  };
  const over = Promise.withResolvers<void>();
  process.on("message", (order: ToMachine) => void obey(order).catch(over.reject));
  process.once("disconnect", () => over.resolve());
  const watching = new AbortController();
  if (node.role === "controlplane") {
    const tell = (answers: boolean) => say({ say: "api-server", answers });
    void watchApiServer(node.address, tell, { clock: systemClock, signal: watching.signal });
  }
  try {
    await over.promise;
  } finally {
    watching.abort();
    await machine.close();
  }
}

function isMachineFault(fault: Parameters<typeof isNetworkFault>[0]): fault is MachineFault {
  return !isNetworkFault(fault);
}

function interiorOf(
  rack: ContainedRackFile,
  node: RackNode,
  more: { readonly paths: RackPaths; readonly faults: readonly MachineFault[] },
): Interior {
  return createContainedInterior({
    rackId: rack.id,
    node: node.name,
    folder: join(more.paths.nodes, node.name),
    rootfs: rack.rootfs,
    clock: systemClock,
    pullRetryMs: rack.timings.pullRetryMs,
    release: releaseImages(rack.talos, rack.kubernetesVersion),
    peers: () => peersOf(rack.nodes, node),
    // The last one counts; the disk is as large as that from the next boot on.
    fullDiskBytes: () => more.faults.findLast((fault) => fault.kind === "full-disk")?.bytes,
  });
}

import { OperatorError } from "../lib/errors/index.ts";
import { type DiskFacts, matchDisks, type SiteNode } from "../site/index.ts";
import type { NodeClient } from "../talos/api/index.ts";
import type { StepOptions } from "./engine/index.ts";
import type { GivenConfig } from "./given-config.ts";
import { describeDisk, readDisks } from "./node-disks.ts";
import { type NodeSight, withMaintenance } from "./node-sights.ts";
import { redactAnswer } from "./redact-answer.ts";
import { remembered, type UpContext } from "./up/context.ts";

type Maintenance = Extract<NodeSight, { readonly kind: "maintenance" }>;

/** How often one run gives a machine its config: once as planned, and twice after its installation was cut off. */
export const MAX_TIMES = 3;

/**
 * Gives a machine in maintenance its config, upon which it erases its disk and installs. One that had it before from this run, and is back
 * without an installation, gets it again only if it is the same machine with the same disk: then nothing is decided anew. Safe to repeat.
 *
 * @throws OperatorError NODE_MACHINE_CHANGED before anything was sent; TALOS_CONFIG_REJECTED and those of a call
 */
export async function giveConfig(
  context: UpContext,
  node: SiteNode,
  sight: Maintenance,
  { signal, notice }: Pick<StepOptions, "signal" | "notice">,
): Promise<void> {
  const { memory, ports } = context;
  const config = remembered(context, "configs").get(node.name) ?? "";
  const redact = redactAnswer(remembered(context, "keys"));
  const before = memory.given?.get(node.name);
  const isAgain = before !== undefined && before.fingerprint !== sight.fingerprint;
  const result = await withMaintenance(node, ports, async (client) => {
    const found = await identify(node, client, signal);
    if (isAgain) refuseAnother(node, before, found);
    const times = (before?.times ?? 0) + (isAgain || before === undefined ? 1 : 0);
    // Remembered before it is sent: the answer may get lost although the machine is on its way.
    memory.given = new Map(memory.given).set(node.name, { ...found, fingerprint: sight.fingerprint, times });
    if (isAgain) {
      const what = `it gets its config again (${times} of ${MAX_TIMES}): ERASES ${describe(found.disk)}`;
      notice(`${node.name} is back in maintenance without an installation; ${what}`);
    }
    return await client.applyConfiguration({ config, mode: "auto", redact }, { signal });
  });
  for (const warning of result.warnings) notice(`${node.name}: ${warning}`);
}

type Identity = Pick<GivenConfig, "uuid" | "serial" | "disk">;

async function identify(node: SiteNode, client: NodeClient, signal: AbortSignal): Promise<Identity> {
  const system = await client.systemInformation({ signal });
  const matched = matchDisks(node.disk, await readDisks(client, { signal }));
  return {
    uuid: system?.uuid ?? "",
    serial: system?.serial ?? "",
    disk: matched.length === 1 ? matched[0] : undefined,
  };
}

function refuseAnother(node: SiteNode, before: Identity, now: Identity): void {
  const differences = [
    ...(before.uuid === now.uuid ? [] : [`UUID ${before.uuid || "none"}, now ${now.uuid || "none"}`]),
    ...(before.serial === now.serial ? [] : [`serial number ${before.serial || "none"}, now ${now.serial || "none"}`]),
    ...(isSameDisk(before.disk, now.disk) ? [] : [`disk ${describe(before.disk)}, now ${describe(now.disk)}`]),
  ];
  if (differences.length === 0) return;
  throw new OperatorError(
    "NODE_MACHINE_CHANGED",
    `${node.name} is back in maintenance, and is not what was given its config before: ${differences.join("; ")}`,
    {
      where: { node: node.name },
      next: [
        `skerry nodes disks ${node.name}   which machine answers there, with which disks?`,
        "skerry up   shows the disk that would be erased, and asks",
      ],
    },
  );
}

/** By what a disk is, not by where the kernel found it this time; that decides only where it has no name of its own. */
function isSameDisk(before: DiskFacts | undefined, now: DiskFacts | undefined): boolean {
  if (before === undefined || now === undefined) return false;
  const keyOf = ({ serial, wwid, sizeBytes, model, devPath }: DiskFacts) =>
    [serial, wwid, sizeBytes, model, serial === "" && wwid === "" ? devPath : ""].join("\n");
  return keyOf(before) === keyOf(now);
}

function describe(disk: DiskFacts | undefined): string {
  return disk === undefined ? "none that is meant alone" : describeDisk(disk);
}

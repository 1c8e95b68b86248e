import pLimit from "p-limit";
import type { Clock } from "../../lib/clock.ts";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { type DiskFacts, matchDisks, type SiteNode } from "../../site/index.ts";
import { definePhase, type Wave } from "../engine/index.ts";
import { describeDisk, readDisks } from "../node-disks.ts";
import { lookAtNodes, withMaintenance } from "../node-sights.ts";
import type { NodePorts } from "../ports.ts";
import { remembered, type UpContext } from "../up/context.ts";

interface Machine {
  readonly disks: readonly DiskFacts[];
  /** Its clock minus ours; undefined where it does not tell. */
  readonly skewMs: number | undefined;
}

type Found = Machine | OperatorError;
type Facts = ReadonlyMap<string, Found>;

/** Beyond this, certificates made here and now may not be valid there, and etcd and tokens suffer. */
const MAX_SKEW_MS = 120_000;

/**
 * Disks are sacred: on every machine that will be installed, the selector must mean exactly one disk, and it is named before
 * anything is applied. Clocks are looked at too, since no time server may stay. A control plane in doubt stops the run; a
 * worker is set aside.
 */
export const checkDisks = definePhase<UpContext, Facts>({
  id: "check-disks",
  title: "Check disks and clocks",
  observe: async (context, { signal, setAside }) => {
    const { site, world, ports } = context;
    const keys = remembered(context, "keys");
    const sights = await lookAtNodes(site, keys, { signal, ports, concurrency: world.concurrency });
    const blank = site.nodes.filter(
      (node) => sights.get(node.name)?.kind === "maintenance" && !setAside.has(node.name),
    );
    const limit = pLimit(world.concurrency);
    const found = await Promise.all(
      blank.map((node) =>
        limit(async (): Promise<readonly [string, Found]> => {
          try {
            return [node.name, await lookInside(node, world.clock, ports, signal)];
          } catch (error) {
            if (isOperatorError(error)) return [node.name, error];
            throw error;
          }
        }),
      ),
    );
    return new Map(found);
  },
  plan: planChecks,
});

/** One refused step for each machine in doubt; nothing where all is clear. Pure. */
export function planChecks({ site }: Pick<UpContext, "site">, facts: Facts): readonly Wave[] {
  const refused = site.nodes.flatMap((node) => {
    const error = problemOf(node, facts.get(node.name));
    return error === undefined ? [] : [{ node, error }];
  });
  if (refused.length === 0) return [];
  return [
    refused.map(({ node, error }) => ({
      id: `check-disks/${node.name}`,
      title: `check the disk and the clock of ${node.name}`,
      target: { kind: "node", name: node.name },
      effect: "wait",
      inputs: { disk: { ...node.disk } },
      mayBeSetAside: node.role === "worker",
      refusal: error,
      apply: async () => {},
    })),
  ];
}

async function lookInside(node: SiteNode, clock: Clock, ports: NodePorts, signal: AbortSignal): Promise<Machine> {
  return await withMaintenance(node, ports, async (client) => {
    const disks = await readDisks(client, { signal });
    const theirs = await client.clock({ signal });
    return { disks, skewMs: theirs === undefined ? undefined : theirs.getTime() - clock.now().getTime() };
  });
}

function problemOf(node: SiteNode, found: Found | undefined): OperatorError | undefined {
  if (found === undefined || found instanceof OperatorError) return found;
  return diskProblem(node, found.disks) ?? clockProblem(node, found.skewMs);
}

function clockProblem(node: SiteNode, skewMs: number | undefined): OperatorError | undefined {
  if (skewMs === undefined || Math.abs(skewMs) <= MAX_SKEW_MS) return undefined;
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  return new OperatorError(
    "NODE_CLOCK_WRONG",
    `the clock of ${node.name} is ${minutes} minutes ${skewMs > 0 ? "ahead of" : "behind"} this laptop's`,
    {
      where: { node: node.name },
      next: [
        "date -u     is this laptop right?",
        `set the clock in the firmware of ${node.name} (UTC) and boot it again`,
      ],
      retry: "later",
    },
  );
}

function diskProblem(node: SiteNode, disks: readonly DiskFacts[]): OperatorError | undefined {
  const matched = matchDisks(node.disk, disks);
  if (matched.length === 1) return undefined;
  const wanted = Object.entries(node.disk)
    .map(([key, value]) => `${key}: ${value}`)
    .join(", ");
  return new OperatorError(
    matched.length === 0 ? "NODE_DISK_NOT_FOUND" : "NODE_DISK_AMBIGUOUS",
    matched.length === 0
      ? `${node.name} has no disk that matches {${wanted}}`
      : `${matched.length} disks of ${node.name} match {${wanted}}`,
    {
      where: { node: node.name },
      problems: (matched.length === 0 ? disks : matched).map((disk) => ({ message: describeDisk(disk) })),
      next: [
        `skerry nodes disks ${node.name}     list the disks that this machine has`,
        "then name exactly one in site.yaml, best by its serial number",
      ],
    },
  );
}

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DemoRack, DemoSite } from "./demo-site.ts";
import type { SkerryEvent, SkerryResult } from "./skerry.ts";

/** One run of `up` that ends at the first event that `at` wants. */
export async function runUntil(
  site: DemoSite,
  rack: DemoRack,
  wish: "kill" | "interrupt",
  at: (event: SkerryEvent) => boolean,
  ...flags: readonly string[]
): Promise<{ readonly result: SkerryResult; readonly stoppedAt: SkerryEvent | undefined }> {
  let stoppedAt: SkerryEvent | undefined;
  const result = await site.skerry(["up", "--rack", rack.name, "--yes", "--events", ...flags], {
    onEvent: (event) => {
      if (stoppedAt !== undefined || !at(event)) return undefined;
      stoppedAt = event;
      return wish;
    },
  });
  return { result, stoppedAt };
}

/** A hash of the files that are minted once; "" as long as there are none. */
export async function secretsOf(rack: DemoRack): Promise<string> {
  const folder = dirname(rack.siteFile);
  const read = async (name: string) => await readFile(join(folder, name)).catch(() => Buffer.alloc(0));
  const files = await Promise.all(["secrets.yaml", "site-secrets.yaml"].map(read));
  return files.some((file) => file.length === 0) ? "" : createHash("sha256").update(Buffer.concat(files)).digest("hex");
}

const phasesWithSteps = [
  "keys",
  "apply",
  "install",
  "bootstrap-etcd",
  "join-etcd",
  "talos-health",
  "kubeconfig",
  "api-server",
  "packages-before-ready",
  "nodes-ready",
  "system-pods",
  "packages-after-ready",
] as const;

/** A point at which a run can be killed. */
export interface KillPoint {
  readonly phase: (typeof phasesWithSteps)[number];
  readonly kind: "step.started" | "step.succeeded";
}

/** The first event of this point or, where its phase has nothing to do by now, of the next phase that has. */
export function isAt({ phase, kind }: KillPoint, event: SkerryEvent): boolean {
  return event.kind === kind && indexOf(event.phase) >= indexOf(phase);
}

/** `count` of the points at which a run can be killed, in the order of the journey; the same seed gives the same. */
export function samplePoints(seed: number, count: number): readonly KillPoint[] {
  const all = phasesWithSteps.flatMap((phase) =>
    (["step.started", "step.succeeded"] as const).map((kind) => ({ phase, kind })),
  );
  let state = seed;
  const drawn = new Set<number>();
  while (drawn.size < count) {
    // Numerical Recipes' linear congruential generator; its high bits are good enough to choose by.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    drawn.add(Math.floor((state / 2 ** 32) * all.length));
  }
  return all.filter((_point, index) => drawn.has(index));
}

const indexOf = (phase = "") => (phasesWithSteps as readonly string[]).indexOf(phase);

import { OperatorError } from "../../lib/errors/index.ts";
import { seededNumbers } from "./seeded.ts";

/** What goes wrong in a rehearsal. */
export type RehearsalFault =
  | { readonly kind: "dead"; readonly node: string }
  | { readonly kind: "wrong-serial"; readonly node: string }
  | { readonly kind: "refuse-install"; readonly node: string }
  | { readonly kind: "slow-disk"; readonly node: string; readonly factor: number }
  | { readonly kind: "drop-connections"; readonly node: string; readonly count: number }
  | { readonly kind: "lose-power"; readonly node: string; readonly at: PowerLossStage }
  | { readonly kind: "clock"; readonly node: string; readonly offsetSeconds: number }
  /** The mirror answers 404 for an image that the bundle has. */
  | { readonly kind: "image-missing"; readonly image: string };

export type FaultLevel = "none" | "few" | "many";

export const powerLossStages = ["applying", "installing", "rebooting", "booting", "running"] as const;
export type PowerLossStage = (typeof powerLossStages)[number];

/** What faults can strike. */
export interface FaultField {
  readonly nodes: readonly string[];
  /** Full references that the site's nodes pull. */
  readonly images: readonly string[];
}

/** Kinds as often as they are drawn: what happens at real sites comes up more often. */
const urn: readonly RehearsalFault["kind"][] = [
  "lose-power",
  "lose-power",
  "lose-power",
  "drop-connections",
  "drop-connections",
  "slow-disk",
  "slow-disk",
  "dead",
  "wrong-serial",
  "refuse-install",
  "clock",
  "image-missing",
];

/** How many faults a level means: few is one or two, many is one for every third node and at least three. */
function countOf(level: FaultLevel, nodes: number, draw: () => number): number {
  if (level === "none") return 0;
  return level === "few" ? 1 + Math.floor(draw() * 2) : Math.max(3, Math.ceil(nodes / 3));
}

/** Draws faults: the same seed, site and bundle give the same ones. No machine is struck twice. */
export function drawFaults(seed: number, level: FaultLevel, field: FaultField): readonly RehearsalFault[] {
  const draw = seededNumbers(seed, `faults/${level}`);
  const pick = <T>(items: readonly T[]): T => {
    const item = items[Math.floor(draw() * items.length)];
    if (item === undefined) throw new Error("nothing to draw from");
    return item;
  };
  const left = [...field.nodes];
  const faults: RehearsalFault[] = [];
  for (let count = countOf(level, field.nodes.length, draw); count > 0 && left.length > 0; count--) {
    const kind = pick(urn);
    if (kind === "image-missing" && field.images.length > 0) faults.push({ kind, image: pick(field.images) });
    else {
      const node = pick(left);
      left.splice(left.indexOf(node), 1);
      faults.push(nodeFault(kind === "image-missing" ? "lose-power" : kind, node, draw));
    }
  }
  return faults;
}

function nodeFault(
  kind: Exclude<RehearsalFault["kind"], "image-missing">,
  node: string,
  draw: () => number,
): RehearsalFault {
  const whole = (least: number, most: number) => least + Math.floor(draw() * (most - least + 1));
  switch (kind) {
    case "slow-disk":
      return { kind, node, factor: whole(2, 20) };
    case "drop-connections":
      return { kind, node, count: whole(1, 8) };
    case "lose-power":
      return { kind, node, at: powerLossStages[whole(0, powerLossStages.length - 1)] ?? "booting" };
    case "clock":
      return { kind, node, offsetSeconds: (draw() < 0.5 ? -60 : 60) * whole(5, 90) };
    default:
      return { kind, node };
  }
}

/** @throws OperatorError REHEARSAL_FAULT_UNKNOWN for a fault that names what is not there */
export function checkFaults(faults: readonly RehearsalFault[], field: FaultField): void {
  for (const fault of faults) {
    const [what, known] = fault.kind === "image-missing" ? [fault.image, field.images] : [fault.node, field.nodes];
    if (known.includes(what)) continue;
    const place = fault.kind === "image-missing" ? "the bundle does not hold" : "the site has not";
    throw new OperatorError("REHEARSAL_FAULT_UNKNOWN", `the fault ${fault.kind} names ${what}, which ${place}`, {
      next: [
        fault.kind === "image-missing"
          ? "skerry bundle inspect    lists the images of a bundle"
          : `name one of ${known.slice(0, 10).join(", ")}`,
      ],
    });
  }
}

/** `lose-power=cp-1:installing`, as it is given on the command line. */
export function faultText(fault: RehearsalFault): string {
  switch (fault.kind) {
    case "image-missing":
      return `image-missing=${fault.image}`;
    case "slow-disk":
      return `slow-disk=${fault.node}:${fault.factor}`;
    case "drop-connections":
      return `drop-connections=${fault.node}:${fault.count}`;
    case "lose-power":
      return `lose-power=${fault.node}:${fault.at}`;
    case "clock":
      return `clock=${fault.node}:${fault.offsetSeconds}`;
    default:
      return `${fault.kind}=${fault.node}`;
  }
}

/** Reads what `faultText` writes; undefined where it is no fault. */
export function parseFault(text: string): RehearsalFault | undefined {
  const image = /^image-missing=(.+)$/.exec(text)?.[1];
  if (image !== undefined) return { kind: "image-missing", image };
  const [, kind, node = "", how] = /^([a-z-]+)[=:]([^:=]+)(?::(.+))?$/.exec(text) ?? [];
  const number = how !== undefined && /^-?\d+(\.\d+)?$/.test(how) ? Number(how) : undefined;
  switch (kind) {
    case "dead":
    case "wrong-serial":
    case "refuse-install":
      return how === undefined ? { kind, node } : undefined;
    case "slow-disk":
      return number === undefined || number < 1 ? undefined : { kind, node, factor: number };
    case "drop-connections":
      return number === undefined || number < 1 || !Number.isInteger(number)
        ? undefined
        : { kind, node, count: number };
    case "clock":
      return number === undefined ? undefined : { kind, node, offsetSeconds: number };
    case "lose-power": {
      const at = powerLossStages.find((stage) => stage === how);
      return at === undefined ? undefined : { kind, node, at };
    }
    default:
      return undefined;
  }
}

import { realpathSync } from "node:fs";
import { OperatorError } from "../../lib/errors/index.ts";
import type { Site } from "../../site/index.ts";
import { canContain } from "../contained/rack/can-contain.ts";
import { MAX_CONTAINED_NODES } from "../contained/rack/network-plan.ts";
import { type Fault, LAPTOP, needsContainment } from "../faults.ts";
import type { InteriorKind } from "./rack-file.ts";

/** More machines than this make a modelled rack where nobody asks for another: each contained one runs a whole kubelet. */
const USUAL_NODES = 8;

export type ChosenInterior =
  | { readonly kind: "contained"; readonly rootfs: string }
  /** Why it is not contained; absent where modelled was asked for. */
  | { readonly kind: "modelled"; readonly reason?: string };

export interface InteriorWishes {
  readonly interior?: InteriorKind | undefined;
  readonly kubernetes?: boolean | undefined;
  readonly faults?: readonly Fault[] | undefined;
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/**
 * Which interior the machines of a rack get: contained where this computer and the site allow it, unless somebody chose.
 *
 * @throws OperatorError LAB_CANNOT_CONTAIN with all that is lacking, LAB_TOO_MANY_NODES, LAB_FAULT_UNSUITABLE
 */
export async function chooseInterior(site: Site, wishes: InteriorWishes): Promise<ChosenInterior> {
  const contained = wishes.faults?.find(needsContainment);
  if (wishes.interior === "modelled") {
    if (contained !== undefined) throw unsuitable(contained, "the rack is to be modelled");
    return { kind: "modelled" };
  }
  const because = unsuited(site, wishes);
  if (because !== undefined && wishes.interior === "contained") throw because.error;
  if (because !== undefined) {
    if (contained !== undefined) throw unsuitable(contained, because.reason);
    return { kind: "modelled", reason: because.reason };
  }
  const can = await canContain({ ...wishes, nodes: site.nodes.length });
  if (can.ok) return { kind: "contained", rootfs: realpathSync(can.rootfs) };
  const reason = can.missing.map(({ detail }) => detail).join("; ");
  if (wishes.interior === "contained" || contained !== undefined) {
    throw new OperatorError("LAB_CANNOT_CONTAIN", `this computer cannot run a contained rack: ${reason}`, {
      problems: can.missing.map(({ title, detail }) => ({ message: `${title}: ${detail}` })),
      next: [...can.missing.flatMap(({ next }) => next ?? []), "--interior modelled    runs anywhere"],
    });
  }
  return { kind: "modelled", reason };
}

/** What about the rack itself makes it a modelled one. */
function unsuited(
  site: Site,
  wishes: InteriorWishes,
): { readonly reason: string; readonly error: OperatorError } | undefined {
  const modelled = "--interior modelled    runs it";
  const count = site.nodes.length;
  const most = wishes.interior === "contained" ? MAX_CONTAINED_NODES : USUAL_NODES;
  if (count > most) {
    const reason = `${count} machines are more than the ${most} of a contained rack`;
    return { reason, error: new OperatorError("LAB_TOO_MANY_NODES", reason, { next: [modelled] }) };
  }
  const reason =
    wishes.kubernetes === false
      ? "machines without Kubernetes have nothing to contain"
      : site.nodes.some(({ name }) => name === LAPTOP)
        ? `a machine of the site is called ${LAPTOP}, as the laptop of a contained rack is`
        : undefined;
  return reason === undefined
    ? undefined
    : { reason, error: new OperatorError("LAB_CANNOT_CONTAIN", reason, { next: [modelled] }) };
}

function unsuitable(fault: Fault, why: string): OperatorError {
  return new OperatorError("LAB_FAULT_UNSUITABLE", `only a contained rack has what ${fault.kind} is about: ${why}`, {
    next: ["--interior contained    makes one where the computer can"],
  });
}

import { ensureLabRootfs } from "../../parts/index.ts";
import type { Report } from "../../parts/report.ts";
import { canContain } from "../../src/lab/contained/rack/can-contain.ts";
import type { InteriorKind, RackListing } from "../../src/lab/index.ts";

interface Wishes {
  /** The demo's rack, where there is one from before. */
  readonly known: RackListing | undefined;
  readonly nodes: number;
  readonly stateDir: string;
  readonly signal: AbortSignal;
  readonly report: Report;
}

/** What the machines of the demo's rack are, and why in a sentence: contained where this computer can. Makes the machines' root for that. */
export async function chooseInterior(
  wishes: Wishes,
): Promise<{ readonly interior: InteriorKind; readonly why: string }> {
  const { known, signal, report } = wishes;
  if (known !== undefined) {
    return { interior: known.interior, why: `The rack that is there from before is ${known.interior}.` };
  }
  const { SKERRY_LAB_INTERIOR: asked } = process.env;
  if (asked === "modelled") return { interior: asked, why: "The machines are modelled, as SKERRY_LAB_INTERIOR asks." };
  if (process.platform === "linux" && process.getuid?.() === 0) await ensureLabRootfs({ signal, report });
  const can = await canContain({ ...wishes, env: process.env });
  if (can.ok) {
    const why = "This computer can contain machines: containerd, kubelet, etcd and every pod will be real.";
    return { interior: "contained", why };
  }
  const lacking = can.missing.map(({ detail }) => detail).join("; ");
  return {
    interior: "modelled",
    why:
      `The machines are modelled, because for contained ones: ${lacking}. etcd and kube-apiserver are real, pods are not run.\n` +
      "`npm run skerry -- doctor` says what would change that.",
  };
}

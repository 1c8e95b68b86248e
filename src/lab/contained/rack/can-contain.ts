import { availableCheck, type Check, diskCheck, hostChecks, memoryCheck, rootfsCheck } from "./contain-checks.ts";
import { labRootfs } from "./lab-rootfs.ts";

export type Containment =
  | { readonly ok: true; readonly rootfs: string; readonly checks: readonly Check[] }
  | { readonly ok: false; readonly missing: readonly Check[]; readonly checks: readonly Check[] };

export interface ContainOptions {
  /** Default: `$SKERRY_LAB_ROOTFS`, else `<cache>/skerry/lab-rootfs`. */
  readonly rootfs?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the rack's files would be. */
  readonly stateDir: string;
  /** How many machines the rack would have. */
  readonly nodes: number;
  readonly signal: AbortSignal;
}

/** Whether this computer can run a contained rack, and what it lacks: everything is looked at, nothing is left behind. */
export async function canContain(options: ContainOptions): Promise<Containment> {
  const rootfs = options.rootfs ?? labRootfs(options.env);
  const host = await hostChecks(options);
  const root = rootfsCheck(rootfs);
  // What cannot work without those is not tried: its failure would say nothing new.
  const isReady = [...host, root].every(({ ok }) => ok);
  const checks = [
    ...host,
    root,
    ...(isReady ? await availableCheck(rootfs, options) : []),
    memoryCheck(options.nodes),
    diskCheck(options.stateDir),
  ];
  const missing = checks.filter(({ ok }) => !ok);
  return missing.length === 0 ? { ok: true, rootfs, checks } : { ok: false, missing, checks };
}

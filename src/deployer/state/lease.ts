import type { Cluster, KubeObject } from "../../kube/index.ts";
import { record } from "../../kube/index.ts";
import type { Clock } from "../../lib/clock.ts";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { stateNamespace } from "./cluster-state.ts";

/** Who deploys a package. */
export interface LeaseHolder {
  /** User name. */
  readonly holder: string;
  readonly host: string;
  readonly pid: number;
  /** One word per run, so that two runs of one process are told apart. */
  readonly run: string;
}

export interface LeaseOptions {
  readonly cluster: Pick<Cluster, "get" | "create" | "apply" | "delete">;
  /** Name of the package's record: one lease per record. */
  readonly record: string;
  readonly self: LeaseHolder;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Whether a process of this host is there. */
  readonly isAlive?: (pid: number) => boolean;
}

/** The right to be the only one who deploys or removes a package. */
export interface PackageLease {
  /** The caller's signal, which also aborts (STATE_LEASE_LOST) when another run has taken over while this one slept. */
  readonly signal: AbortSignal;
  /** Gives the right back; safe to repeat. */
  readonly release: () => Promise<void>;
}

const heartbeatMs = 10_000;
/** A holder that has not been heard for so long is gone. */
const staleMs = 60_000;
const releaseWithinMs = 5_000;

/**
 * Takes the lease of a package, a Lease object beside its record, and keeps it alive. One that a dead run left is taken over: at
 * once where its process was on this host, else when its heartbeat is a minute old and stays so for a heartbeat more (two clocks
 * need not agree).
 *
 * @throws OperatorError STATE_LEASE_HELD naming holder, host, start and heartbeat; KUBE_…
 */
export async function takePackageLease(options: LeaseOptions): Promise<PackageLease> {
  const { cluster, clock, signal } = options;
  const start = clock.now();
  for (;;) {
    try {
      return keep(options, await cluster.create(leaseOf(options, start), { signal }), start);
    } catch (error) {
      if (!isOperatorError(error, "KUBE_ALREADY_EXISTS")) throw error;
    }
    const held = await find(options);
    if (held === undefined) continue;
    if (!(await isStale(options, held))) throw heldBy(held, options.record);
    try {
      const mine = leaseOf(options, start, held.metadata.resourceVersion);
      return keep(options, await cluster.apply(mine, { signal, force: true }), start);
    } catch (error) {
      // Somebody else was faster: look again.
      if (!isOperatorError(error, "KUBE_CONFLICT") && !isOperatorError(error, "KUBE_NOT_FOUND")) throw error;
    }
  }
}

const separator = " ";
const identity = ({ holder, host, pid, run }: LeaseHolder) => [holder, host, pid, run].join(separator);

function leaseOf({ record: name, self, clock }: LeaseOptions, start: Date, resourceVersion?: string): KubeObject {
  const micro = (time: Date) => time.toISOString().replace("Z", "000Z");
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: {
      name,
      namespace: stateNamespace,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    spec: {
      holderIdentity: identity(self),
      leaseDurationSeconds: staleMs / 1000,
      acquireTime: micro(start),
      renewTime: micro(clock.now()),
    },
  };
}

async function find({ cluster, record: name, signal }: Pick<LeaseOptions, "cluster" | "record" | "signal">) {
  try {
    const ref = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace: stateNamespace, name };
    return await cluster.get(ref, { signal });
  } catch (error) {
    if (isOperatorError(error, "KUBE_NOT_FOUND")) return undefined;
    throw error;
  }
}

const specOf = (lease: KubeObject) => record(lease["spec"]);
const said = (lease: KubeObject, key: string): string => {
  const value = specOf(lease)?.[key];
  return typeof value === "string" ? value : "";
};

async function isStale(options: LeaseOptions, held: KubeObject): Promise<boolean> {
  const { clock, self, signal } = options;
  const [, host, pid] = said(held, "holderIdentity").split(separator);
  const isHere = host === self.host && /^\d+$/.test(pid ?? "");
  if (isHere && !(options.isAlive ?? processIsAlive)(Number(pid))) return true;
  const renewed = Date.parse(said(held, "renewTime"));
  if (clock.now().getTime() - renewed <= staleMs) return false;
  await clock.sleep(heartbeatMs * 1.5, { signal });
  const again = await find(options);
  return again === undefined || again.metadata.resourceVersion === held.metadata.resourceVersion;
}

function processIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function heldBy(held: KubeObject, name: string): OperatorError {
  const [holder, host, pid] = said(held, "holderIdentity").split(separator);
  const who = host === undefined ? said(held, "holderIdentity") : `${holder} on ${host} (process ${pid})`;
  return new OperatorError(
    "STATE_LEASE_HELD",
    `${who} has been deploying or removing this package since ${said(held, "acquireTime")}, last heard ${said(held, "renewTime")}`,
    {
      where: { object: `Lease/${stateNamespace}/${name}` },
      next: ["wait for that run to end; a run that died is taken over a minute after it was last heard"],
      retry: "later",
    },
  );
}

function keep(options: LeaseOptions, taken: KubeObject, start: Date): PackageLease {
  const { cluster, clock } = options;
  const stop = new AbortController();
  const lost = new AbortController();
  let version = taken.metadata.resourceVersion;
  const beat = async () => {
    for (;;) {
      await clock.sleep(heartbeatMs, { signal: stop.signal });
      try {
        const renewed = await cluster.apply(leaseOf(options, start, version), { signal: stop.signal, force: true });
        version = renewed.metadata.resourceVersion;
      } catch (error) {
        stop.signal.throwIfAborted();
        const isTaken = isOperatorError(error, "KUBE_CONFLICT") || isOperatorError(error, "KUBE_NOT_FOUND");
        // A server that is away for a moment takes the lease from nobody.
        if (!isTaken) continue;
        lost.abort(lostLease(options.record));
        return;
      }
    }
  };
  const beating = beat().catch((error: unknown) => {
    if (!stop.signal.aborted) lost.abort(error);
  });
  return {
    signal: AbortSignal.any([options.signal, lost.signal]),
    release: async () => {
      stop.abort();
      await beating;
      if (lost.signal.aborted) return;
      // The run may have been stopped: what it leaves behind is cleared away all the same, within a moment.
      const signal = AbortSignal.timeout(releaseWithinMs);
      const held = await find({ ...options, signal });
      if (held === undefined || said(held, "holderIdentity") !== identity(options.self)) return;
      const ref = {
        apiVersion: "coordination.k8s.io/v1",
        kind: "Lease",
        namespace: stateNamespace,
        name: options.record,
      };
      await cluster.delete(ref, { signal });
    },
  };
}

function lostLease(name: string): OperatorError {
  return new OperatorError(
    "STATE_LEASE_LOST",
    "another run has taken over this package while this one could not be heard",
    {
      where: { object: `Lease/${stateNamespace}/${name}` },
      next: ["run the same command again when the other one has ended"],
      retry: "later",
    },
  );
}

import { X509Certificate } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import {
  clientOf,
  createMemoryTransport,
  fingerprintOf,
  isMaintenanceLeaf,
  judgeLeaf,
  type MemoryConnection,
  type MemoryTarget,
  type NodeClient,
  type NodeIdentity,
  type NodeSight,
  type NodeTarget,
} from "../../talos/api/index.ts";
import type { MachineStage } from "../machine/types.ts";
import type { MemoryDoor } from "./memory-door.ts";
import { LATENCY_MS, NO_ANSWER_MS } from "./timings.ts";

/** A machine on the network. */
export interface Host {
  /** Where it is found before it has a config. */
  readonly maintenanceAddress: string;
  readonly address: string;
  readonly door: MemoryDoor;
  readonly stage: () => MachineStage;
}

type Opened = Awaited<ReturnType<MemoryTarget["connect"]>>;
type Reached = { readonly host: Host } | { readonly refused: string };

/** Stages in which a machine has no network: nobody even says no. */
const silentStages: readonly MachineStage[] = ["off", "starting", "rebooting"];
const PROBE_MS = 5_000;

/** The switch between laptop and machines: who answers at an address, and whether the two trust each other. */
export class Network {
  readonly #clock: Clock;
  readonly #laptop: string;
  readonly #hosts = new Map<string, Host[]>();

  constructor(options: { readonly clock: Clock; readonly laptop: string }) {
    this.#clock = options.clock;
    this.#laptop = options.laptop;
  }

  add(host: Host): void {
    for (const address of new Set([host.address, host.maintenanceAddress]))
      this.#hosts.set(address, [...(this.#hosts.get(address) ?? []), host]);
  }

  /** As `connectNode` of the Talos API, without a socket. */
  readonly connectNode = (target: NodeTarget): NodeClient =>
    clientOf(
      target.node,
      createMemoryTransport({
        node: target.node,
        clock: this.#clock,
        latencyMs: LATENCY_MS,
        connect: async ({ signal }) => await this.#connect(target, signal),
      }),
    );

  /** As `probeNode` of the Talos API: looks at the certificate that is shown. */
  readonly probeNode = async (probe: {
    readonly node: string;
    readonly address: string;
    readonly signal: AbortSignal;
    readonly deadlineMs?: number;
  }): Promise<NodeSight> => {
    probe.signal.throwIfAborted();
    const limitMs = probe.deadlineMs ?? PROBE_MS;
    const reached = await this.#reach(probe.address, probe.signal, limitMs);
    if ("refused" in reached) return { kind: "unreachable", reason: reached.refused };
    const leaf = reached.host.door.leaf();
    if (leaf === undefined) return { kind: "unreachable", reason: "closed without a certificate" };
    return { kind: isMaintenanceLeaf(leaf) ? "maintenance" : "configured", fingerprint: fingerprintOf(leaf) };
  };

  async #connect({ address, identity }: NodeTarget, signal: AbortSignal): Promise<Opened> {
    const reached = await this.#reach(address, signal, Number.POSITIVE_INFINITY);
    if ("refused" in reached) return reached;
    const { door } = reached.host;
    const leaf = door.leaf();
    const failure = judgeLeaf(unpinned(identity), leaf, this.#verdict(leaf, identity, address));
    if (failure !== undefined) return { refused: failure, handshake: failure };
    const connection: MemoryConnection | undefined = door.enter({
      from: this.#laptop,
      crt: identity.kind === "admin" ? identity.crt : undefined,
    });
    if (connection !== undefined) return { connection };
    return { refused: "certificate refused", handshake: "NODE_REFUSED_IDENTITY" };
  }

  async #reach(address: string, signal: AbortSignal, limitMs: number): Promise<Reached> {
    const host = this.#hosts.get(address)?.find((each) => addressOf(each) === address);
    if (host === undefined || (!host.door.isOpen && silentStages.includes(host.stage()))) {
      await this.#clock.sleep(Math.min(NO_ANSWER_MS, limitMs), { signal });
      return { refused: `connect EHOSTUNREACH ${address}:50000` };
    }
    await this.#clock.sleep(2 * LATENCY_MS, { signal });
    if (!host.door.isOpen) return { refused: `connect ECONNREFUSED ${address}:50000` };
    if (host.door.takeDrop()) return { refused: "read ECONNRESET" };
    return { host };
  }

  /** What OpenSSL and Node would say of this certificate at this time, for this authority and address. */
  #verdict(leaf: X509Certificate | undefined, identity: NodeIdentity, address: string): string {
    if (leaf === undefined || identity.kind !== "admin") return "unknown";
    if (!isIssuedBy(leaf, identity.ca)) return "UNABLE_TO_VERIFY_LEAF_SIGNATURE";
    const now = this.#clock.now();
    if (now < leaf.validFromDate) return "CERT_NOT_YET_VALID";
    if (now > leaf.validToDate) return "CERT_HAS_EXPIRED";
    return leaf.checkIP(address) === undefined ? "ERR_TLS_CERT_ALTNAME_INVALID" : "ok";
  }
}

function addressOf(host: Host): string {
  return host.door.isAnonymous || !host.door.isOpen ? host.maintenanceAddress : host.address;
}

/** A fingerprint that site.yaml pins is a real machine's; the simulated one in its place is taken for it. */
function unpinned(identity: NodeIdentity): NodeIdentity {
  return identity.kind === "maintenance" ? { kind: "maintenance" } : identity;
}

const issued = new WeakMap<X509Certificate, Map<string, boolean>>();

/** Checked once for each pair: what costs is the signature. */
function isIssuedBy(leaf: X509Certificate, caPem: string): boolean {
  const known = issued.get(leaf) ?? new Map<string, boolean>();
  issued.set(leaf, known);
  const found = known.get(caPem);
  if (found !== undefined) return found;
  const ca = new X509Certificate(caPem);
  const isIssued = leaf.checkIssued(ca) && leaf.verify(ca.publicKey);
  known.set(caPem, isIssued);
  return isIssued;
}

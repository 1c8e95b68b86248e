import type { MachineTimings } from "../machine/types.ts";
import { seededNumbers } from "./seeded.ts";

/** How long things take in a rehearsal, in milliseconds; of an ordinary server with an SSD. */
export interface RehearsalTimings extends MachineTimings {
  /** From the start of a service to its first successful check. */
  readonly serviceMs: number;
  /** A learner catching up with etcd. */
  readonly etcdSyncMs: number;
  /** A static pod of the control plane, once its image is there; the API server takes twice as long. */
  readonly staticPodMs: number;
  /** A pod, once its images are there. */
  readonly podMs: number;
  /** Talos' first pause before it pulls again. */
  readonly pullRetryMs: number;
}

const usual: RehearsalTimings = {
  bootMs: 45_000,
  installMs: 20_000,
  rebootMs: 30_000,
  drainMs: 10_000,
  listenGapMs: 200,
  failurePauseMs: 35 * 60_000,
  serviceMs: 2_000,
  etcdSyncMs: 4_000,
  staticPodMs: 6_000,
  podMs: 2_000,
  pullRetryMs: 5_000,
};

/** The timings of one machine: the usual ones, each up to a quarter shorter or longer by the seed, but for Talos' own limits. */
export function timingsOf(seed: number, node: string): RehearsalTimings {
  const draw = seededNumbers(seed, `timings/${node}`);
  const spread = (name: keyof RehearsalTimings) => Math.round(usual[name] * (0.75 + draw() / 2));
  return {
    ...usual,
    bootMs: spread("bootMs"),
    installMs: spread("installMs"),
    rebootMs: spread("rebootMs"),
    listenGapMs: spread("listenGapMs"),
    serviceMs: spread("serviceMs"),
    etcdSyncMs: spread("etcdSyncMs"),
    staticPodMs: spread("staticPodMs"),
    podMs: spread("podMs"),
  };
}

/** One gigabit of Ethernet between laptop and nodes, less what headers take. */
export const LINK_BYTES_PER_SECOND = 117_000_000;
/** One way through a switch. */
export const LATENCY_MS = 1;
/** A machine that is off answers no ARP: Linux gives up after three tries. */
export const NO_ANSWER_MS = 3_060;

import type { CertificateAndKey } from "../../../lib/x509/index.ts";
import type { MachineFault } from "../../faults.ts";
import type { MachineStage } from "../../machine/types.ts";

/** What the supervisor tells the process of a machine. */
export type ToMachine =
  | { readonly do: "power-on" }
  | { readonly do: "power-off" }
  | { readonly do: "inject"; readonly fault: MachineFault }
  /** What the control planes that this machine reaches would sign with: their trustd. */
  | { readonly do: "trust"; readonly authorities: readonly CertificateAndKey[] };

/** What the process of a machine tells the supervisor. */
export type FromMachine =
  | { readonly say: "stage"; readonly stage: MachineStage; readonly nodeName: string }
  /** The API has listened once, or the machine is dead. */
  | { readonly say: "started" }
  | { readonly say: "powered-off" }
  /** Whether its kube-apiserver answers. */
  | { readonly say: "api-server"; readonly answers: boolean }
  /** Its trustd signs with this; absent: no longer. */
  | { readonly say: "authority"; readonly authority?: CertificateAndKey };

import type { Clock } from "../../lib/clock.ts";
import type { RandomBytes } from "../../lib/x509/index.ts";
import type { Fault } from "../faults.ts";
import type { Interior } from "../interior.ts";
import type { ApiDoor } from "./listener.ts";
import type { TrustBook } from "./trust-book.ts";

/** What a person with a console would call the state of the machine. */
export type MachineStage =
  | "off"
  /** Power is on, nothing listens yet. */
  | "starting"
  | "maintenance"
  /** A config was accepted; the API changes its identity. */
  | "applying"
  | "installing"
  | "rebooting"
  /** Goes down to be wiped. */
  | "resetting"
  | "booting"
  | "running";

export interface MachineDisk {
  /** `sda`, `nvme0n1` */
  readonly name: string;
  readonly sizeBytes: number;
  readonly model: string;
  readonly serial: string;
  /** default "" */
  readonly wwid?: string;
  readonly transport: "nvme" | "sata" | "virtio" | "usb" | "sas" | "mmc";
  readonly rotational: boolean;
  /** default false */
  readonly readonly?: boolean;
  /** default false */
  readonly cdrom?: boolean;
}

export interface MachineHardware {
  readonly uuid: string;
  readonly serial: string;
  /** `52:54:00:12:34:56` */
  readonly mac: string;
  readonly disks: readonly MachineDisk[];
}

/** All in milliseconds of the machine's clock. */
export interface MachineTimings {
  /** Firmware and kernel, until the API listens. */
  readonly bootMs: number;
  /** The shortest time that an installation takes. */
  readonly installMs: number;
  /** From the last goodbye to firmware. */
  readonly rebootMs: number;
  /** How long the API waits for its open streams when it stops; Talos: 10 s. */
  readonly drainMs: number;
  /** How long the port stays closed when the API changes its identity; Talos: 45 to 360 ms. */
  readonly listenGapMs: number;
  /** After a failed installation; Talos: 35 min. */
  readonly failurePauseMs: number;
}

export interface MachineOptions {
  /** The lab's name for the machine; faults name it. */
  readonly name: string;
  readonly address: string;
  /** 0: a free port. */
  readonly port: number;
  readonly hardware: MachineHardware;
  readonly interior: Interior;
  readonly clock: Clock;
  readonly timings: MachineTimings;
  readonly random: RandomBytes;
  readonly faults?: readonly Fault[];
  /** Who signs the certificates of workers; default one for the process. */
  readonly trust?: TrustBook;
  /** Where its API is reached; default `address` and `port` of this computer. */
  readonly door?: ApiDoor;
  /** Time servers that answer this machine; default none, as at a site without internet. */
  readonly timeServers?: readonly string[];
}

export interface Machine {
  readonly name: string;
  readonly address: string;
  /** The port that the API listens on, or will. */
  readonly port: number;
  readonly stage: MachineStage;
  /** What the node calls itself: from its config, or from its hardware in maintenance. */
  readonly nodeName: string;
  /** Powers on and resolves once the API listens for the first time; at once for a machine that is dead. */
  readonly start: () => Promise<void>;
  readonly powerOn: () => void;
  /** Pulls the plug: connections break without a word. */
  readonly powerOff: () => Promise<void>;
  /** A fault from now on; one that is over is forgotten. */
  readonly inject: (fault: Fault) => void;
  /** Returns a function that ends the listening. */
  readonly onChange: (listener: (stage: MachineStage) => void) => () => void;
  /** Ends everything for good. */
  readonly close: () => Promise<void>;
}

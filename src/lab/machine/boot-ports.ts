import type { CallRegistrar } from "../../talos/api/index.ts";
import type { Wipe } from "../interior.ts";
import type { ApiDoor } from "./listener.ts";
import type { TrustBook } from "./trust-book.ts";
import type { MachineDisk, MachineOptions, MachineStage } from "./types.ts";

/** What the API knows of its callers. */
export interface ApiCaller {
  readonly access: "maintenance" | "configured";
  readonly rolesOf: (peer: string) => readonly string[];
}

/** What the machine around a boot gives it. */
export interface BootPorts {
  readonly options: MachineOptions;
  readonly listener: ApiDoor;
  /** As the kernel finds them, which a fault may change. */
  readonly disks: readonly MachineDisk[];
  readonly enter: (stage: MachineStage) => void;
  /** The API listens. */
  readonly listening: () => void;
  /** The reason of an installation that is to fail, from a fault. */
  readonly refuseInstall: () => string | undefined;
  readonly installMs: () => number;
  readonly trust: TrustBook;
  /** Puts this boot's services behind a server. */
  readonly addApi: (server: CallRegistrar, caller: ApiCaller) => void;
}

/** How a boot ends from inside. */
export interface BootEnd {
  readonly how: "reboot" | "shutdown";
  /** What a reset wipes when everything has stopped. */
  readonly wipe?: Wipe;
  /** A reset goes down in more phases than a reboot. */
  readonly isReset: boolean;
}

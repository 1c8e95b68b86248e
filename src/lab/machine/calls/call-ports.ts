import type { Boot } from "../boot.ts";
import type { ApiCaller } from "../boot-ports.ts";

/** What every call is answered with. */
export interface CallPorts extends ApiCaller {
  readonly boot: Boot;
}

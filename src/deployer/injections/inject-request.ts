import type { Cluster, KubeStreams } from "../../kube/index.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ComponentFiles } from "../package/open-package.ts";

/** A data injection as the package's definition has it. */
export interface DataInjection {
  readonly target: {
    readonly namespace: string;
    /** A label selector: `app=holder` */
    readonly selector: string;
    readonly container: string;
    /** Where the data goes in the container: `/data` */
    readonly path: string;
  };
  readonly compress?: boolean;
}

export interface InjectRequest {
  readonly cluster: Pick<Cluster, "list">;
  readonly streams: KubeStreams;
  readonly files: ComponentFiles;
  readonly injection: DataInjection;
  /** Its place in the component's list, from 0: its data lies in `data/<index>/`. */
  readonly index: number;
  /** The file that says that all is there; pods that wait for it name it: `.zarf-injection-1795370840`. */
  readonly marker: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** For a pod to be there and its container to run; default 90 000, as Zarf's. */
  readonly findTimeoutMs?: number;
  /** For the pod to run afterwards; default 15 minutes. */
  readonly readyTimeoutMs?: number;
  readonly onProgress?: (event: InjectionProgress) => void;
}

export interface InjectionProgress {
  readonly stage: "waiting for a container" | "sending" | "waiting for the pod" | "done";
  /** `Pod/demo/holder` once one is chosen. */
  readonly pod?: string;
  readonly sentBytes: number;
  readonly totalBytes: number;
  /** Why it is still waiting. */
  readonly reason?: string;
}

export interface Injected {
  /** The pods that were given the data. */
  readonly pods: readonly string[];
  readonly sentBytes: number;
}

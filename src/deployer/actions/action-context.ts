import type { Cluster } from "../../kube/index.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ChartEngine, JsonObject } from "../charts/engine/index.ts";
import type { LiveScope, TemplateValues } from "../templates/index.ts";

export type Platform = "linux" | "darwin" | "windows";

/** Everything that the actions of one component need. */
export interface ActionContext {
  readonly scope: LiveScope;
  /** Built-in template values of this component; none where no cluster state is loaded. */
  readonly builtIns: TemplateValues;
  /** `.State` of Go templates, as far as this component may see it; undefined where no cluster state is loaded. */
  readonly state?: JsonObject | undefined;
  readonly engine: Pick<ChartEngine, "goTemplate" | "matchesPattern">;
  /** For cluster waits; undefined: there is none, and a cluster wait fails by name. */
  readonly cluster?: Cluster | undefined;
  /** Where commands run: the package's folder when it is made, the folder that the command was started in else. */
  readonly folder: string;
  /** What commands see besides the environment of our own process: `KUBECONFIG`. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Stands in for `./zarf`; undefined: commands that call it are refused. */
  readonly zarf?: ZarfStandIn | undefined;
  readonly commands: CommandRunner;
  readonly network: NetworkProbe;
  readonly clock: Clock;
  readonly onEvent?: ((event: ActionEvent) => void) | undefined;
  readonly signal: AbortSignal;
}

/** A program that does what packages ask of `./zarf`. */
export interface ZarfStandIn {
  /** What a command calls instead of `./zarf`. */
  readonly command: string;
}

/** The edge to the operating system. */
export interface CommandRunner {
  readonly platform: Platform;
  /**
   * Runs one command to its end. A signal that aborts ends the whole process group; the promise then rejects with its reason.
   *
   * @throws OperatorError ACTION_SHELL_MISSING when there is no such shell, ACTION_OUTPUT_TOO_LARGE
   */
  readonly run: (command: Command, call: { readonly signal: AbortSignal }) => Promise<CommandOutcome>;
}

export interface Command {
  /** Program with its arguments: `["sh", "-e", "-c", "echo …"]`. */
  readonly argv: readonly [string, ...string[]];
  readonly folder: string;
  /** On top of the environment of our own process. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether the outcome has what was printed; default: false. */
  readonly keepsOutput?: boolean;
  readonly onLine?: (line: string, stream: "stdout" | "stderr") => void;
}

export interface CommandOutcome {
  /** undefined: ended by `signalName`. */
  readonly exitCode: number | undefined;
  readonly signalName?: string | undefined;
  /** Empty where it is not kept. */
  readonly stdout: string;
}

export interface NetworkProbe {
  /** One try; the reason why not yet, or undefined when it is as awaited. */
  readonly tcp: (address: string, call: { readonly signal: AbortSignal }) => Promise<string | undefined>;
  readonly http: (
    url: string,
    code: number | "success",
    call: { readonly signal: AbortSignal },
  ) => Promise<string | undefined>;
}

/** What happens while actions run; texts hold no sensitive value. */
export type ActionEvent =
  | { readonly kind: "started"; readonly title: string; readonly attempt: number; readonly attempts: number }
  | { readonly kind: "line"; readonly title: string; readonly stream: "stdout" | "stderr"; readonly line: string }
  | { readonly kind: "waiting"; readonly title: string; readonly reason: string }
  | { readonly kind: "retrying"; readonly title: string; readonly reason: string }
  | { readonly kind: "succeeded"; readonly title: string };

/**
 * What a component runs, as its definition says it. Structural, so that a definition read from `zarf.yaml` fits as it is.
 *
 * @see https://docs.zarf.dev/ref/actions/ (Zarf v0.84.0)
 */
export interface Shell {
  readonly linux?: string | undefined;
  readonly darwin?: string | undefined;
  readonly windows?: string | undefined;
}

export interface ActionDefaults {
  readonly mute?: boolean | undefined;
  /** One budget for all attempts together; 0 or absent: none. */
  readonly maxTotalSeconds?: number | undefined;
  /** Attempts after the first; default 0. */
  readonly maxRetries?: number | undefined;
  /** Below the folder that actions run in. */
  readonly dir?: string | undefined;
  /** `NAME=value` */
  readonly env?: readonly string[] | undefined;
  readonly shell?: Shell | undefined;
}

export interface SetVariable {
  readonly name: string;
  readonly sensitive?: boolean | undefined;
  readonly autoIndent?: boolean | undefined;
  /** Go RE2 */
  readonly pattern?: string | undefined;
  readonly type?: "raw" | "file" | undefined;
}

export interface SetValue {
  /** `.app.version`; `.` merges at the root. */
  readonly key?: string | undefined;
  /** How the output is read; default: string. */
  readonly type?: "yaml" | "json" | "string" | undefined;
}

export interface ClusterWait {
  /** `Pod`, `po`, `deployments`, `Widget.v1.demo.example` */
  readonly kind: string;
  /** A name, or a label selector if it has an `=`; empty: any object of the kind. */
  readonly name: string;
  readonly namespace?: string | undefined;
  /** `exists`, `delete`, `Available`, `'{.status.phase}'=Running`; empty: exists. */
  readonly condition?: string | undefined;
}

export interface NetworkWait {
  /** `tcp`, `http`, `https` */
  readonly protocol: string;
  /** `127.0.0.1:5000/v2/` */
  readonly address: string;
  /** Of an HTTP answer; `success`: any 2xx. Default 200. */
  readonly code?: number | "success" | undefined;
}

export interface Action extends ActionDefaults {
  readonly cmd?: string | undefined;
  readonly description?: string | undefined;
  /** Older form of `setVariables`. */
  readonly setVariable?: string | undefined;
  readonly setVariables?: readonly SetVariable[] | undefined;
  readonly setValues?: readonly SetValue[] | undefined;
  /** Whether `cmd` (or the fields of `wait`) is a Go template. */
  readonly template?: boolean | undefined;
  readonly wait?:
    | { readonly cluster?: ClusterWait | undefined; readonly network?: NetworkWait | undefined }
    | undefined;
}

export interface ActionSet {
  readonly defaults?: ActionDefaults | undefined;
  readonly before?: readonly Action[] | undefined;
  readonly after?: readonly Action[] | undefined;
  readonly onSuccess?: readonly Action[] | undefined;
  readonly onFailure?: readonly Action[] | undefined;
}

export type ActionMoment = "before" | "after" | "onSuccess" | "onFailure";
export type ActionOccasion = "onCreate" | "onDeploy" | "onRemove";

export type ComponentActions = { readonly [occasion in ActionOccasion]?: ActionSet | undefined };

import type { Action, ActionDefaults, SetValue, SetVariable, Shell } from "./action.ts";

/** A command with everything that its set's defaults say. */
export interface EffectiveCommand {
  readonly title: string;
  readonly cmd: string;
  readonly isMuted: boolean;
  /** undefined: no limit. */
  readonly maxTotalSeconds: number | undefined;
  readonly attempts: number;
  readonly dir: string;
  readonly env: readonly string[];
  readonly shell: Shell;
  readonly isTemplate: boolean;
  readonly setVariables: readonly SetVariable[];
  readonly setValues: readonly SetValue[];
}

/** The defaults of a set under what an action says itself; `env` of both, the action's own last. */
export function effectiveCommand(action: Action, defaults: ActionDefaults = {}): EffectiveCommand {
  const seconds = action.maxTotalSeconds ?? defaults.maxTotalSeconds ?? 0;
  return {
    title: actionTitle(action),
    cmd: action.cmd ?? "",
    isMuted: action.mute ?? defaults.mute ?? false,
    maxTotalSeconds: seconds > 0 ? seconds : undefined,
    attempts: Math.max(0, action.maxRetries ?? defaults.maxRetries ?? 0) + 1,
    dir: action.dir ?? defaults.dir ?? "",
    env: [...(defaults.env ?? []), ...(action.env ?? [])],
    shell: action.shell ?? defaults.shell ?? {},
    isTemplate: action.template === true,
    setVariables: [
      ...(action.setVariables ?? []),
      ...(action.setVariable === undefined ? [] : [{ name: action.setVariable }]),
    ],
    setValues: action.setValues ?? [],
  };
}

/** What an action is called in progress and messages: its description, or as much of the command as fits a line. */
export function actionTitle(action: Action): string {
  if (action.description !== undefined && action.description !== "") return action.description;
  const { cluster, network } = action.wait ?? {};
  if (cluster !== undefined) {
    const what = cluster.name === "" ? cluster.kind : `${cluster.kind}/${cluster.name}`;
    const condition = cluster.condition ?? "";
    return `wait for ${what}${condition === "" ? "" : ` to be ${condition}`}`;
  }
  if (network !== undefined) {
    const code = network.code ?? (network.protocol.toLowerCase().startsWith("http") ? 200 : 0);
    return `wait for ${network.protocol}/${network.address}${code === 0 ? "" : ` to be ${code}`}`;
  }
  const line = (action.cmd ?? "").replace(/\s+/g, " ").trim();
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}

import type { ActionMoment, ActionOccasion } from "../actions/index.ts";
import type { ComponentDefinition } from "../package/definition.ts";

/** An action as a person sees it before it is agreed to. */
export interface ShownAction {
  readonly occasion: ActionOccasion;
  readonly moment: ActionMoment;
  /** The command as it is written, or what is waited for. */
  readonly does: string;
  readonly isCommand: boolean;
  readonly description?: string;
  /** Below the folder that it runs in. */
  readonly folder?: string;
  readonly env: readonly string[];
  /** Variables and values that it sets. */
  readonly sets: readonly string[];
}

const moments = ["before", "after", "onSuccess", "onFailure"] as const;

/** What a component runs, moment by moment, in its order. */
export function shownActions({ actions }: ComponentDefinition, occasion: ActionOccasion): readonly ShownAction[] {
  const set = actions[occasion];
  return moments.flatMap((moment) =>
    set[moment].map((action): ShownAction => {
      const folder = action.dir ?? set.defaults.dir;
      return {
        occasion,
        moment,
        does: action.cmd ?? waitText(action.wait),
        isCommand: action.cmd !== undefined,
        ...(action.description === undefined ? {} : { description: action.description }),
        ...(folder === undefined ? {} : { folder }),
        env: [...set.defaults.env, ...action.env],
        sets: [
          ...action.setVariables.map(({ name }) => name),
          ...action.setValues.map(({ key }) => key ?? "."),
          ...(action.setVariable === undefined ? [] : [action.setVariable]),
        ],
      };
    }),
  );
}

function waitText(wait: ComponentDefinition["actions"]["onDeploy"]["before"][number]["wait"]): string {
  if (wait?.cluster !== undefined) {
    const { kind, name, namespace, condition } = wait.cluster;
    const object = [kind, namespace, name].filter((part) => part !== undefined && part !== "").join("/");
    return `wait for ${object} to be ${condition ?? "there"}`;
  }
  if (wait?.network !== undefined) {
    const { protocol, address, code } = wait.network;
    return `wait for ${protocol}://${address}${code === undefined ? "" : ` to answer ${code}`}`;
  }
  return "nothing";
}

import type { Action, ActionMoment, ActionOccasion, ComponentActions } from "./action.ts";
import type { Platform } from "./action-context.ts";
import { effectiveCommand } from "./effective-action.ts";
import { shellName } from "./shell-argv.ts";
import { callsZarf, zarfTools } from "./zarf-calls.ts";

/** One thing that a package would run or wait for. */
export interface ListedAction {
  readonly component: string;
  readonly occasion: ActionOccasion;
  readonly moment: ActionMoment;
  /** What is run, before variables and templates are filled in; undefined for a wait. */
  readonly cmd: string | undefined;
  readonly title: string;
  readonly shell: string;
  /** Below the folder that actions run in; empty: that folder. */
  readonly dir: string;
  readonly env: readonly string[];
  readonly isMuted: boolean;
  readonly isTemplate: boolean;
  readonly attempts: number;
  /** undefined: no limit. */
  readonly maxTotalSeconds: number | undefined;
  readonly setsVariables: readonly string[];
  readonly setsValues: readonly string[];
  readonly wait: Action["wait"];
  /** What it asks of `./zarf`: `tools kubectl`. */
  readonly zarfTools: readonly string[];
}

interface WithActions {
  readonly components: readonly { readonly name: string; readonly actions?: ComponentActions | undefined }[];
}

const occasions = ["onCreate", "onDeploy", "onRemove"] as const;
const moments = ["before", "after", "onSuccess", "onFailure"] as const;
const defaultWaitSeconds = 300;

/** Every command and wait of a package, in the order in which they would come, with all that their defaults say. */
export function actionsOf(definition: WithActions, platform: Platform): readonly ListedAction[] {
  return definition.components.flatMap((component) =>
    occasions.flatMap((occasion) => {
      const set = component.actions?.[occasion];
      return moments
        .filter((moment) => occasion !== "onCreate" || moment === "before" || moment === "after")
        .flatMap((moment) =>
          (set?.[moment] ?? []).map((action): ListedAction => {
            const command = effectiveCommand(action, set?.defaults);
            const isWait = action.wait !== undefined;
            const own = action.maxTotalSeconds ?? 0;
            return {
              component: component.name,
              occasion,
              moment,
              cmd: isWait ? undefined : command.cmd,
              title: command.title,
              shell: isWait ? "" : shellName(command.shell, platform),
              dir: command.dir,
              env: command.env,
              isMuted: command.isMuted,
              isTemplate: command.isTemplate,
              attempts: isWait ? 1 : command.attempts,
              maxTotalSeconds: isWait ? (own > 0 ? own : defaultWaitSeconds) : command.maxTotalSeconds,
              setsVariables: command.setVariables.map(({ name }) => name),
              setsValues: command.setValues.map(({ key }) => key ?? ""),
              wait: action.wait,
              zarfTools: !isWait && callsZarf(command.cmd) ? zarfTools(command.cmd) : [],
            };
          }),
        );
    }),
  );
}

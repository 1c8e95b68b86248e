import type { ActionMoment, ActionSet } from "./action.ts";
import type { ActionContext } from "./action-context.ts";
import { runCommand } from "./run-command.ts";
import { runWait } from "./run-wait.ts";

/**
 * Runs the actions of one moment, in order; the first that fails ends it. What they set is in the context's scope for whoever
 * comes after them.
 *
 * @throws OperatorError ACTION_FAILED, ACTION_TIMED_OUT, ACTION_WAIT_UNMET, ACTION_SHELL_MISSING, ACTION_OUTPUT_TOO_LARGE,
 *   ACTION_UNSUPPORTED, CHART_TEMPLATE_INVALID; the signal's reason when it aborts, with everything ended that was started
 */
export async function runActions(set: ActionSet, moment: ActionMoment, context: ActionContext): Promise<void> {
  for (const action of set[moment] ?? []) {
    context.signal.throwIfAborted();
    if (action.wait === undefined) await runCommand(action, set.defaults, context);
    else await runWait(action, context);
  }
}

import { OperatorError } from "../../lib/errors/index.ts";
import type { CommandSpec, Handler } from "../command.ts";
import { renderCompletion, shells } from "../completion.ts";

/** `skerry completion SHELL`, for these commands. */
export const completionOf =
  (commands: readonly CommandSpec[]): Handler =>
  async ({ args }) => {
    const [wanted = ""] = args;
    const shell = shells.find((each) => each === wanted);
    if (shell === undefined) {
      throw new OperatorError("USAGE_INVALID", `there is no completion for "${wanted}"`, {
        next: shells.map((each) => `skerry completion ${each}`),
      });
    }
    return { exit: 0, text: renderCompletion(shell, commands) };
  };

import { OperatorError } from "../../lib/errors/index.ts";
import type { Handler } from "../command.ts";
import { commands } from "../commands.ts";
import { renderCompletion, shells } from "../completion.ts";

/** `skerry completion SHELL` */
export const completion: Handler = async ({ args }) => {
  const [wanted = ""] = args;
  const shell = shells.find((each) => each === wanted);
  if (shell === undefined) {
    throw new OperatorError("USAGE_INVALID", `there is no completion for "${wanted}"`, {
      next: shells.map((each) => `skerry completion ${each}`),
    });
  }
  return { exit: 0, text: renderCompletion(shell, commands) };
};

import { OperatorError } from "../lib/errors/index.ts";
import type { Call } from "./command.ts";

/**
 * Asks whether to go on, on stderr; the answer of an empty line is no.
 *
 * @throws OperatorError CONFIRMATION_NEEDED where nobody can be asked, CONFIRMATION_REFUSED on no, INTERRUPTED on Ctrl-C
 */
export async function askToGoOn(call: Call, question: string): Promise<void> {
  const next = [`${call.typed} --yes   goes on without asking`];
  if (!call.terminal.canAsk) {
    throw new OperatorError("CONFIRMATION_NEEDED", "this would change something, and nobody can be asked here", {
      next,
    });
  }
  const { confirm } = await import("@inquirer/prompts");
  const answer = await confirm(
    { message: question, default: false },
    { output: call.terminal.stderr.stream, signal: call.signal },
  ).catch((error: unknown) => {
    call.signal.throwIfAborted();
    // The prompt takes Ctrl-C from the terminal itself, before it can become a signal.
    if (error instanceof Error && error.name === "ExitPromptError") {
      throw new OperatorError("INTERRUPTED", "stopped before anything was done", { cause: error });
    }
    throw error;
  });
  if (!answer) throw new OperatorError("CONFIRMATION_REFUSED", "the answer was no; nothing was done", { next });
}

import type { DeclaredVariable, SelectionQuestions } from "../journeys/index.ts";
import { OperatorError } from "../lib/errors/index.ts";
import type { Call } from "./command.ts";

export interface PackageQuestions {
  readonly questions: SelectionQuestions;
  readonly prompt: (variable: DeclaredVariable) => Promise<string>;
}

/** Asks a person about a package, each question once; undefined where nobody can be asked, or was said to be. */
export function packageQuestions(call: Call): PackageQuestions | undefined {
  if (!call.terminal.canAsk || call.flags.yes) return undefined;
  const answers = new Map<string, Promise<unknown>>();
  const once = async <T>(key: string, ask: () => Promise<T>): Promise<T> => {
    const known = answers.get(key) as Promise<T> | undefined;
    const answer = known ?? asked(call, ask);
    answers.set(key, answer);
    return await answer;
  };
  const stderr = { output: call.terminal.stderr.stream, signal: call.signal };
  return {
    questions: {
      include: async ({ name, description, default: isDefault }) =>
        await once(`component ${name}`, async () => {
          const { confirm } = await import("@inquirer/prompts");
          const more = description === undefined ? "" : ` (${description})`;
          return await confirm({ message: `Deploy component ${name}${more}?`, default: isDefault }, stderr);
        }),
      choose: async (group, components) =>
        await once(`group ${group}`, async () => {
          const { select } = await import("@inquirer/prompts");
          const preset = components.find((each) => each.default)?.name;
          return await select(
            {
              message: `Which component of ${group}?`,
              choices: components.map(({ name, description }) => ({
                name: description === undefined ? name : `${name}: ${description}`,
                value: name,
              })),
              ...(preset === undefined ? {} : { default: preset }),
            },
            stderr,
          );
        }),
    },
    prompt: async (variable) =>
      await once(`variable ${variable.name}`, async () => {
        const { input, password } = await import("@inquirer/prompts");
        const more = variable.description === undefined ? "" : ` (${variable.description})`;
        const message = `${variable.name}${more}`;
        if (variable.sensitive === true) return await password({ message, mask: true }, stderr);
        return await input(
          { message, ...(variable.default === undefined ? {} : { default: variable.default }) },
          stderr,
        );
      }),
  };
}

async function asked<T>(call: Call, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    call.signal.throwIfAborted();
    // The prompt takes Ctrl-C from the terminal itself, before it can become a signal.
    if (error instanceof Error && error.name === "ExitPromptError")
      throw new OperatorError("INTERRUPTED", "stopped before anything was done", { cause: error });
    throw error;
  }
}

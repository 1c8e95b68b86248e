import { join } from "node:path";
import { withDeadline } from "../../lib/deadline.ts";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { applyGoTemplate, createMask, sensitiveTexts, templateValues } from "../templates/index.ts";
import type { Action, ActionDefaults } from "./action.ts";
import type { ActionContext, CommandOutcome } from "./action-context.ts";
import { actionEnvironment } from "./action-environment.ts";
import { type EffectiveCommand, effectiveCommand } from "./effective-action.ts";
import { keepOutput } from "./keep-output.ts";
import { shellCall } from "./shell-argv.ts";
import { callsZarf, withStandIn } from "./zarf-calls.ts";

/** Runs one command, as often as it may fail, within the seconds that all attempts have together. */
export async function runCommand(
  action: Action,
  defaults: ActionDefaults | undefined,
  context: ActionContext,
): Promise<void> {
  const command = effectiveCommand(action, defaults);
  const { maxTotalSeconds, title } = command;
  const progress = { attempt: 0 };
  if (maxTotalSeconds === undefined) {
    await attemptAll(command, progress, context);
    return;
  }
  try {
    await withDeadline(
      maxTotalSeconds * 1000,
      { signal: context.signal, what: `command "${title}"` },
      async (signal) => {
        await attemptAll(command, progress, { ...context, signal });
      },
    );
  } catch (error) {
    if (context.signal.aborted || !isOperatorError(error, "DEADLINE_EXCEEDED")) throw error;
    throw new OperatorError(
      "ACTION_TIMED_OUT",
      `command "${title}" did not end within ${maxTotalSeconds} s (attempt ${progress.attempt} of ${command.attempts}); it was ended, with all that it had started`,
      { retry: "same", next: ["look at its output above, then run the same command again"], cause: error },
    );
  }
}

async function attemptAll(
  command: EffectiveCommand,
  progress: { attempt: number },
  context: ActionContext,
): Promise<void> {
  const { title, attempts } = command;
  const ready = await prepare(command, context);
  let reason = "";
  for (progress.attempt = 1; progress.attempt <= attempts; progress.attempt += 1) {
    context.signal.throwIfAborted();
    context.onEvent?.({ kind: "started", title, attempt: progress.attempt, attempts });
    const outcome = await ready.run();
    const failure = failureOf(outcome) ?? (await keepOutput(outcome.stdout, command, context));
    if (failure === undefined) {
      context.onEvent?.({ kind: "succeeded", title });
      return;
    }
    reason = failure;
    if (progress.attempt < attempts) context.onEvent?.({ kind: "retrying", title, reason });
  }
  const tries = attempts === 1 ? "" : ` in each of ${attempts} attempts, at last`;
  throw new OperatorError("ACTION_FAILED", `command "${title}" failed${tries}: ${reason}`, {
    retry: "same",
    next: ["look at its output above, then run the same command again"],
  });
}

async function prepare(
  command: EffectiveCommand,
  context: ActionContext,
): Promise<{ readonly run: () => Promise<CommandOutcome> }> {
  const { title, isMuted } = command;
  const { signal, commands, builtIns, zarf, onEvent } = context;
  const scope = context.scope.now();
  const values = templateValues(scope, builtIns);
  const secrets = sensitiveTexts(values.values());
  const text = command.isTemplate
    ? await applyGoTemplate(
        context.engine,
        { name: title, text: command.cmd, scope, state: context.state, builtIns },
        { signal },
      )
    : command.cmd;
  if (callsZarf(text) && zarf === undefined)
    throw new OperatorError(
      "ACTION_UNSUPPORTED",
      `command "${title}" calls ./zarf, and nothing stands in for it here`,
      {
        next: ["put kubectl on the PATH of this machine, or have the package use its own tools"],
      },
    );
  const cmd = zarf === undefined ? text : withStandIn(text, zarf.command);
  const call = shellCall(cmd, {
    shell: command.shell,
    platform: commands.platform,
    isHidden: secrets.some((secret) => cmd.includes(secret)),
  });
  const mask = createMask(secrets);
  // What the command prints becomes the secret.
  const isSecretOutput = command.setVariables.some(({ sensitive }) => sensitive === true);
  return {
    run: () =>
      commands.run(
        {
          argv: call.argv,
          folder: join(context.folder, command.dir),
          environment: { ...context.environment, ...actionEnvironment(command.env, values), ...call.environment },
          keepsOutput: command.setVariables.length + command.setValues.length > 0,
          onLine: (line, stream) => {
            if (isMuted || (isSecretOutput && stream === "stdout")) return;
            onEvent?.({ kind: "line", title, stream, line: mask(line) });
          },
        },
        { signal },
      ),
  };
}

function failureOf({ exitCode, signalName }: CommandOutcome): string | undefined {
  if (exitCode === 0) return undefined;
  return exitCode === undefined ? `it was ended by ${signalName ?? "a signal"}` : `it ended with exit code ${exitCode}`;
}

import { stat } from "node:fs/promises";
import { OperatorError } from "../../../lib/errors/index.ts";
import type { Command, CommandOutcome, CommandRunner, Platform } from "../action-context.ts";
import { endGroup } from "./end-group.ts";
import { lineSplitter } from "./line-splitter.ts";

const maxOutputBytes = 16 * 1024 * 1024;

/** Runs commands on this machine, each in a process group of its own, without input. */
export function localCommands(): CommandRunner {
  return { platform: platformOf(process.platform), run: runLocally };
}

function platformOf(name: NodeJS.Platform): Platform {
  if (name === "win32") return "windows";
  return name === "darwin" ? "darwin" : "linux";
}

async function runLocally(command: Command, { signal }: { readonly signal: AbortSignal }): Promise<CommandOutcome> {
  signal.throwIfAborted();
  const [program, ...args] = command.argv;
  const { execa } = await import("execa");
  const child = execa(program, args, {
    cwd: command.folder,
    env: command.environment,
    // A group of its own, so that everything the command starts can be ended with it.
    detached: process.platform !== "win32",
    stdin: "ignore",
    buffer: false,
    reject: false,
  });
  const kept: Uint8Array[] = [];
  let keptBytes = 0;
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const ending = endGroup(child.pid, stop);
  const watch = (stream: NodeJS.ReadableStream | null, name: "stdout" | "stderr") => {
    const lines = lineSplitter((line) => command.onLine?.(line, name));
    stream?.on("data", (chunk: Buffer) => {
      lines.push(chunk);
      if (name !== "stdout" || command.keepsOutput !== true) return;
      keptBytes += chunk.length;
      if (keptBytes <= maxOutputBytes) kept.push(chunk);
      else failed.abort(outputTooLarge());
    });
    return lines;
  };
  const lines = [watch(child.stdout, "stdout"), watch(child.stderr, "stderr")];
  try {
    const result = await Promise.race([child, ending.done]);
    for (const part of lines) part.end();
    if (stop.aborted && child.pid !== undefined && process.platform !== "win32") await ending.done;
    stop.throwIfAborted();
    if (result === undefined) throw new Error("a command ended although nothing asked for it");
    if (result.exitCode === undefined && result.signal === undefined) throw await notStarted(command, result);
    return {
      exitCode: result.exitCode,
      signalName: result.signal,
      stdout: Buffer.concat(kept).toString("utf8"),
    };
  } finally {
    ending.release();
    // What has left the group may hold them open for ever.
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

function outputTooLarge(): OperatorError {
  return new OperatorError(
    "ACTION_OUTPUT_TOO_LARGE",
    `a command printed more than ${maxOutputBytes} bytes to be kept`,
    {
      next: ["have the package print less, or write it to a file"],
    },
  );
}

async function notStarted(command: Command, cause: unknown): Promise<OperatorError> {
  const isFolder = await stat(command.folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const [program] = command.argv;
  const code = (cause as { readonly code?: string }).code ?? "unknown";
  if (!isFolder)
    return new OperatorError("ACTION_SHELL_MISSING", `a command is to run in ${command.folder}, which is no folder`, {
      where: { file: command.folder },
      next: ["make the folder, or run from where the package expects to be run"],
    });
  if (code === "ENOENT")
    return new OperatorError("ACTION_SHELL_MISSING", `this machine has no ${program}, which a command is to run in`, {
      next: [`install ${program}, or have the package name another shell`],
    });
  return new OperatorError("ACTION_FAILED", `a command could not be started: the system says ${code}`, {
    next: code === "E2BIG" ? ["a variable is too long for the environment: hand it over in a file"] : [],
  });
}

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** One bash, as somebody has it open: what a block sets is there for the next. */
export interface ShellSession {
  /** Runs the lines and gives what they printed, both streams as they came. Rejects when one of them fails. */
  readonly run: (script: string) => Promise<string>;
  /** Ends the shell and what it left in the background. Safe to repeat. */
  readonly end: () => Promise<void>;
}

/**
 * Starts a bash that stops at the first command that fails.
 *
 * @param options.through - what starts it: `["unshare", "--net"]`; default: nothing
 */
export function startShell(options: {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly through?: readonly string[];
}): ShellSession {
  const [program = "", ...args] = [...(options.through ?? []), "bash", "--noprofile", "--norc"];
  const shell = spawn(program, args, {
    cwd: options.cwd,
    env: options.env,
    stdio: ["pipe", "pipe", "inherit"],
    // A process group of its own, so that the background jobs of a block can be ended with it.
    detached: true,
  });
  const ended = new Promise<void>((resolve) => shell.once("close", () => resolve()));
  const lines = createInterface({ input: shell.stdout });
  shell.stdin.write("set -e -o pipefail\nexec 2>&1\n");
  let count = 0;
  return {
    run: async (script) => {
      count += 1;
      const mark = `=== end of block ${count} ===`;
      const printed: string[] = [];
      const done = new Promise<boolean>((resolve) => {
        lines.on("line", (line) => {
          // The last command may end without a newline.
          const isLast = line.endsWith(mark);
          const said = isLast ? line.slice(0, -mark.length) : line;
          if (!isLast || said !== "") printed.push(said);
          if (isLast) resolve(true);
        });
        void ended.then(() => resolve(false));
      });
      shell.stdin.write(`${script}\necho '${mark}'\n`);
      const isWhole = await done;
      lines.removeAllListeners("line");
      const output = printed.join("\n");
      if (!isWhole)
        throw new Error(`a command failed (exit code ${shell.exitCode}):\n${script}\nIt printed:\n${output}`);
      return output;
    },
    end: async () => {
      shell.stdin.end();
      endGroup(shell);
      await ended;
    },
  };
}

function endGroup(shell: ChildProcess): void {
  if (shell.pid === undefined) return;
  try {
    process.kill(-shell.pid, "SIGTERM");
  } catch {
    // Everybody in it has gone already.
  }
}

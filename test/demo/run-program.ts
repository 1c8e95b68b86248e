import { spawn } from "node:child_process";

/** A command that did not end well; what it printed says why. */
export class CommandFailed extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit code ${code}`);
    this.code = code;
  }
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs a program to its end, with our streams. Ctrl-C reaches it as it reaches us; it ends in its own way, and then we do.
 *
 * @throws CommandFailed
 */
export async function runProgram(program: string, args: readonly string[], options: RunOptions = {}): Promise<void> {
  const code = await new Promise<number>((done, reject) => {
    spawn(program, args, { ...options, stdio: ["ignore", "inherit", "inherit"] })
      .once("error", reject)
      .once("exit", (exit) => done(exit ?? 1));
  });
  if (code !== 0) throw new CommandFailed(code);
}

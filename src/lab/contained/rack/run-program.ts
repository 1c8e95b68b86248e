import { spawn } from "node:child_process";
import { once } from "node:events";

/** A program that ended with anything but 0. */
export class ProgramError extends Error {
  /** Its last words on stderr. */
  readonly said: string;

  constructor(command: string, how: string, said: string) {
    super(`${command}: ${how}: ${said}`);
    this.name = "ProgramError";
    this.said = said;
  }
}

/** What a program said on stdout. @throws ProgramError */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly input?: string; readonly signal?: AbortSignal } = {},
): Promise<string> {
  const child = spawn(program, [...args], {
    stdio: ["pipe", "pipe", "pipe"],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const output = { out: "", err: "" };
  child.stdout.on("data", (data: Buffer) => (output.out += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output.err += data.toString()));
  // A program that ends without reading is judged by its exit status.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  if (code === 0) return output.out;
  const said = output.err.trim().split("\n").slice(-3).join("; ");
  throw new ProgramError([program, ...args].join(" "), signal ?? `exit status ${code}`, said);
}

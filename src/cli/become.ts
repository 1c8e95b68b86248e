import type { Entry } from "../lab/index.ts";

/**
 * Ends this process by becoming another program: same process id, terminal, streams and signals, so nothing has to be passed on and
 * Ctrl-C reaches it once.
 *
 * @param entry - from where it is started
 * @param command - the program and its arguments; a relative name is looked for in PATH
 * @see https://nodejs.org/api/process.html#processexecvefile-args-env
 */
export function become(
  entry: Entry,
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): never {
  if (process.execve === undefined) throw new Error("this platform cannot replace a process");
  // env(1) looks for the program, and ends with 127 where there is none.
  const [program = "", ...args] = [...(entry.through.length === 0 ? ["/usr/bin/env"] : entry.through), ...command];
  const all = Object.entries({ ...env, ...entry.env }).filter(
    (each): each is [string, string] => each[1] !== undefined,
  );
  for (const stream of [process.stdin, process.stdout, process.stderr]) block(stream);
  return process.execve(program, [program, ...args], Object.fromEntries(all));
}

/**
 * Node makes pipes non-blocking and undoes it only when it ends. A program that does not expect that loses what it writes into a full pipe, and
 * a shell that shares ours stops reading its script.
 */
function block(stream: object): void {
  const { _handle: handle } = stream as { readonly _handle?: { readonly setBlocking?: (isBlocking: boolean) => void } };
  handle?.setBlocking?.(true);
}

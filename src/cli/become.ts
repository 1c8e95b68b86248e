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
  return process.execve(program, [program, ...args], Object.fromEntries(all));
}

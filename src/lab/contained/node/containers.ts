import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { RunningProgram } from "../../node/running-program.ts";
import { type ContainerPlan, capabilitiesOf, containerSpec } from "./container-spec.ts";
import type { NodeSpace } from "./namespaces.ts";

const GRACE_MS = 10_000;
const MAX_LINE_CHARS = 16 * 1024;

/** A long-running program of a node, told line by line. @param onLine - what it writes, either way */
export function followedProcess(
  space: NodeSpace,
  command: readonly [string, ...string[]],
  options: { readonly onLine: (line: string) => void; readonly terminate: () => Promise<void> },
): RunningProgram {
  const [program, ...args] = command;
  const child = space.spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let lastLine = "";
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on("line", (line) => {
      lastLine = line.slice(0, MAX_LINE_CHARS);
      options.onLine(lastLine);
    });
  }
  let isRunning = true;
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal === null ? `exit status ${code ?? 0}` : `signal ${signal}`));
  }).then((how) => {
    isRunning = false;
    return how;
  });
  const end = async (how: "shutdown" | "power-loss"): Promise<void> => {
    if (!isRunning) return;
    if (how === "shutdown") {
      await options.terminate().catch(() => undefined);
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([ended, new Promise((resolve) => (timer = setTimeout(resolve, GRACE_MS)))]);
      clearTimeout(timer);
    }
    // What it leaves inside ends with the node's first process.
    child.kill("SIGKILL");
    await ended;
  };
  return { pid: child.pid ?? 0, running: () => isRunning, ended, lastLine: () => lastLine, end };
}

/** Starts one of Talos' own containers with runc; one of the same name that is over is removed first. */
export async function startContainer(
  space: NodeSpace,
  name: string,
  plan: ContainerPlan,
  options: { readonly onLine: (line: string) => void; readonly signal: AbortSignal },
): Promise<RunningProgram> {
  const bundle = `/run/containers/${name}`;
  mkdirSync(space.path(bundle), { recursive: true });
  const available = capabilitiesOf(readFileSync("/proc/self/status", "utf8"));
  writeFileSync(space.path(`${bundle}/config.json`), JSON.stringify(containerSpec(plan, available)));
  const runc = ["--root", "/run/runc-talos"] as const;
  await space.run("runc", [...runc, "delete", "--force", name], options);
  return followedProcess(space, ["runc", ...runc, "run", "--bundle", bundle, name], {
    onLine: options.onLine,
    terminate: async () => {
      await space.run("runc", [...runc, "kill", name, "TERM"], { signal: AbortSignal.timeout(GRACE_MS) });
    },
  });
}

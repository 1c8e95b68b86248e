import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ip } from "./namespaces.ts";
import { NAMESPACES, stagePortOf } from "./network-plan.ts";
import { portOfName } from "./network-rules.ts";
import { ProgramError, runProgram } from "./run-program.ts";

/** Only the rack sees these: a sysfs of its own network namespace, and device files. */
const DEVICES = join(NAMESPACES, ".delay");
const SYSFS = join(DEVICES, "sys");

export interface DelayOptions {
  /** Names of all machines, in their order. */
  readonly nodes: readonly string[];
  /** Starts `relayLate`; two paths and the milliseconds are appended. */
  readonly relay: readonly string[];
  readonly say: (line: string) => void;
}

/**
 * Makes what a machine or the laptop receives and sends late: by the kernel's netem where it has it, else by a process between its port and
 * the switch. All frames, so nothing else about the connections changes.
 *
 * @returns a function that sets the delay of one machine; 0: none
 */
export function createDelays(options: DelayOptions): (node: string, milliseconds: number) => Promise<void> {
  const relays = new Map<string, ChildProcess>();
  let hasNetem: boolean | undefined;
  return async (node, milliseconds) => {
    const port = portOfName(options.nodes, node);
    hasNetem ??= await netem(port, node, milliseconds).then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof ProgramError)) throw error;
        options.say("this kernel has no netem: a process passes the frames on");
        return false;
      },
    );
    if (hasNetem) {
      await netem(port, node, milliseconds);
      return;
    }
    relays.get(node)?.removeAllListeners("exit").kill("SIGKILL");
    if (relays.delete(node)) await removeStage(port);
    if (milliseconds > 0) relays.set(node, await startRelay(port, milliseconds, options));
  };
}

/** @see https://man7.org/linux/man-pages/man8/tc-netem.8.html */
async function netem(port: string, namespace: string, milliseconds: number): Promise<void> {
  // A port that has none refuses to lose it.
  const how = (device: string) => [
    "qdisc",
    "replace",
    "dev",
    device,
    "root",
    "netem",
    "delay",
    `${milliseconds}ms`,
    "limit",
    "100000",
  ];
  await runProgram("tc", how(port));
  await runProgram("tc", ["-n", namespace, ...how("eth0")]);
}

/** The port leaves the switch; between both come two taps whose frames a process carries. */
async function startRelay(port: string, milliseconds: number, options: DelayOptions): Promise<ChildProcess> {
  const stage = stagePortOf(port);
  await ip([
    `link set ${port} nomaster`,
    `link add ${stage.switchSide} type veth peer name ${stage.relaySide}`,
    `link set ${stage.relaySide} up`,
    `link set ${stage.switchSide} master sw0 up`,
    `link add link ${port} name ${stage.tapA} type macvtap mode passthru`,
    `link add link ${stage.relaySide} name ${stage.tapB} type macvtap mode passthru`,
    `link set ${stage.tapA} up promisc on`,
    `link set ${stage.tapB} up promisc on`,
  ]);
  const [program = "", ...args] = options.relay;
  const taps = [await deviceOf(stage.tapA), await deviceOf(stage.tapB)];
  // Each open read takes a thread.
  const env = { ...process.env, UV_THREADPOOL_SIZE: "8" };
  const child = spawn(program, [...args, ...taps, String(milliseconds)], {
    stdio: ["ignore", "inherit", "inherit"],
    env,
  });
  child.once("exit", (code, signal) => options.say(`the delay of ${port} ended with ${signal ?? code}: it is cut off`));
  return child;
}

async function removeStage(port: string): Promise<void> {
  const stage = stagePortOf(port);
  await ip([`link del ${stage.tapA}`, `link del ${stage.switchSide}`, `link set ${port} master sw0`]);
}

/** A file for the character device of a tap. */
async function deviceOf(tap: string): Promise<string> {
  if (!existsSync(SYSFS)) {
    mkdirSync(SYSFS, { recursive: true });
    await runProgram("mount", ["-t", "sysfs", "-o", "ro", "sysfs", SYSFS]);
  }
  const folder = join(SYSFS, "class/net", tap);
  const name = readdirSync(folder).find((entry) => /^tap\d+$/.test(entry)) ?? "";
  const [major = "", minor = ""] = readFileSync(join(folder, name, "dev"), "utf8")
    .trim()
    .split(":");
  const path = join(DEVICES, `${tap}-${major}-${minor}`);
  if (!existsSync(path)) await runProgram("mknod", [path, "c", major, minor]);
  return path;
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, rmSync } from "node:fs";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { withDeadline } from "../../lib/deadline.ts";
import { OperatorError } from "../../lib/errors/index.ts";
import { HANDSHAKE_FD, namespaced } from "../contained/rack/outer-process.ts";
import { appendRecord, recordOf } from "../process-record.ts";
import type { RackStatus } from "./control-protocol.ts";
import { askRack } from "./control-socket.ts";
import { markOf } from "./marks.ts";
import type { RackFile, RackPaths } from "./rack-file.ts";

const START_MS = 60_000;
const PER_NODE_MS = { modelled: 200, contained: 5000 } as const;
const POLL_MS = 50;

/**
 * Starts the process behind a rack, which outlives this one, and waits until it answers.
 *
 * @param options.supervisor - how to run `superviseRack`; default: this Node with supervisor.ts
 * @returns undefined when somebody took the rack's addresses meanwhile
 * @throws OperatorError LAB_SUPERVISOR_FAILED; what was started may still run
 */
export async function startSupervisor(
  rack: RackFile,
  paths: RackPaths,
  options: { readonly supervisor?: readonly string[]; readonly signal: AbortSignal },
): Promise<RackStatus | undefined> {
  for (const old of [paths.slotTaken, paths.socket]) rmSync(old, { force: true });
  mkdirSync(paths.folder, { recursive: true, mode: 0o700 });
  const command = [...(options.supervisor ?? defaultSupervisor()), paths.folder];
  const isContained = rack.interior === "contained";
  const [program = process.execPath, ...args] = isContained ? [...namespaced, "--", ...command] : command;
  const log = openSync(paths.log, "a", 0o600);
  // A session of its own: Ctrl-C and a closed terminal do not reach it.
  const child = spawn(program, args, {
    detached: true,
    stdio: isContained ? ["ignore", log, log, "pipe"] : ["ignore", log, log],
    env: { ...quietEnv(), ...markOf({ id: rack.id, folder: paths.folder }) },
  });
  closeSync(log);
  await once(child, "spawn");
  child.unref();
  if (isContained) handOver(child, paths);
  const limitMs = START_MS + PER_NODE_MS[rack.interior] * rack.nodes.length;
  return await withDeadline(limitMs, { signal: options.signal, what: `rack ${rack.name}` }, (signal) =>
    untilAnswering(rack.name, paths, child, { clock: systemClock, signal }),
  );
}

/** Writes down what the rack hangs on; only then it may make anything. */
function handOver(child: ChildProcess, paths: RackPaths): void {
  const pipe = child.stdio[HANDSHAKE_FD] as Writable;
  pipe.on("error", () => undefined);
  const record = recordOf(child.pid ?? 0, "supervisor");
  if (record !== undefined) appendRecord(paths.processes, record);
  pipe.end(record === undefined ? "" : `${record.pid}\n`);
}

async function untilAnswering(
  name: string,
  paths: RackPaths,
  child: ChildProcess,
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<RackStatus | undefined> {
  for (;;) {
    if (existsSync(paths.slotTaken)) return undefined;
    if (child.exitCode !== null || child.signalCode !== null) {
      throw supervisorFailed(name, paths, `it ended with ${child.signalCode ?? `exit code ${child.exitCode}`}`);
    }
    if (existsSync(paths.socket)) {
      try {
        return await askRack(paths.socket, { do: "status" }, { name, signal: options.signal });
      } catch (error) {
        options.signal.throwIfAborted();
        if (!(error instanceof OperatorError)) throw error;
      }
    }
    await options.clock.sleep(POLL_MS, { signal: options.signal });
  }
}

export function supervisorFailed(name: string, paths: RackPaths, why: string): OperatorError {
  return new OperatorError("LAB_SUPERVISOR_FAILED", `the supervisor of rack ${name} did not come up: ${why}`, {
    where: { file: paths.log },
    next: [`read ${paths.log}`],
  });
}

function defaultSupervisor(): readonly string[] {
  return [process.execPath, fileURLToPath(new URL("../supervisor.ts", import.meta.url))];
}

const SYSTEM_FOLDERS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Without what steers Node or proxies in the caller. */
function quietEnv(): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG, TMPDIR } = process.env;
  return { PATH: PATH === undefined ? SYSTEM_FOLDERS : `${PATH}:${SYSTEM_FOLDERS}`, HOME, LANG, TMPDIR };
}

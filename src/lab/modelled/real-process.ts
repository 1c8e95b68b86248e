import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunningProgram } from "../node/running-program.ts";
import { appendRecord, recordOf } from "../process-record.ts";

export interface ProcessSpec {
  /** `etcd of cp-1`, for logs and records. */
  readonly what: string;
  readonly binary: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Output goes here, appended. */
  readonly logFile: string;
}

/** Starts real programs of a rack and remembers them, on disk too, until they have ended. */
export interface ProcessKeeper {
  readonly start: (spec: ProcessSpec) => Promise<RunningProgram>;
  /** Ends what is still there. */
  readonly endAll: () => Promise<void>;
}

const GRACE_MS = 5000;

/** @param recordFile - list of processes of the rack, see process-record.ts */
export function createProcessKeeper(recordFile: string): ProcessKeeper {
  const alive = new Set<RunningProgram>();
  return {
    start: async (spec) => {
      const started = await startProcess(spec, recordFile);
      alive.add(started);
      void started.ended.then(() => alive.delete(started));
      return started;
    },
    endAll: async () => {
      await Promise.all([...alive].map((running) => running.end("shutdown")));
    },
  };
}

async function startProcess(spec: ProcessSpec, recordFile: string): Promise<RunningProgram> {
  mkdirSync(dirname(spec.logFile), { recursive: true });
  const log = openSync(spec.logFile, "a", 0o600);
  const child = spawn(spec.binary, [...spec.args], {
    // Nothing of the caller's environment: a proxy variable would send what stays on loopback elsewhere.
    env: { PATH: "/usr/bin:/bin", HOME: dirname(spec.logFile), ...spec.env },
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  await once(child, "spawn");
  const pid = child.pid ?? 0;
  const record = recordOf(pid, spec.what);
  if (record !== undefined) appendRecord(recordFile, record);
  let running = true;
  const ended = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => {
      running = false;
      resolve(signal === null ? `exit status ${code}` : `signal ${signal}`);
    });
  });
  return {
    pid,
    running: () => running,
    ended,
    lastLine: () => readFileSync(spec.logFile, "utf8").trimEnd().split("\n").at(-1) ?? "",
    end: async (how) => {
      if (!running) return;
      child.kill(how === "shutdown" ? "SIGTERM" : "SIGKILL");
      if (how === "shutdown") {
        const cancel = new AbortController();
        const late = sleep(GRACE_MS, "late", { signal: cancel.signal }).catch(() => "ended");
        if ((await Promise.race([ended, late])) === "late") child.kill("SIGKILL");
        cancel.abort();
      }
      await ended;
    },
  };
}

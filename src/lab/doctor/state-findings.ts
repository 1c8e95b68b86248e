import { accessSync, constants } from "node:fs";
import { existingParent, freeDiskMiB } from "../contained/rack/contain-checks.ts";
import { SLOTS } from "../rack/addresses.ts";
import { MAX_SOCKET_PATH_BYTES } from "../rack/control-socket.ts";
import { strayGroups, strayLogs, strayProcesses } from "../rack/find-strays.ts";
import { listRacks } from "../rack/known-racks.ts";
import { rackPaths } from "../rack/rack-file.ts";
import { freeSlots } from "../rack/slots.ts";
import { type Finding, finding } from "./diagnosis.ts";

const both = ["contained", "modelled"] as const;
const group = "state";

/** The folder in which racks are remembered, and what is in it. */
export function stateFindings(stateDir: string): readonly Finding[] {
  const parent = existingParent(stateDir);
  const canWrite = isWritable(parent);
  const nameLength = MAX_SOCKET_PATH_BYTES - Buffer.byteLength(rackPaths(stateDir, "x").socket) + 1;
  return [
    finding({
      group,
      id: "state-folder",
      title: "state folder",
      ok: canWrite,
      detail: canWrite ? `${stateDir}, ${freeDiskMiB(stateDir)} MiB free` : `${parent} cannot be written`,
      next: "choose another folder with --state-dir",
      needed: both,
    }),
    finding({
      group,
      id: "rack-names",
      title: "names of racks",
      ok: nameLength > 0,
      detail: nameLength > 0 ? `up to ${nameLength} characters long` : `the path ${stateDir} is too long for a socket`,
      next: "choose a shorter folder with --state-dir",
      needed: both,
    }),
    racks(stateDir),
    leftovers(stateDir),
  ];
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function racks(stateDir: string): Finding {
  const all = listRacks(stateDir);
  const stopped = all.filter(({ running }) => !running).map(({ name }) => name);
  const named = all.map(({ name, running }) => `${name} ${running ? "runs" : "does not run"}`);
  return finding({
    group,
    id: "racks",
    title: "racks",
    ok: stopped.length === 0,
    detail: named.length === 0 ? "none" : named.join(", "),
    next: stopped.map((name) => `skerry lab up ${name}    goes on, lab down ${name} removes it`).join("; "),
    needed: [],
  });
}

function leftovers(stateDir: string): Finding {
  const counts = [
    [strayProcesses(stateDir).length, "processes"],
    [strayGroups().length, "control groups"],
    [strayLogs(stateDir).length, "logs"],
  ] as const;
  const found = counts.filter(([count]) => count > 0).map(([count, what]) => `${what}: ${count}`);
  return finding({
    group,
    id: "leftovers",
    title: "left by crashes",
    ok: found.length === 0,
    detail:
      found.length === 0
        ? process.getuid?.() === 0
          ? "nothing"
          : "nothing that this user may see"
        : `of racks that are gone: ${found.join(", ")}`,
    next: "skerry lab down --all    removes them, and racks that run",
    needed: [],
  });
}

/** Addresses for modelled racks. */
export async function slotsFinding(stateDir: string): Promise<Finding> {
  let free = 0;
  for await (const _slot of freeSlots(stateDir)) free += 1;
  return finding({
    group: "modelled",
    id: "loopback",
    title: "loopback addresses",
    ok: free > 0,
    detail: `${free} of ${SLOTS.last - SLOTS.first + 1} ranges are free`,
    next: "skerry lab list    shows the racks; take one down, or whatever listens on port 6443 of 127.0.4.5 and so on",
    needed: ["modelled"],
  });
}

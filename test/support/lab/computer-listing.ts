import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { findRackGroups } from "../../../src/lab/contained/node/cgroups.ts";
import { markedProcesses } from "../../../src/lab/rack/marks.ts";

/** Everything of the computer that a contained rack could leave behind. */
export interface ComputerListing {
  readonly mounts: readonly string[];
  readonly links: readonly string[];
  readonly namedNamespaces: readonly string[];
  readonly taps: readonly string[];
  /** Of racks that no process outside of the state folder belongs to: others may run beside the test. */
  readonly groups: readonly string[];
  /** Of racks of the state folder. */
  readonly processes: readonly string[];
}

/** @param stateFolder - whose racks are looked for */
export function listComputer(stateFolder: string): ComputerListing {
  const marked = markedProcesses();
  const isOurs = (folder: string) => folder.startsWith(`${stateFolder}/`);
  const foreign = new Set(marked.filter(({ mark }) => !isOurs(mark.folder)).map(({ mark }) => mark.id));
  return {
    mounts: readFileSync("/proc/self/mountinfo", "utf8").trim().split("\n"),
    links: linkNames(),
    namedNamespaces: entriesOf("/run/netns"),
    taps: entriesOf("/dev").filter((name) => /^tap\d+$/.test(name)),
    groups: [...findRackGroups()].flatMap(([id, folders]) => (foreign.has(id) ? [] : folders)).sort(),
    processes: marked.filter(({ mark }) => isOurs(mark.folder)).map(({ pid }) => commandOf(pid)),
  };
}

/** With index and peer, so that one that was made again is another. */
function linkNames(): readonly string[] {
  const links = JSON.parse(execFileSync("ip", ["-j", "link"], { encoding: "utf8" })) as readonly {
    readonly ifindex: number;
    readonly ifname: string;
  }[];
  return links.map(({ ifindex, ifname }) => `${ifindex} ${ifname}`);
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

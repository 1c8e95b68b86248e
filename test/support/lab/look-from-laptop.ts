import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { enterRack } from "../../../src/lab/index.ts";
import type { DiskFacts } from "../../../src/site/index.ts";

/** What a machine in maintenance shows to the laptop of its rack: its disks, or how a connection to it ends. */
export async function lookFrom(
  rackFolder: string,
  address: string,
): Promise<{ readonly disks?: readonly DiskFacts[]; readonly code?: string }> {
  const program = join(import.meta.dirname, "..", "look-process.ts");
  const words = [...enterRack(rackFolder, process.env).through, process.execPath, program, address];
  const [first = "", ...rest] = words;
  const { stdout } = await promisify(execFile)(first, rest);
  return JSON.parse(stdout) as { readonly disks?: readonly DiskFacts[]; readonly code?: string };
}

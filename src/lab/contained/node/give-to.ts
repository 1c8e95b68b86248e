import { chownSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Gives a folder and what is in it to a user of the node, with the group of the same number; one that is not there is left out. */
export function giveTo(path: string, user: number): void {
  if (!existsSync(path)) return;
  chownSync(path, user, user);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) giveTo(child, user);
    else chownSync(child, user, user);
  }
}

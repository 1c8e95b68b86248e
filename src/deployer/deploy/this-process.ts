import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";
import type { LeaseHolder } from "../state/index.ts";

/** Who deploys where nobody says. */
export function thisProcess(): LeaseHolder {
  return { holder: userInfo().username, host: hostname(), pid: process.pid, run: randomUUID() };
}

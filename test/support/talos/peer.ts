import { execFile } from "node:child_process";
import { ensureParts } from "../../../parts/index.ts";

/** What the Go program on Talos' own library can be asked; see parts/talos-peer. */
export type PeerQuestion =
  | "gen"
  | "validate"
  | "patch"
  | "redact"
  | "fields"
  | "types"
  | "secrets"
  | "talosconfig"
  | "client"
  | "bench";

export interface PeerAnswer {
  readonly yaml?: string;
  /** What Talos refused to do. */
  readonly error?: string;
  readonly warnings?: readonly string[];
  /** What Talos' validator says; "" when it accepts. */
  readonly invalid?: string;
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Asks Talos' own library all questions at once; answers come in the same order. */
export async function askPeer<Answer = PeerAnswer>(
  question: PeerQuestion,
  requests: readonly object[],
): Promise<readonly Answer[]> {
  const { "talos-peer": program } = await ensureParts({
    only: ["talos-peer"],
    signal: AbortSignal.timeout(600_000),
  });
  const answer = await new Promise<string>((resolve, reject) => {
    const child = execFile(program, [question], { maxBuffer: MAX_ANSWER_BYTES }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`talos-peer ${question}: ${stderr}`, { cause: error }));
    });
    child.stdin?.end(JSON.stringify(requests));
  });
  return JSON.parse(answer) as readonly Answer[];
}

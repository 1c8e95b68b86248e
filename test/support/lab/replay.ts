import type { Client } from "@grpc/grpc-js";
import { rawCall } from "./raw-call.ts";
import { type RecordedAnswer, type RecordedCall, recordings } from "./recordings.ts";

/** Who called when the answers were recorded: `a`, `b` in maintenance, `c` an admin, `d` a reader, `e` an operator. */
export type RecordedState = keyof RecordedCall["answers"];

/** Calls that would end the machine that the others are asked of. */
export const endsTheMachine = (key: string) => /^[ce] machine\.MachineService\/Reboot /.test(key);

/** Where one machine answers otherwise than the recorded node did. */
export interface Replay {
  /** `c machine.MachineService/Bootstrap (minimal)` → what came instead. */
  readonly differing: Readonly<Record<string, string>>;
  readonly compared: number;
}

/** Makes every recorded call again, in these states, and compares code and message. */
export async function replayCalls(clients: Partial<Readonly<Record<RecordedState, Client>>>): Promise<Replay> {
  const differing: Record<string, string> = {};
  let compared = 0;
  for (const [state, client] of Object.entries(clients) as [RecordedState, Client][]) {
    for (const call of recordings.calls) {
      const recorded = call.answers[state];
      const key = `${state} ${call.method} ${call.case}`;
      if (recorded === null || endsTheMachine(key)) continue;
      const answer = await rawCall(client, call.method, call.request, recorded.code.startsWith("(") ? 300 : 20_000);
      compared += 1;
      if (!agrees(recorded, answer)) differing[key] = `${answer.code} ${answer.message ?? ""}`.trim();
    }
  }
  return { differing, compared };
}

function agrees(recorded: RecordedAnswer, answer: RecordedAnswer): boolean {
  // Whether a stream that does not end had something to say within the time is chance.
  const kind = (code: string) => (code.startsWith("(") ? "open" : code);
  return kind(recorded.code) === kind(answer.code) && recorded.message === answer.message;
}

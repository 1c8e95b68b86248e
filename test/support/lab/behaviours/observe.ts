import { setTimeout as sleep } from "node:timers/promises";
import { type CallEnd, endOf } from "../typed-call.ts";

/** What a machine was seen to do, by the name of the step. */
export interface Observation {
  readonly step: string;
  readonly saw: unknown;
}

/** One line per observation, for the test that judges it. */
export function tell(step: string, saw: unknown): void {
  process.stdout.write(`${JSON.stringify({ step, saw } satisfies Observation)}\n`);
}

const POLL_MS = 100;

/**
 * Asks until the answer is right.
 *
 * @throws Error with the last answer when the time is over
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  isRight: (answer: T) => boolean = () => true,
  limitMs = 120_000,
): Promise<T> {
  const end = Date.now() + limitMs;
  let last = "nothing";
  while (Date.now() < end) {
    try {
      const answer = await ask();
      if (isRight(answer)) return answer;
      last = JSON.stringify(answer, (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(POLL_MS);
  }
  throw new Error(`${what}: not within ${limitMs / 1000} s; last seen: ${last}`);
}

/** How a call ended. */
export async function endingOf(call: Promise<unknown>): Promise<CallEnd> {
  try {
    await call;
    return { code: "OK" };
  } catch (error) {
    return endOf(error);
  }
}

export async function collect<T>(stream: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}

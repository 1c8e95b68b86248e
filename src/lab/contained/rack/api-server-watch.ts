import { request } from "node:https";
import type { Clock } from "../../../lib/clock.ts";

const EVERY_MS = 1000;
const ANSWER_MS = 2000;

/**
 * Asks the kube-apiserver of the machine that this process runs in, again and again, and tells when the answer changes. Who may ask is not the
 * question: a refusal is an answer.
 */
export async function watchApiServer(
  address: string,
  tell: (answers: boolean) => void,
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  let before = false;
  while (!options.signal.aborted) {
    const now = await answers(address);
    if (now !== before) tell(now);
    before = now;
    await options.clock.sleep(EVERY_MS, options).catch(() => undefined);
  }
}

function answers(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(
      // What is asked is whether somebody listens; who it is, is for those to judge that send something.
      { host, port: 6443, path: "/readyz", rejectUnauthorized: false, agent: false, timeout: ANSWER_MS },
      (response) => {
        response.resume();
        resolve((response.statusCode ?? 500) < 500);
      },
    );
    asked.once("timeout", () => asked.destroy());
    asked.once("error", () => resolve(false));
    asked.end();
  });
}

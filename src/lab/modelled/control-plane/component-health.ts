import { request } from "node:https";

const TIMEOUT_MS = 3000;

/** Whether a health address answers 200. Its certificate is the component's own and not checked, just as a kubelet does not check it. */
export function healthOf(url: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(url, { rejectUnauthorized: false, agent: false, timeout: TIMEOUT_MS, signal }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.once("timeout", () => asked.destroy());
    asked.once("error", () => resolve(false));
    asked.end();
  });
}

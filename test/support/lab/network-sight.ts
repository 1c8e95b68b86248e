import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";

/** What a short program of Node's says on stdout, run in a network namespace of a rack. */
export async function sayIn(outer: number, namespace: string, program: string): Promise<string> {
  const child = startIn(outer, namespace, [process.execPath, "--input-type=module", "-e", program]);
  let said = "";
  child.stdout?.on("data", (data: Buffer) => (said += data.toString()));
  await once(child, "close");
  return said.trim();
}

/** Starts a program in a network namespace of a rack; end it with its `kill`. */
export function startIn(outer: number, namespace: string, command: readonly string[]) {
  return spawn("nsenter", [`--net=/proc/${outer}/root/run/netns/${namespace}`, "--", ...command], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** "connected after 3 ms", or why not: the code of the error, or "silence" after the limit. */
export async function dialIn(
  outer: number,
  namespace: string,
  target: { readonly address: string; readonly port?: number; readonly limitMs?: number },
): Promise<{ readonly outcome: string; readonly ms: number }> {
  const { address, port = 50_000, limitMs = 1500 } = target;
  const program = `
    import net from "node:net";
    const since = performance.now();
    const end = (outcome) => { console.log(JSON.stringify({ outcome, ms: Math.round(performance.now() - since) })); process.exit(); };
    net.connect(${port}, "${address}").once("connect", () => end("connected")).once("error", (error) => end(error.code));
    setTimeout(() => end("silence"), ${limitMs});`;
  return JSON.parse(await sayIn(outer, namespace, program)) as { readonly outcome: string; readonly ms: number };
}

/** Who answers as the kube-apiserver at an address, seen from the laptop; "" where nobody does. */
export async function answererAt(outer: number, address: string): Promise<string> {
  const program = `
    import https from "node:https";
    https.get({ host: "${address}", port: 6443, rejectUnauthorized: false, timeout: 1000 }, (response) => response.pipe(process.stdout))
      .once("timeout", function () { this.destroy(); }).once("error", () => {});`;
  return await sayIn(outer, "laptop", program);
}

export const apiServer = (name: string) => [process.execPath, resolve("test/support/api-server-process.ts"), name];

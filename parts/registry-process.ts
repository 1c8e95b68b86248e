import { once } from "node:events";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { OperatorError } from "../src/lib/errors/index.ts";

const readyWithinMs = 20_000;
const pollMs = 25;
const portAttempts = 3;
const keptErrorChars = 2000;

export interface RegistryProcess {
  /** "http://127.0.0.1:41235" */
  readonly url: string;
  /** Ends it and waits until it is gone. Safe to repeat. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts distribution's registry over a storage folder, on loopback, and waits until it answers. It ends with this
 * process at the latest.
 *
 * @param options.port - default: a free one
 * @throws OperatorError PARTS_PORT_TAKEN for a given port, PARTS_REGISTRY_FAILED
 */
export async function startRegistry(options: {
  readonly binary: string;
  readonly storageDir: string;
  readonly port?: number;
  readonly signal: AbortSignal;
}): Promise<RegistryProcess> {
  if (options.port !== undefined) {
    if (!(await isFree(options.port))) throw portTaken(options.port);
    return startAt(options.port, options);
  }
  // A free port may be taken by somebody else before the registry has it, so one that fails gets another try.
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startAt(await freePort(), options);
    } catch (error) {
      if (attempt === portAttempts || options.signal.aborted) throw error;
    }
  }
}

async function startAt(
  port: number,
  options: { readonly binary: string; readonly storageDir: string; readonly signal: AbortSignal },
): Promise<RegistryProcess> {
  const child = execa(options.binary, ["serve", path.join(import.meta.dirname, "registry", "config.yml")], {
    extendEnv: false,
    env: {
      OTEL_TRACES_EXPORTER: "none",
      REGISTRY_HTTP_ADDR: `127.0.0.1:${port}`,
      REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: options.storageDir,
    },
    stdin: "ignore",
    stdout: "ignore",
    buffer: false,
    reject: false,
  });
  let errors = "";
  child.stderr.on("data", (bytes: Buffer) => {
    errors = (errors + bytes.toString("utf8")).slice(-keptErrorChars);
  });
  let ended = false;
  const end = child.then(() => {
    ended = true;
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await end;
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    const deadlineMs = performance.now() + readyWithinMs;
    for (;;) {
      options.signal.throwIfAborted();
      // An answer counts only while our own child lives: another program may have the port.
      const answered = await answers(url, options.signal);
      if (ended) throw registryFailed("ended at once", errors);
      if (answered) return { url, stop };
      if (performance.now() > deadlineMs)
        throw registryFailed(`did not answer within ${readyWithinMs / 1000} s`, errors);
      await Promise.race([sleep(pollMs, undefined, { signal: options.signal }), end]);
    }
  } catch (error) {
    await stop();
    options.signal.throwIfAborted();
    throw error;
  }
}

async function answers(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const response = await fetch(`${url}/v2/`, { signal });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has no port");
  return address.port;
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer();
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}

function portTaken(port: number): OperatorError {
  return new OperatorError("PARTS_PORT_TAKEN", `127.0.0.1:${port} is used by another program`, {
    next: ["Choose another port with --port, or leave it out and a free one is taken."],
    retry: "later",
  });
}

function registryFailed(what: string, errors: string): OperatorError {
  return new OperatorError("PARTS_REGISTRY_FAILED", `the registry that plays the internet ${what}`, {
    problems: errors
      .split("\n")
      .filter((line) => line !== "")
      .map((message) => ({ message })),
    next: ["node parts/internet.ts   try again"],
    retry: "same",
  });
}

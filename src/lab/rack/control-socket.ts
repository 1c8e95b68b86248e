import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { OperatorError } from "../../lib/errors/index.ts";
import { MAX_LINE_BYTES, type RackAnswer, RackCommand, type RackStatus } from "./control-protocol.ts";

/** Longer paths do not fit into a socket address. */
export const MAX_SOCKET_PATH_BYTES = 100;
const ANSWER_MS = 30_000;

/**
 * Listens for commands of `skerry lab`; one line in, one line out. The folder's mode keeps others out.
 *
 * @returns a function that stops listening
 */
export async function serveControl(
  path: string,
  answer: (command: RackCommand) => Promise<RackAnswer>,
): Promise<() => Promise<void>> {
  rmSync(path, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    void (async () => {
      for await (const line of linesOf(socket)) {
        const command = parseCommand(line);
        const said: RackAnswer =
          command === undefined
            ? { ok: false, code: "BAD_REQUEST", message: "this is not a command of a rack" }
            : await answer(command).catch(failedOrder);
        socket.write(`${JSON.stringify(said)}\n`);
      }
      socket.end();
    })().catch(() => socket.destroy());
  });
  server.listen(path);
  await once(server, "listening");
  return async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    rmSync(path, { force: true });
  };
}

/**
 * Asks the supervisor that listens at `path`.
 *
 * @param options.limitMs - how long it may take to answer; default 30 s
 * @throws OperatorError LAB_RACK_NOT_RUNNING when nobody answers, LAB_NODE_UNKNOWN, LAB_FAULT_UNSUITABLE
 */
export async function askRack(
  path: string,
  command: RackCommand,
  options: { readonly name: string; readonly limitMs?: number; readonly signal: AbortSignal },
): Promise<RackStatus> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.limitMs ?? ANSWER_MS)]);
  const socket = connect(path);
  const abort = () => socket.destroy();
  signal.addEventListener("abort", abort);
  try {
    socket.write(`${JSON.stringify(command)}\n`);
    for await (const line of linesOf(socket)) {
      const answer = JSON.parse(line) as RackAnswer;
      if (answer.ok) return answer.status;
      if (answer.code === "BAD_REQUEST") throw new Error(answer.message);
      throw new OperatorError(answer.code, answer.message, { next: [`skerry lab list`] });
    }
    throw notRunning(options.name);
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof OperatorError || (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw notRunning(options.name, error);
  } finally {
    signal.removeEventListener("abort", abort);
    socket.destroy();
  }
}

export function notRunning(name: string, cause?: unknown): OperatorError {
  return new OperatorError("LAB_RACK_NOT_RUNNING", `the supervisor of rack ${name} does not answer`, {
    next: [`skerry lab down ${name}    removes what is left of it`],
    cause,
  });
}

function failedOrder(error: unknown): RackAnswer {
  console.error(error);
  return { ok: false, code: "LAB_ORDER_FAILED", message: error instanceof Error ? error.message : String(error) };
}

function parseCommand(line: string): RackCommand | undefined {
  try {
    const parsed = RackCommand.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

async function* linesOf(socket: Socket): AsyncGenerator<string> {
  socket.setEncoding("utf8");
  let rest = "";
  for await (const chunk of socket as AsyncIterable<string>) {
    rest += chunk;
    if (rest.length > MAX_LINE_BYTES) throw new Error("a line on the control socket is too long");
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    yield* lines.filter((line) => line !== "");
  }
}

import { OperatorError } from "../../lib/errors/index.ts";
import { statusError } from "../api/status-error.ts";
import type { ClusterAccess } from "../kubeconfig.ts";
import { record, records } from "../objects.ts";
import type { ExecOutcome, ExecRequest } from "./streams.ts";
import { broken, openWebSocket, type WebSocket } from "./web-socket.ts";

/** Version 5 can say that the input is at its end. @see https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/4006-transition-spdy-to-websockets */
const protocols = ["v5.channel.k8s.io"];
const channels = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const;
const keptBytes = 64 * 1024;
/** As much as kubectl puts into one message. */
const messageBytes = 32 * 1024;

/** Runs a command in a container; see KubeStreams. */
export async function exec(
  access: ClusterAccess,
  request: ExecRequest,
  { signal }: { readonly signal: AbortSignal },
): Promise<ExecOutcome> {
  const object = `Pod/${request.namespace}/${request.pod}`;
  const doing = { verb: "run a command in", object };
  const socket = await openWebSocket(access, { path: pathOf(request), protocols, doing }, { signal });
  const inputEnded = new AbortController();
  let inputFailure: { readonly error: unknown } | undefined;
  const input =
    request.stdin === undefined
      ? Promise.resolve()
      : pump(request.stdin, socket, inputEnded.signal).catch((error: unknown) => {
          // While the command runs, an input that fails must end it; when it is over, nobody needs the rest.
          if (inputEnded.signal.aborted) return;
          inputFailure = { error };
          socket.close(error as Error);
        });
  try {
    return await readOutcome(request, socket, object);
  } catch (error) {
    throw inputFailure === undefined ? error : inputFailure.error;
  } finally {
    inputEnded.abort();
    socket.close();
    await input;
  }
}

function pathOf(request: ExecRequest): string {
  const query = new URLSearchParams({ stdout: "true", stderr: "true" });
  if (request.stdin !== undefined) query.set("stdin", "true");
  if (request.container !== undefined) query.set("container", request.container);
  for (const word of request.command) query.append("command", word);
  const pod = `${encodeURIComponent(request.namespace)}/pods/${encodeURIComponent(request.pod)}`;
  return `/api/v1/namespaces/${pod}/exec?${query.toString()}`;
}

async function readOutcome(request: ExecRequest, socket: WebSocket, object: string): Promise<ExecOutcome> {
  let stdout = Buffer.alloc(0);
  let stderr = Buffer.alloc(0);
  for await (const message of socket.messages) {
    const payload = message.subarray(1);
    switch (message[0]) {
      case channels.stdout:
        if (request.onStdout !== undefined) await request.onStdout(payload);
        else stdout = Buffer.concat([stdout, payload.subarray(0, keptBytes - stdout.length)]);
        break;
      case channels.stderr:
        stderr = Buffer.concat([stderr, payload]).subarray(-keptBytes);
        break;
      case channels.status:
        return {
          exitCode: exitCodeOf(payload, object),
          stdout: stdout.toString("utf8"),
          stderr: stderr.toString("utf8"),
        };
      default:
        break;
    }
  }
  throw broken(`run a command in ${object}`, "the stream ended before the command did");
}

/** @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
function exitCodeOf(payload: Buffer, object: string): number {
  const status = record(parseJson(payload));
  if (status?.["status"] === "Success") return 0;
  const causes = records(record(status?.["details"])?.["causes"]);
  const code = Number(causes.find(({ reason }) => reason === "ExitCode")?.["message"]);
  if (status?.["reason"] === "NonZeroExitCode" && Number.isInteger(code)) return code;
  if (status === undefined) {
    throw new OperatorError("KUBE_ANSWER_INVALID", `run a command in ${object}: its end is not told in JSON`);
  }
  const httpStatus = typeof status["code"] === "number" ? status["code"] : 500;
  throw statusError(httpStatus, { kind: "Status", ...status }, { verb: "run a command in", object });
}

function parseJson(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}

/** Gives the input to the command, no faster than it is taken, and says when it is at its end. */
async function pump(stdin: AsyncIterable<Uint8Array>, socket: WebSocket, ended: AbortSignal): Promise<void> {
  const channel = Uint8Array.of(channels.stdin);
  const over = new Promise<undefined>((resolve) => {
    ended.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  const source = stdin[Symbol.asyncIterator]();
  for (;;) {
    const step = await Promise.race([source.next(), over]);
    if (step === undefined) {
      // Whoever makes the input may clean up; nobody waits for it.
      source.return?.().catch(() => undefined);
      return;
    }
    if (step.done === true) break;
    for (let at = 0; at < step.value.length; at += messageBytes) {
      await socket.send(channel, step.value.subarray(at, at + messageBytes));
    }
  }
  await socket.send(Uint8Array.of(channels.close, channels.stdin));
}

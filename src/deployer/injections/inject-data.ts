import { type KubeObject, objectName } from "../../kube/index.ts";
import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { dataTar, fileTar, type InjectionData, injectionData } from "./data-tar.ts";
import type { Injected, InjectionProgress, InjectRequest } from "./inject-request.ts";
import { podName, startedPod, waitingPods } from "./waiting-pods.ts";

const findTimeoutMs = 90_000;
const readyTimeoutMs = 15 * 60_000;
const pollMs = 1000;
const attempts = 3;
/** What Zarf writes into its marker. */
const markerContent = Buffer.from("🦄");

/**
 * Gives data to containers that wait for it: finds the pods that name the marker and whose container runs, unpacks the data there with
 * the container's own `tar`, then the marker beside it, and waits until one of the pods runs. Every pod found gets the data. Sending is
 * tried again with the pods that are there then; safe to repeat.
 *
 * @throws OperatorError INJECTION_*, KUBE_FORBIDDEN and other refusals of the API server
 */
export async function injectData(request: InjectRequest): Promise<Injected> {
  const { injection, files, index } = request;
  const { path } = injection.target;
  if (path === "" || path.startsWith("-")) throw invalid(`${JSON.stringify(path)} is not a path in a container`);
  const data = injectionData(files, index);
  const tell = (event: Omit<InjectionProgress, "totalBytes">): void =>
    request.onProgress?.({ ...event, totalBytes: data.sizeBytes });
  const sent = await send(request, data, tell);
  await untilStarted(request, data, tell);
  tell({ stage: "done", sentBytes: data.sizeBytes });
  return { pods: sent, sentBytes: data.sizeBytes * sent.length };
}

type Tell = (event: Omit<InjectionProgress, "totalBytes">) => void;

/** @returns the names of the pods that have the data and the marker */
async function send(request: InjectRequest, data: InjectionData, tell: Tell): Promise<readonly string[]> {
  for (let attempt = 1; ; attempt++) {
    const pods = await untilWaiting(request, tell);
    try {
      for (const pod of pods) await give(request, { pod, data }, tell);
      return pods.map(podName);
    } catch (error) {
      request.signal.throwIfAborted();
      const mayPass = isOperatorError(error) && (error.code === "INJECTION_FAILED" || error.retry === "same");
      if (!mayPass || attempt === attempts) throw error;
      await request.clock.sleep(pollMs, request);
    }
  }
}

async function untilWaiting(request: InjectRequest, tell: Tell): Promise<readonly KubeObject[]> {
  const { injection, marker, clock, signal } = request;
  const limitMs = request.findTimeoutMs ?? findTimeoutMs;
  const began = clock.now().getTime();
  for (;;) {
    const found = waitingPods(await podsOf(request), injection, marker);
    if (found.pods.length > 0) return found.pods;
    const reason = "reason" in found ? found.reason : "";
    tell({ stage: "waiting for a container", sentBytes: 0, reason });
    if (clock.now().getTime() - began + pollMs > limitMs) throw late("INJECTION_NO_TARGET", request, reason, limitMs);
    await clock.sleep(pollMs, { signal });
  }
}

async function untilStarted(request: InjectRequest, data: InjectionData, tell: Tell): Promise<void> {
  const { marker, clock, signal } = request;
  const limitMs = request.readyTimeoutMs ?? readyTimeoutMs;
  const began = clock.now().getTime();
  for (;;) {
    const { isStarted, reason } = startedPod(await podsOf(request), marker);
    if (isStarted) return;
    tell({ stage: "waiting for the pod", sentBytes: data.sizeBytes, reason });
    if (clock.now().getTime() - began + pollMs > limitMs) throw late("INJECTION_NOT_READY", request, reason, limitMs);
    await clock.sleep(pollMs, { signal });
  }
}

async function podsOf({ cluster, injection, signal }: InjectRequest): Promise<readonly KubeObject[]> {
  const { namespace, selector: labelSelector } = injection.target;
  const { items } = await cluster.list({ apiVersion: "v1", kind: "Pod", namespace, labelSelector }, { signal });
  return items;
}

/** The folder, the data, then the marker: never the marker before the data. */
async function give(
  request: InjectRequest,
  given: { readonly pod: KubeObject; readonly data: InjectionData },
  tell: Tell,
): Promise<void> {
  const { files, injection, marker, signal } = request;
  const { path } = injection.target;
  const compress = injection.compress === true;
  const pod = podName(given.pod);
  const untar = ["tar", "-x", ...(compress ? ["-z"] : []), "-f", "-", "-C", path];
  tell({ stage: "sending", pod, sentBytes: 0 });
  const onBytes = (sentBytes: number): void => tell({ stage: "sending", pod, sentBytes });
  await run(request, given.pod, ["mkdir", "-p", path]);
  await run(request, given.pod, untar, dataTar(files, given.data, { compress, signal, onBytes }));
  await run(request, given.pod, untar, fileTar(marker, markerContent, { compress, signal }));
}

async function run(
  request: InjectRequest,
  pod: KubeObject,
  command: readonly string[],
  stdin?: AsyncIterable<Uint8Array>,
): Promise<void> {
  const { streams, injection, signal } = request;
  const { namespace, container } = injection.target;
  const wanted = {
    namespace,
    pod: pod.metadata.name ?? "",
    container,
    command,
    ...(stdin === undefined ? {} : { stdin }),
  };
  const [program = ""] = command;
  try {
    const { exitCode, stderr } = await streams.exec(wanted, { signal });
    if (exitCode === 0) return;
    throw failed(pod, container, `${program} ended with ${exitCode}`, stderr);
  } catch (error) {
    // The node says it like this when the container does not have the program at all.
    if (!isOperatorError(error, "KUBE_UNAVAILABLE")) throw error;
    throw failed(pod, container, `${program} could not be run there`, error.message, error);
  }
}

function failed(pod: KubeObject, container: string, how: string, said: string, cause?: unknown): OperatorError {
  const object = podName(pod);
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  return new OperatorError(
    "INJECTION_FAILED",
    `the data did not arrive in container ${container} of ${object}: ${how}`,
    {
      where: { object },
      problems: lines.slice(-10).map((message) => ({ message })),
      next: ["check that the image of the container has mkdir and tar, and that its volume has room"],
      retry: "later",
      ...(cause === undefined ? {} : { cause }),
    },
  );
}

function late(
  code: "INJECTION_NO_TARGET" | "INJECTION_NOT_READY",
  { injection }: InjectRequest,
  reason: string,
  limitMs: number,
): OperatorError {
  const { namespace, selector } = injection.target;
  const what = code === "INJECTION_NO_TARGET" ? "no container waits for the data" : "no pod runs with the data";
  return new OperatorError(code, `${what} after ${limitMs / 1000} s: ${reason}`, {
    where: { object: objectName({ apiVersion: "v1", kind: "Pod", namespace, name: selector }) },
    next: [`kubectl -n ${namespace} describe pods -l ${selector}    shows why`],
    retry: "later",
  });
}

function invalid(reason: string): OperatorError {
  return new OperatorError("INJECTION_INVALID", `the data injection cannot be carried out: ${reason}`, {
    next: ["correct the injection's target in the package"],
  });
}

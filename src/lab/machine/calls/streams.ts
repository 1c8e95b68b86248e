import type { MessageInitShape } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { type CallContext, type commonPb, type machinePb, RpcStatus } from "../../../talos/api/index.ts";
import type { Boot } from "../boot.ts";
import type { LoggedEvent } from "../event-log.ts";
import { PushQueue } from "../queue.ts";

type Data = MessageInitShape<typeof commonPb.DataSchema>;
type WireEvent = MessageInitShape<typeof machinePb.EventSchema>;

/** The hello, what was asked of the past, then what happens; ends with OK when the API stops. */
export async function* events(
  boot: Boot,
  request: machinePb.EventsRequest,
  { signal }: CallContext,
): AsyncGenerator<WireEvent> {
  const queue = new PushQueue<LoggedEvent>(AbortSignal.any([signal, boot.apiStopping]));
  const past = boot.events.past(request);
  const unlisten = boot.events.listen(queue.push);
  try {
    yield { data: {}, id: boot.events.helloId() };
    const wanted = ({ actorId }: LoggedEvent) => request.withActorId === "" || actorId === request.withActorId;
    for (const event of past.filter(wanted)) yield toWire(event);
    for await (const event of queue) if (wanted(event)) yield toWire(event);
  } finally {
    unlisten();
  }
}

function toWire({ id, typeUrl, value, actorId }: LoggedEvent): WireEvent {
  return { id, actorId, data: { typeUrl, value } };
}

export async function* logs(
  boot: Boot,
  { namespace, id, follow, tailLines }: machinePb.LogsRequest,
  { signal }: CallContext,
): AsyncGenerator<Data> {
  if (namespace === "") throw new RpcStatus(status.INVALID_ARGUMENT, "namespace can't be empty");
  // Talos opens the log of a service when it starts the service.
  const lines = boot.logs.lines(id) ?? (boot.services.get(id) === undefined ? undefined : []);
  if (lines === undefined || id === "kernel")
    throw new RpcStatus(status.UNKNOWN, `log ${JSON.stringify(id)} was not registered`);
  const queue = new PushQueue<string>(AbortSignal.any([signal, boot.apiStopping]));
  const unlisten = follow ? boot.logs.listen(id, queue.push) : () => undefined;
  try {
    const past = tailLines < 0 ? lines : lines.slice(lines.length - Math.min(tailLines, lines.length));
    if (past.length > 0) yield { bytes: Buffer.from(`${past.join("\n")}\n`) };
    if (!follow) return;
    for await (const line of queue) yield { bytes: Buffer.from(`${line}\n`) };
  } finally {
    unlisten();
  }
}

export async function* dmesg(
  boot: Boot,
  { follow, tail }: machinePb.DmesgRequest,
  { signal }: CallContext,
): AsyncGenerator<Data> {
  const queue = new PushQueue<string>(AbortSignal.any([signal, boot.apiStopping]));
  const unlisten = follow ? boot.logs.listen("kernel", queue.push) : () => undefined;
  try {
    if (!tail) for (const line of boot.logs.lines("kernel") ?? []) yield { bytes: Buffer.from(`${line}\n`) };
    if (!follow) return;
    for await (const line of queue) yield { bytes: Buffer.from(`${line}\n`) };
  } finally {
    unlisten();
  }
}

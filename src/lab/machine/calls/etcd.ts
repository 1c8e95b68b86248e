import type { MessageInitShape } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { type CallContext, type commonPb, type machinePb, RpcStatus } from "../../../talos/api/index.ts";
import type { Boot } from "../boot.ts";
import { neverAnswers } from "./hang.ts";

type Data = MessageInitShape<typeof commonPb.DataSchema>;

const RETRY_MS = 500;
/** Talos sends a snapshot in pieces of this size. */
const PIECE_BYTES = 1024;

/** @throws RpcStatus UNIMPLEMENTED on a worker and in maintenance */
export function onlyOnControlPlanes(boot: Boot, what: string): void {
  if (boot.role !== "controlplane")
    throw new RpcStatus(status.UNIMPLEMENTED, `${what} is only available on control plane nodes`);
}

/** Answers once etcd does; until then the call hangs, as on a real node. */
export async function etcdMemberList(
  boot: Boot,
  { signal }: CallContext,
): Promise<MessageInitShape<typeof machinePb.EtcdMemberListResponseSchema>> {
  onlyOnControlPlanes(boot, "member list");
  const members = await onceEtcdAnswers(boot, signal, () => boot.ports.options.interior.etcdMembers());
  return {
    messages: [
      {
        legacyMembers: members.map(({ hostname }) => hostname),
        members: members.map((member) => ({
          ...member,
          peerUrls: [...member.peerUrls],
          clientUrls: [...member.clientUrls],
        })),
      },
    ],
  };
}

export async function* etcdSnapshot(boot: Boot, { signal }: CallContext): AsyncGenerator<Data> {
  onlyOnControlPlanes(boot, "etcd snapshot");
  const { stream, first } = await onceEtcdAnswers(boot, signal, async () => {
    const opened = boot.ports.options.interior.etcdSnapshot({ signal })[Symbol.asyncIterator]();
    return { stream: opened, first: await opened.next() };
  });
  let rest: Uint8Array = Buffer.alloc(0);
  for (let next = first; next.done !== true; next = await stream.next()) {
    rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value]);
    let sent = 0;
    for (; sent + PIECE_BYTES <= rest.length; sent += PIECE_BYTES)
      yield { bytes: rest.subarray(sent, sent + PIECE_BYTES) };
    rest = rest.subarray(sent);
  }
  if (rest.length > 0) yield { bytes: rest };
}

export async function etcdRecover(
  boot: Boot,
  pieces: AsyncIterable<commonPb.Data>,
  { signal }: CallContext,
): Promise<MessageInitShape<typeof machinePb.EtcdRecoverResponseSchema>> {
  onlyOnControlPlanes(boot, "etcd recover");
  const bytes = async function* () {
    for await (const piece of pieces) yield piece.bytes;
  };
  try {
    await boot.ports.options.interior.etcdRecover(bytes(), { signal });
  } catch (error) {
    if (error instanceof Error && "kind" in error && error.kind === "not-mounted")
      throw new RpcStatus(status.FAILED_PRECONDITION, "etcd service is not ready for recovery yet");
    throw error;
  }
  return { messages: [{}] };
}

export async function etcdLeaveCluster(
  boot: Boot,
  { signal }: CallContext,
): Promise<MessageInitShape<typeof machinePb.EtcdLeaveClusterResponseSchema>> {
  onlyOnControlPlanes(boot, "etcd leave");
  try {
    await boot.ports.options.interior.leaveEtcd({ signal: AbortSignal.any([signal, boot.signal]) });
  } catch (error) {
    throw new Error(`failed to leave cluster: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { messages: [{}] };
}

async function onceEtcdAnswers<T>(boot: Boot, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    const answer = await ask().then(
      (value) => ({ value }),
      () => undefined,
    );
    if (answer !== undefined) return answer.value;
    if (signal.aborted) await neverAnswers(signal);
    await boot.ports.options.clock.sleep(RETRY_MS, { signal });
  }
}

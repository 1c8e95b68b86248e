import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { ClusterAccess } from "../../src/kube/index.ts";
import { testAuthority } from "./authority.ts";

/** The other end of a stream, as an API server and a kubelet behave together. */
export interface ServerStream {
  readonly url: URL;
  readonly socket: Socket;
  /** Messages of the client, joined where they came in pieces; ends when it hangs up. */
  readonly received: AsyncIterable<{ readonly opcode: number; readonly payload: Buffer }>;
  readonly send: (channel: number, payload: Uint8Array | string) => void;
  readonly frame: (opcode: number, payload: Uint8Array, options?: { readonly isFinal?: boolean }) => void;
  readonly end: () => void;
}

export interface StreamServer {
  readonly access: ClusterAccess;
  /** What was asked, path with query. */
  readonly requests: readonly string[];
  /** Streams that are open now. */
  readonly open: ReadonlySet<Socket>;
  readonly close: () => Promise<void>;
}

/** A server that takes streams over TLS; `answer` plays what is behind them, or gives an HTTP answer instead. */
export async function startStreamServer(behaviour: {
  readonly protocol?: string;
  readonly refuse?: (url: URL) => { readonly status: number; readonly body: unknown } | undefined;
  readonly answer: (stream: ServerStream) => Promise<void>;
}): Promise<StreamServer> {
  const authority = testAuthority();
  const open = new Set<Socket>();
  const requests: string[] = [];
  const server = createServer(authority.server());
  server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    requests.push(request.url ?? "");
    const url = new URL(request.url ?? "/", "https://server");
    const refused = behaviour.refuse?.(url);
    socket.on("error", () => undefined);
    if (refused !== undefined) {
      const body = JSON.stringify(refused.body);
      socket.end(
        `HTTP/1.1 ${refused.status} No\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
      );
      return;
    }
    const key = String(request.headers["sec-websocket-key"]);
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    const offered = String(request.headers["sec-websocket-protocol"]).split(", ");
    const protocol = behaviour.protocol ?? offered[0] ?? "";
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ${accept}\r\nsec-websocket-protocol: ${protocol}\r\n\r\n`,
    );
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    behaviour.answer(streamOf(url, socket)).catch((error: unknown) => socket.destroy(error as Error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    access: { server: `https://127.0.0.1:${port}`, ca: authority.ca, token: "t" },
    requests,
    open,
    close: async () => {
      for (const socket of open) socket.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function streamOf(url: URL, socket: Socket): ServerStream {
  const frame: ServerStream["frame"] = (opcode, payload, { isFinal = true } = {}) => {
    const { length } = payload;
    const head = length < 126 ? Buffer.alloc(2) : length < 65_536 ? Buffer.alloc(4) : Buffer.alloc(10);
    head[0] = (isFinal ? 0x80 : 0) | opcode;
    head[1] = length < 126 ? length : length < 65_536 ? 126 : 127;
    if (head.length === 4) head.writeUInt16BE(length, 2);
    if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
    if (socket.writable) socket.write(Buffer.concat([head, payload]));
  };
  return {
    url,
    socket,
    received: received(socket),
    frame,
    send: (channel, payload) => frame(2, Buffer.concat([Buffer.of(channel), Buffer.from(payload)])),
    end: () => {
      frame(8, Buffer.of(3, 232));
      socket.end();
    },
  };
}

async function* received(socket: Socket): AsyncGenerator<{ readonly opcode: number; readonly payload: Buffer }> {
  let pending: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
      pending = Buffer.concat([pending, chunk as Buffer]);
      for (let frame = maskedFrame(pending); frame !== undefined; frame = maskedFrame(pending)) {
        pending = pending.subarray(frame.bytes);
        yield frame;
      }
    }
  } catch {
    // The client hung up.
  }
}

function maskedFrame(buffer: Buffer): { opcode: number; payload: Buffer; bytes: number } | undefined {
  if (buffer.length < 2) return undefined;
  const short = (buffer[1] ?? 0) & 0x7f;
  if (((buffer[1] ?? 0) & 0x80) === 0) throw new Error("a client's frame without a mask");
  const head = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (buffer.length < head + 4) return undefined;
  const length = head === 2 ? short : head === 4 ? buffer.readUInt16BE(2) : Number(buffer.readBigUInt64BE(2));
  const bytes = head + 4 + length;
  if (buffer.length < bytes) return undefined;
  const mask = buffer.subarray(head, head + 4);
  const payload = Buffer.from(buffer.subarray(head + 4, bytes));
  for (let at = 0; at < payload.length; at++) payload[at] = (payload[at] ?? 0) ^ (mask[at & 3] ?? 0);
  return { opcode: (buffer[0] ?? 0) & 0x0f, payload, bytes };
}

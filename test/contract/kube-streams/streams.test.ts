import { getEventListeners, once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { connectStreams, type KubeObject } from "../../../src/kube/index.ts";
import { openWebSocket } from "../../../src/kube/streams/web-socket.ts";
import { type ServerStream, type StreamServer, startStreamServer } from "../../support/kube-streams.ts";

const { signal } = new AbortController();
const open: { close: () => Promise<unknown> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function serverWith(behaviour: Parameters<typeof startStreamServer>[0]): Promise<StreamServer> {
  const server = await startStreamServer(behaviour);
  open.push(server);
  return server;
}

/** Streams over a cluster of these objects. */
function streamsTo(server: StreamServer, objects: readonly KubeObject[] = []) {
  return connectStreams(server.access, {
    server: server.access.server,
    get: async ({ kind, name }) => {
      const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
      if (found === undefined) throw new Error(`no ${kind}/${name}`);
      return found;
    },
    list: async ({ kind }) => ({ items: objects.filter((object) => object.kind === kind), resourceVersion: "1" }),
  });
}

/** Whether it ended well or not. */
const closed = (socket: Socket) => new Promise((resolve) => socket.once("close", resolve));
const status = (value: object): string => JSON.stringify({ kind: "Status", apiVersion: "v1", metadata: {}, ...value });
const success = status({ status: "Success" });
const pod = { namespace: "demo", pod: "web", command: ["true"] };

/** What a shell would do with its input, once it is closed. */
async function inputOf(stream: ServerStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const { payload } of stream.received) {
    if (payload[0] === 255 && payload[1] === 0) break;
    if (payload[0] === 0) chunks.push(payload.subarray(1));
  }
  return Buffer.concat(chunks);
}

describe("exec()", () => {
  it("asks for the command word by word and gives what it says with its exit code", async () => {
    const server = await serverWith({
      answer: async (stream) => {
        for (const channel of [1, 2]) stream.send(channel, "");
        stream.send(1, "out");
        stream.send(2, "err");
        stream.send(1, "put");
        stream.send(
          3,
          status({
            status: "Failure",
            reason: "NonZeroExitCode",
            details: { causes: [{ reason: "ExitCode", message: "7" }] },
          }),
        );
        stream.end();
      },
    });

    const outcome = await streamsTo(server).exec(
      { ...pod, container: "main", command: ["sh", "-c", "echo a&b"] },
      { signal },
    );

    expect(outcome).toEqual({ exitCode: 7, stdout: "output", stderr: "err" });
    const url = new URL(server.requests[0] ?? "", server.access.server);
    expect(url.pathname).toBe("/api/v1/namespaces/demo/pods/web/exec");
    expect(url.searchParams.getAll("command")).toEqual(["sh", "-c", "echo a&b"]);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ container: "main", stdout: "true", stderr: "true" });
    expect(url.searchParams.has("stdin")).toBe(false);
  });

  it("gives all of the input, then closes it", async () => {
    const sent = Buffer.alloc(3_000_000, "every byte of it ");
    let took: Buffer = Buffer.alloc(0);
    const server = await serverWith({
      answer: async (stream) => {
        took = await inputOf(stream);
        stream.send(3, success);
        stream.end();
      },
    });

    const { exitCode } = await streamsTo(server).exec(
      {
        ...pod,
        stdin: (async function* () {
          yield* [sent.subarray(0, 10), sent.subarray(10)];
        })(),
      },
      { signal },
    );

    expect(exitCode).toBe(0);
    expect(took.equals(sent)).toBe(true);
  });

  it("does not read input faster than the server takes it", async () => {
    let isTaking = false;
    let made = 0;
    const server = await serverWith({
      answer: async (stream) => {
        stream.socket.pause();
        await new Promise((resolve) => setTimeout(resolve, 200));
        isTaking = true;
        await inputOf(stream);
        stream.send(3, success);
        stream.end();
      },
    });
    let madeBefore = 0;
    const chunk = new Uint8Array(256 * 1024);

    await streamsTo(server).exec(
      {
        ...pod,
        stdin: (async function* () {
          for (; made < 256; made++) {
            if (!isTaking) madeBefore = made;
            yield chunk;
          }
        })(),
      },
      { signal },
    );

    expect(made).toBe(256);
    expect(madeBefore).toBeLessThan(200);
  });

  it("ends when the command ends, whatever input is left", async () => {
    const server = await serverWith({
      answer: async (stream) => {
        stream.send(3, success);
        stream.end();
      },
    });

    const { exitCode } = await streamsTo(server).exec(
      { ...pod, stdin: { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) } },
      { signal },
    );

    expect(exitCode).toBe(0);
  });

  it("fails with the error of its input", async () => {
    const server = await serverWith({ answer: async (stream) => void (await inputOf(stream)) });
    const error = new Error("the stick was pulled out");

    const run = streamsTo(server).exec(
      {
        ...pod,
        // biome-ignore lint/correctness/useYield: it fails before its first byte
        stdin: (async function* (): AsyncGenerator<Uint8Array> {
          throw error;
        })(),
      },
      { signal },
    );

    await expect(run).rejects.toBe(error);
  });

  it("ends with the signal's reason, and leaves neither listener nor connection", async () => {
    const begun = Promise.withResolvers<void>();
    const server = await serverWith({
      answer: async () => {
        begun.resolve();
        await new Promise(() => undefined);
      },
    });
    const stop = new AbortController();
    const reason = new Error("interrupted");

    const run = streamsTo(server).exec(pod, { signal: stop.signal });
    await begun.promise;
    stop.abort(reason);

    await expect(run).rejects.toBe(reason);
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
    await Promise.all([...server.open].map(closed));
  });

  it.each([
    [404, "NotFound", "KUBE_NOT_FOUND"],
    [403, "Forbidden", "KUBE_FORBIDDEN"],
    [400, "BadRequest", "KUBE_INVALID"],
    [500, "InternalError", "KUBE_UNAVAILABLE"],
  ])("translates the server's %i %s", async (httpStatus, reason, code) => {
    const server = await serverWith({
      refuse: () => ({ status: httpStatus, body: JSON.parse(status({ reason, message: "because" })) }),
      answer: async () => undefined,
    });

    await expect(streamsTo(server).exec(pod, { signal })).rejects.toMatchObject({
      code,
      message: expect.stringContaining("Pod/demo/web") as string,
    });
  });

  it("says when the stream ends before the command", async () => {
    const server = await serverWith({ answer: async (stream) => stream.end() });

    await expect(streamsTo(server).exec(pod, { signal })).rejects.toMatchObject({ code: "KUBE_STREAM_BROKEN" });
  });

  it("says when the connection is cut in the middle", async () => {
    const server = await serverWith({
      answer: async (stream) => {
        stream.send(1, "half");
        stream.socket.destroy();
      },
    });

    const run = streamsTo(server).exec(pod, { signal });

    await expect(run).rejects.toMatchObject({
      code: expect.stringMatching(/KUBE_(STREAM_BROKEN|UNREACHABLE)/) as string,
    });
  });

  it("refuses a server that chooses another protocol", async () => {
    const server = await serverWith({ protocol: "channel.k8s.io", answer: async () => undefined });

    await expect(streamsTo(server).exec(pod, { signal })).rejects.toMatchObject({ code: "KUBE_ANSWER_INVALID" });
  });

  it("reads messages in pieces and answers pings in between", async () => {
    let pong = "";
    const server = await serverWith({
      answer: async (stream) => {
        stream.frame(2, Buffer.from("\u0001one "), { isFinal: false });
        stream.frame(9, Buffer.from("alive?"));
        stream.frame(0, Buffer.from("message"));
        for await (const { opcode, payload } of stream.received) {
          if (opcode === 10) pong = payload.toString();
          break;
        }
        stream.send(3, success);
        stream.end();
      },
    });

    expect((await streamsTo(server).exec(pod, { signal })).stdout).toBe("one message");
    expect(pong).toBe("alive?");
  });
});

describe("openWebSocket()", () => {
  const wanted = { path: "/x", protocols: ["p"], doing: { verb: "reach", object: "Pod/demo/web" } };

  it("gives up a server from which nothing comes any more", async () => {
    const server = await serverWith({ answer: () => new Promise(() => undefined) });
    const keepAlive = { pingMs: 10, silenceMs: 50 };
    const socket = await openWebSocket(server.access, { ...wanted, keepAlive }, { signal });

    const read = (async () => {
      for await (const message of socket.messages) expect.unreachable(message.toString());
    })();

    await expect(read).rejects.toMatchObject({ code: "KUBE_STREAM_BROKEN" });
  });

  it("keeps a quiet server that answers pings", async () => {
    const server = await serverWith({
      answer: async (stream) => {
        let pings = 0;
        for await (const { opcode, payload } of stream.received) {
          if (opcode === 9) stream.frame(10, payload);
          pings += 1;
          if (pings === 20) stream.send(1, "at last");
          if (pings === 20) stream.end();
        }
      },
    });
    const keepAlive = { pingMs: 10, silenceMs: 150 };
    const socket = await openWebSocket(server.access, { ...wanted, keepAlive }, { signal });

    const found = [];
    for await (const message of socket.messages) found.push(message.subarray(1).toString());

    expect(found).toEqual(["at last"]);
  });
});

const webPod = (name: string, value: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "demo", labels: { app: "web" } },
  spec: { containers: [{ name: "web", ports: [{ name: "http", containerPort: 8080 }] }] },
  status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
  ...value,
});
const service = (targetPort: unknown): KubeObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "demo" },
  spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort }] },
});
const toService = { kind: "Service", namespace: "demo", name: "web", port: 80 } as const;
const toPod = { kind: "Pod", namespace: "demo", name: "web", port: 8080 } as const;

/** A pod whose port is a real HTTP server of ours. */
async function podWith(answer: Parameters<typeof createServer>[1]): Promise<(stream: ServerStream) => Promise<void>> {
  const inner = createServer(answer ?? (() => undefined));
  inner.listen(0, "127.0.0.1");
  await once(inner, "listening");
  open.push({
    close: async () => {
      inner.closeAllConnections();
      inner.close();
      await once(inner, "close");
    },
  });
  const { port } = inner.address() as AddressInfo;
  return async (stream) => {
    for (const channel of [0, 1]) stream.send(channel, Buffer.of(port & 0xff, port >> 8));
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => stream.end());
    socket.on("data", (chunk) => stream.send(0, chunk));
    socket.on("end", () => stream.end());
    for await (const { payload } of stream.received) if (payload[0] === 0) socket.write(payload.subarray(1));
    socket.destroy();
  };
}

describe("portForward()", () => {
  it("carries many connections at once, every byte right, both ways", async () => {
    const answer = await podWith((request, response) => {
      void buffer(request).then((body) => response.end(Buffer.from(body).reverse()));
    });
    const server = await serverWith({ answer });
    const forward = await streamsTo(server).portForward(toPod, { signal });
    open.push(forward);

    const bodies = Array.from({ length: 8 }, (_, place) => Buffer.alloc(2_000_000 + place, `body ${place} `));
    const answers = await Promise.all(
      bodies.map(async (body) => {
        const response = await fetch(`http://${forward.host}:${forward.port}/`, { method: "POST", body });
        return Buffer.from(await response.arrayBuffer());
      }),
    );

    expect(answers.every((answer, place) => answer.reverse().equals(bodies[place] ?? Buffer.alloc(0)))).toBe(true);
    expect(server.requests[0]).toBe("/api/v1/namespaces/demo/pods/web/portforward?ports=8080");
    expect(forward.brokenBy()).toBeUndefined();
  });

  it.each([
    [8081, 8081],
    ["http", 8080],
    [undefined, 80],
  ])("goes to the target port %s of a Service's first ready pod", async (targetPort, port) => {
    const server = await serverWith({ answer: async () => undefined });
    const pods = [
      webPod("late", { status: { phase: "Pending" } }),
      webPod("ending", { metadata: { name: "ending", namespace: "demo", deletionTimestamp: "2026-01-01T00:00:00Z" } }),
      webPod("ready"),
    ];

    open.push(await streamsTo(server, [service(targetPort), ...pods]).portForward(toService, { signal }));

    expect(server.requests).toEqual([`/api/v1/namespaces/demo/pods/ready/portforward?ports=${port}`]);
  });

  it.each([
    ["there is no pod", [service(80)]],
    ["none is ready", [service(80), webPod("late", { status: { phase: "Pending" } })]],
    ["the port has no such name", [service("metrics"), webPod("ready")]],
  ])("refuses a Service where %s", async (_, objects) => {
    const server = await serverWith({ answer: async () => undefined });

    const forward = streamsTo(server, objects).portForward(toService, { signal });

    await expect(forward).rejects.toMatchObject({ code: "KUBE_NO_READY_POD" });
  });

  it("refuses at once what the server does not allow", async () => {
    const server = await serverWith({
      refuse: () => ({ status: 403, body: JSON.parse(status({ reason: "Forbidden", message: "no" })) }),
      answer: async () => undefined,
    });

    await expect(streamsTo(server).portForward(toPod, { signal })).rejects.toMatchObject({ code: "KUBE_FORBIDDEN" });
  });

  it("tells why a connection through it broke", async () => {
    const server = await serverWith({
      answer: async (stream) => {
        stream.send(0, Buffer.of(0x90, 0x1f));
        stream.send(1, Buffer.concat([Buffer.of(0x90, 0x1f), Buffer.from("dial tcp: connection refused")]));
        stream.end();
      },
    });
    const forward = await streamsTo(server).portForward(toPod, { signal });
    open.push(forward);

    await expect(fetch(`http://${forward.host}:${forward.port}/`)).rejects.toThrow();

    expect(forward.brokenBy()).toMatchObject({
      code: "KUBE_STREAM_BROKEN",
      message: expect.stringContaining("connection refused") as string,
    });
  });

  it("goes to another pod when the one that it had is gone", async () => {
    let isGone = false;
    const answer = await podWith((_, response) => void response.end("hello"));
    const server = await serverWith({
      refuse: (url) =>
        isGone && url.pathname.includes("/first/")
          ? { status: 404, body: JSON.parse(status({ reason: "NotFound", message: "gone" })) }
          : undefined,
      answer,
    });
    const objects = [service(80), webPod("first"), webPod("second")];
    const forward = await streamsTo(server, objects).portForward(toService, { signal });
    open.push(forward);

    isGone = true;
    objects.splice(1, 1);
    const response = await fetch(`http://${forward.host}:${forward.port}/`);

    expect(await response.text()).toBe("hello");
  });

  it("closes its port, its connections and its streams", async () => {
    const answer = await podWith(() => undefined);
    const server = await serverWith({ answer });
    const stop = new AbortController();
    const forward = await streamsTo(server).portForward(toPod, { signal: stop.signal });
    const socket = connect(forward.port, forward.host);
    await once(socket, "connect");
    socket.on("error", () => undefined);
    const ended = closed(socket);
    socket.write("GET / HTTP/1.1\r\n");

    await forward.close();
    await forward.close();

    await ended;
    await Promise.all([...server.open].map(closed));
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
    const again = connect(forward.port, forward.host);
    await expect(once(again, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});

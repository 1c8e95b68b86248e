import { randomBytes } from "node:crypto";
import { getEventListeners } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createTransport, type Transport } from "../../../src/kube/api/transport.ts";
import { issueAuthority, issueLeaf } from "../../../src/lib/x509/index.ts";

const validity = { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 3_600_000) };
const authority = issueAuthority(
  { ...validity, subject: { commonName: "test" }, key: "p256" },
  { random: randomBytes },
);
const serving = issueLeaf(
  authority,
  {
    ...validity,
    subject: {},
    key: "p256",
    keyUsage: ["digitalSignature"],
    extendedKeyUsage: ["serverAuth"],
    ipAddresses: ["127.0.0.1"],
  },
  { random: randomBytes },
);

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;
let server: Server | undefined;
let transport: Transport | undefined;
afterEach(async () => {
  await transport?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
});

async function open(handler: Handler, timeoutMs = 5_000): Promise<{ transport: Transport; count: () => number }> {
  let count = 0;
  const listening = createServer({ cert: serving.certificatePem, key: serving.keyPem }, (request, response) => {
    count += 1;
    handler(request, response, count);
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const { port } = listening.address() as AddressInfo;
  transport = createTransport(
    { server: `https://127.0.0.1:${port}`, ca: authority.certificatePem, token: "t" },
    { timeoutMs },
  );
  return { transport, count: () => count };
}

const get = { method: "GET", path: "/x", doing: { verb: "get", object: "X" }, isRepeatable: true } as const;
const post = { ...get, method: "POST", body: {}, isRepeatable: false } as const;
const { signal } = new AbortController();

describe("createTransport()", () => {
  it("sends the token and reuses connections for calls in turn", async () => {
    const ports = new Set<number | undefined>();
    const seen: (string | undefined)[] = [];
    const { transport } = await open((request, response) => {
      ports.add(request.socket.remotePort);
      seen.push(request.headers.authorization);
      response.end("{}");
    });

    for (let call = 0; call < 30; call++) await transport.json(get, { signal });

    expect(new Set(seen)).toEqual(new Set(["Bearer t"]));
    // The pool may open a second one while it still puts the first away.
    expect(ports.size).toBeLessThanOrEqual(2);
  });

  it("sends a repeatable request again when the connection breaks, three times at most", async () => {
    const once = await open((request, response, count) =>
      count === 1 ? request.socket.destroy() : response.end('{"ok":true}'),
    );
    expect(await once.transport.json(get, { signal })).toEqual({ ok: true });
    await once.transport.close();

    const never = await open((request) => request.socket.destroy());
    await expect(never.transport.json(get, { signal })).rejects.toMatchObject({ code: "KUBE_UNREACHABLE" });
    expect(never.count()).toBe(3);
  });

  it("sends a request that must not be repeated only once", async () => {
    const { transport, count } = await open((request) => request.socket.destroy());

    await expect(transport.json(post, { signal })).rejects.toMatchObject({ code: "KUBE_UNREACHABLE", retry: "same" });
    expect(count()).toBe(1);
  });

  it("comes again when the server asks for it", async () => {
    const { transport, count } = await open((_request, response, count) =>
      count === 1 ? response.writeHead(429, { "retry-after": "0.01" }).end() : response.end("{}"),
    );

    expect(await transport.json(post, { signal })).toEqual({});
    expect(count()).toBe(2);
  });

  it("tells a deadline from an interrupt, and leaves no listener", async () => {
    const { transport } = await open(() => undefined, 100);
    const controller = new AbortController();

    await expect(transport.json(get, { signal: controller.signal })).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
    });
    const pending = transport.json(get, { signal: controller.signal });
    controller.abort(new Error("stopped"));
    await expect(pending).rejects.toThrow("stopped");
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  it("refuses answers that are not JSON or never end", async () => {
    const page = await open((_request, response) => response.end("<html>"));
    await expect(page.transport.json(get, { signal })).rejects.toMatchObject({ code: "KUBE_ANSWER_INVALID" });
    await page.transport.close();

    const chunk = Buffer.alloc(1 << 20, 32);
    const endless = await open((_request, response) => {
      const more = (): void => {
        if (!response.destroyed) response.write(chunk, more);
      };
      more();
    });
    await expect(endless.transport.json(get, { signal })).rejects.toMatchObject({ code: "KUBE_ANSWER_INVALID" });
  });

  it("says what is wrong with an address where nothing listens", async () => {
    const { transport: open_ } = await open((_request, response) => response.end("{}"));
    await new Promise((resolve) => server?.close(resolve));

    await expect(open_.json(get, { signal })).rejects.toMatchObject({
      code: "KUBE_UNREACHABLE",
      message: expect.stringContaining("nothing listens there"),
    });
  });
});

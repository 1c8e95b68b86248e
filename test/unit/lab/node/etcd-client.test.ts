import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { createEtcdClient, type EtcdClient } from "../../../../src/lab/node/etcd/etcd-client.ts";

const signal = AbortSignal.timeout(10_000);
const blobOf = (text: string) => Buffer.from(text).toString("base64");

/** The JSON gateway of an etcd that answers every call with this body. */
async function withEtcd<T>(
  answer: { readonly status?: number; readonly body: string },
  work: (client: EtcdClient) => Promise<T>,
): Promise<T> {
  const server = createServer((_request, response) => response.writeHead(answer.status ?? 200).end(answer.body));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = createEtcdClient(`http://127.0.0.1:${port}`, { ca: "", cert: "", key: "" });
  try {
    return await work(client);
  } finally {
    await client.close();
    server.close();
  }
}

const read = async (client: EtcdClient) =>
  Buffer.concat(await Array.fromAsync(client.snapshot({ signal }))).toString("utf8");
const lines = (...messages: readonly object[]) => messages.map((message) => `${JSON.stringify(message)}\n`).join("");

describe("createEtcdClient().snapshot()", () => {
  it("joins the pieces until nothing remains", async () => {
    const body = lines(
      { result: { remaining_bytes: "4", blob: blobOf("a data") } },
      { result: { blob: blobOf("base") } },
    );

    await expect(withEtcd({ body }, read)).resolves.toBe("a database");
  });

  it.each([
    ["ends too early", { body: lines({ result: { remaining_bytes: "4", blob: blobOf("a data") } }) }, "broke off"],
    ["has nothing in it", { body: "" }, "broke off"],
    [
      "fails in the middle",
      { body: lines({ result: { remaining_bytes: "4" } }, { error: { code: 14, message: "stopped" } }) },
      "stopped",
    ],
    ["is refused", { status: 503, body: lines({ code: 14, message: "no leader" }) }, "no leader"],
    ["has a line without end", { body: "x".repeat(2 * 1024 * 1024) }, "too long"],
  ])("throws where the stream %s", async (_what, answer, reason) => {
    await expect(withEtcd(answer, read)).rejects.toThrow(reason);
  });
});

describe("createEtcdClient().remove()", () => {
  it("names etcd's own code, by which a caller decides", async () => {
    const answer = { status: 503, body: JSON.stringify({ code: 14, message: "unhealthy cluster" }) };

    const removed = withEtcd(answer, (client) => client.remove(7n, { signal }));

    await expect(removed).rejects.toMatchObject({ code: 14, message: "unhealthy cluster" });
  });
});

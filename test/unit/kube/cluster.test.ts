import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { connectCluster } from "../../../src/kube/index.ts";

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** An API server that knows nodes, and answers this list of them. */
async function listing(items: readonly unknown[]) {
  const kinds = { resources: [{ name: "nodes", kind: "Node", namespaced: false }] };
  server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(request.url === "/api/v1" ? kinds : { metadata: { resourceVersion: "7" }, items }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const cluster = connectCluster({ server: `http://127.0.0.1:${port}`, ca: "", token: "t" });
  try {
    return await cluster.list({ apiVersion: "v1", kind: "Node" }, { signal: AbortSignal.timeout(5_000) });
  } finally {
    await cluster.close();
  }
}

describe("list()", () => {
  it("gives items the kind that a list leaves out", async () => {
    expect((await listing([{ metadata: { name: "cp-1" } }])).items).toEqual([
      { apiVersion: "v1", kind: "Node", metadata: { name: "cp-1" } },
    ]);
  });

  it("refuses an item that is no object, instead of handing it on", async () => {
    await expect(listing([{ status: {} }])).rejects.toMatchObject({ code: "KUBE_ANSWER_INVALID" });
  });
});

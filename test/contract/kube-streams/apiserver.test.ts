import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Cluster,
  connectCluster,
  connectStreams,
  type KubeObject,
  type KubeStreams,
} from "../../../src/kube/index.ts";
import { startApiServer, type TestApiServer } from "../../support/apiserver.ts";
import { type StreamServer, startStreamServer } from "../../support/kube-streams.ts";

const { signal } = new AbortController();
let api: TestApiServer;
let cluster: Cluster;
let streams: KubeStreams;
let kubelet: StreamServer;

beforeAll(async () => {
  api = await startApiServer();
  cluster = connectCluster(api.admin);
  streams = connectStreams(api.admin, cluster);
  // The kubelet's end of a port-forward: it repeats what it gets.
  kubelet = await startStreamServer({
    answer: async (stream) => {
      for (const channel of [0, 1]) stream.send(channel, Buffer.of(0x90, 0x1f));
      for await (const { payload } of stream.received) if (payload[0] === 0) stream.send(0, payload.subarray(1));
    },
  });
  const node: KubeObject = { apiVersion: "v1", kind: "Node", metadata: { name: "w-1" } };
  await cluster.apply(node, { signal });
  await cluster.patchStatus(
    { apiVersion: "v1", kind: "Node", name: "w-1" },
    {
      addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
      daemonEndpoints: { kubeletEndpoint: { Port: Number(new URL(kubelet.access.server).port) } },
    },
    { signal },
  );
  const labels = { app: "web" };
  const account: KubeObject = {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name: "default", namespace: "default" },
  };
  await cluster.apply(account, { signal, force: true });
  for (const [name, spec] of [
    ["web", { nodeName: "w-1" }],
    ["unscheduled", {}],
  ] as const) {
    await cluster.apply(
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace: "default", labels: name === "web" ? labels : {} },
        spec: { ...spec, containers: [{ name: "web", image: "web:1" }] },
      },
      { signal },
    );
  }
  await cluster.patchStatus(
    { apiVersion: "v1", kind: "Pod", namespace: "default", name: "web" },
    { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
    { signal },
  );
  await cluster.apply(
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web", namespace: "default" },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
    { signal },
  );
});
afterAll(async () => {
  await cluster?.close();
  await kubelet?.close();
  await api?.stop();
});

const command = { namespace: "default", command: ["true"] };

describe("streams through kube-apiserver", () => {
  it("reach a pod's port behind a Service", async () => {
    const forward = await streams.portForward(
      { kind: "Service", namespace: "default", name: "web", port: 80 },
      { signal },
    );
    try {
      const socket = connect(forward.port, forward.host);
      socket.write("hello");
      const [answer] = (await once(socket, "data")) as [Buffer];
      socket.destroy();

      expect(answer.toString()).toBe("hello");
      expect(kubelet.requests[0]).toMatch(/^\/portForward\/default\/web\?.*port(s)?=8080/);
    } finally {
      await forward.close();
    }
  });

  it.each([
    ["KUBE_NOT_FOUND", "nobody"],
    ["KUBE_INVALID", "unscheduled"],
  ])("answer %s for the pod %s in the server's words", async (code, pod) => {
    const run = streams.exec({ ...command, pod }, { signal });

    await expect(run).rejects.toMatchObject({ code, message: expect.stringContaining(pod) as string });
  });

  it("are refused to those who may not", async () => {
    const stranger = connectStreams(api.accessFor("stranger"), cluster);

    const run = stranger.exec({ ...command, pod: "web" }, { signal });

    await expect(run).rejects.toMatchObject({
      code: "KUBE_FORBIDDEN",
      message: expect.stringContaining("stranger") as string,
    });
  });

  it("are refused where the certificate is another cluster's", async () => {
    const foreign = connectStreams({ ...api.admin, ca: kubelet.access.ca }, cluster);

    await expect(foreign.exec({ ...command, pod: "web" }, { signal })).rejects.toMatchObject({ code: "KUBE_TLS" });
  });
});

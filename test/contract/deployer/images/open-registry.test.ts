import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import {
  type OpenRegistryRequest,
  openRegistry,
  type RegistryLocation,
} from "../../../../src/deployer/images/index.ts";
import { isNearby, speaksTls } from "../../../../src/deployer/images/probe-scheme.ts";
import type { Cluster, KubeObject, KubeStreams } from "../../../../src/kube/index.ts";
import { testAuthority } from "../../../support/authority.ts";
import { startFakeRegistry } from "../../../support/registry.ts";

const { signal } = new AbortController();
const auth = { username: "zarf-push", password: "not-a-secret" };
const open: { close: () => Promise<unknown> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

async function fake(options: Parameters<typeof startFakeRegistry>[0] = {}) {
  const registry = await startFakeRegistry({ auth: { kind: "basic", ...auth }, ...options });
  registry.addImage("team/app", "1", [Buffer.from("layer")]);
  open.push(registry);
  return registry;
}

const located = (location: Partial<RegistryLocation>): RegistryLocation => ({
  address: "127.0.0.1:31999",
  mode: "external",
  mtlsStrategy: "",
  pushUsername: auth.username,
  pushPassword: auth.password,
  ...location,
});

/** A cluster of these objects, whose ways all lead to one host. */
function clusterOf(objects: readonly KubeObject[], host = "127.0.0.1:9") {
  const asked: unknown[] = [];
  const [address = "", port] = host.split(":");
  const streams: KubeStreams = {
    exec: () => expect.unreachable(),
    portForward: async (target) => {
      asked.push(target);
      return {
        host: address,
        port: Number(port),
        brokenBy: () => undefined,
        close: async () => void asked.push("closed"),
      };
    },
  };
  const cluster = {
    get: async ({ kind, name }: { kind: string; name: string }) => {
      const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
      return found ?? expect.unreachable(`no ${kind} ${name}`);
    },
    list: async ({ kind }: { kind: string }) => ({
      items: objects.filter((object) => object.kind === kind),
      resourceVersion: "1",
    }),
  } as unknown as Cluster;
  return { asked, streams, cluster };
}

async function opened(request: Omit<OpenRegistryRequest, "signal">) {
  const access = await openRegistry({ ...request, signal });
  open.push(access);
  return access;
}

describe("openRegistry()", () => {
  it.each([
    ["http", undefined],
    ["https", testAuthority()],
  ])("finds out that a registry nearby speaks %s", async (_, authority) => {
    const registry = await fake(authority === undefined ? {} : { tls: authority.server() });
    const cluster = clusterOf([]);

    const access = await opened({
      registry: located({ address: registry.host }),
      ...cluster,
      ...(authority === undefined ? {} : { ca: authority.ca }),
    });

    expect(await access.client.headManifest("team/app", "1", { signal })).toMatch(/^sha256:/);
    expect(access.base).toBe(registry.host);
    expect(cluster.asked).toEqual([]);
  });

  it("speaks TLS and nothing else where a CA is named", async () => {
    const registry = await fake();

    const access = await opened({
      registry: located({ address: registry.host }),
      ...clusterOf([]),
      ca: testAuthority().ca,
    });

    await expect(access.client.headManifest("team/app", "1", { signal })).rejects.toMatchObject({
      code: "REGISTRY_UNREACHABLE",
    });
    expect(registry.requests).toEqual([]);
  });

  it.each(["nodeport", "proxy"] as const)("goes through the cluster to its own registry (%s)", async (mode) => {
    const registry = await fake();
    const cluster = clusterOf([], registry.host);

    const access = await opened({ registry: located({ mode }), ...cluster });

    expect(await access.client.headManifest("team/app", "1", { signal })).toMatch(/^sha256:/);
    expect(access.base).toBe("127.0.0.1:31999");
    await access.close();
    expect(cluster.asked).toEqual([
      { kind: "Service", namespace: "zarf", name: "zarf-docker-registry", port: 5000 },
      "closed",
    ]);
  });

  it("shows its certificate where the cluster's own registry wants one", async () => {
    const authority = testAuthority();
    const server = authority.server();
    const registry = await fake({ tls: server });
    const base64 = (pem: string): string => Buffer.from(pem).toString("base64");
    const secret: KubeObject = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "zarf-registry-client-tls", namespace: "zarf" },
      data: { "ca.crt": base64(authority.ca), "tls.crt": base64(server.cert), "tls.key": base64(server.key) },
    };

    const access = await opened({
      registry: located({ mode: "proxy", mtlsStrategy: "zarf-managed" }),
      ...clusterOf([secret], registry.host),
    });

    expect(await access.client.headManifest("team/app", "1", { signal })).toMatch(/^sha256:/);
  });

  it("refuses a Secret without certificates, and never repeats what is in it", async () => {
    const data = { "ca.crt": Buffer.from("hunter2").toString("base64") };
    const secret: KubeObject = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "zarf-registry-client-tls", namespace: "zarf" },
      data,
    };

    const tried = opened({
      registry: located({ mode: "proxy", mtlsStrategy: "zarf-managed" }),
      ...clusterOf([secret]),
    });

    const error: unknown = await tried.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "IMAGE_PUSH_UNTRUSTED" });
    expect(JSON.stringify(error)).not.toContain("hunter2");
  });

  it("finds the Service behind a loopback port and behind a name of the cluster", async () => {
    const registry = await fake();
    const service: KubeObject = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "registry", namespace: "infra" },
      spec: { ports: [{ port: 5000, nodePort: 31500 }] },
    };
    const cluster = clusterOf([service], registry.host);

    await opened({ registry: located({ address: "127.0.0.1:31500/sub" }), ...cluster });
    await opened({ registry: located({ address: "registry.infra.svc.cluster.local:5000" }), ...cluster });

    const target = { kind: "Service", namespace: "infra", name: "registry", port: 5000 };
    expect(cluster.asked).toEqual([target, target]);
  });
});

describe("speaksTls()", () => {
  it("says so when nobody listens", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");

    await expect(speaksTls(`127.0.0.1:${port}`, { signal })).rejects.toMatchObject({ code: "IMAGE_PUSH_UNREACHABLE" });
  });

  it("ends with the signal's reason where somebody listens and says nothing", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const stop = new AbortController();
    const reason = new Error("interrupted");
    server.once("connection", (socket) => {
      open.push({ close: async () => void socket.destroy() });
      stop.abort(reason);
    });
    open.unshift({ close: async () => void server.close() });

    const asked = speaksTls(`127.0.0.1:${(server.address() as AddressInfo).port}`, { signal: stop.signal });

    await expect(asked).rejects.toBe(reason);
  });
});

describe("isNearby()", () => {
  it.each([
    ["localhost:5000", true],
    ["127.0.0.1:31999", true],
    ["[::1]:5000", true],
    ["10.5.0.2:5000", true],
    ["172.16.0.1", true],
    ["192.168.1.1:443", true],
    ["[fd00::1]:5000", true],
    ["8.8.8.8:5000", false],
    ["registry.example:5000", false],
    ["ghcr.io", false],
  ])("of %s is %s", (host, wanted) => {
    expect(isNearby(host)).toBe(wanted);
  });
});

import { getEventListeners } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, connectCluster, type KubeObject, readiness, type WatchEvent } from "../../../src/kube/index.ts";
import { startApiServer, type TestApiServer } from "../../support/apiserver.ts";

let api: TestApiServer;
let cluster: Cluster;
const { signal } = new AbortController();

beforeAll(async () => {
  api = await startApiServer();
  cluster = connectCluster({ kubeconfigYaml: api.kubeconfigYaml });
});
afterAll(async () => {
  await cluster?.close();
  await api?.stop();
});

const configMap = (name: string, data: Record<string, string> = {}, namespace = "default"): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
  data,
});

describe("Cluster against kube-apiserver", () => {
  it("tells version and readiness", async () => {
    expect(await cluster.version({ signal })).toMatch(/^v1\.\d+\.\d+$/);
    expect(await cluster.readyz({ signal })).toEqual({ isReady: true, failing: [] });
  });

  it("applies an object, and applying it again changes nothing", async () => {
    const first = await cluster.apply(configMap("apply", { a: "1" }), { signal });
    const second = await cluster.apply(configMap("apply", { a: "1" }), { signal });

    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect(first.metadata["managedFields"]).toMatchObject([{ manager: "skerry", operation: "Apply" }]);
  });

  it("writes nothing in a dry run", async () => {
    const would = await cluster.apply(configMap("dry", { a: "1" }), { signal, dryRun: true });

    expect(would["data"]).toEqual({ a: "1" });
    await expect(cluster.get({ apiVersion: "v1", kind: "ConfigMap", name: "dry" }, { signal })).rejects.toMatchObject({
      code: "KUBE_NOT_FOUND",
      where: { object: "ConfigMap/default/dry" },
    });
  });

  it("sends objects untouched", async () => {
    const policy: KubeObject = {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "from", namespace: "default" },
      spec: {
        podSelector: {},
        policyTypes: ["Ingress"],
        ingress: [{ from: [{ podSelector: { matchLabels: { app: "web" } } }] }],
      },
    };

    expect((await cluster.apply(policy, { signal }))["spec"]).toEqual(policy["spec"]);
  });

  it("refuses fields that the API does not know, naming them", async () => {
    const typo = { ...configMap("typo"), dataa: { a: "1" } };

    const failure = await cluster.apply(typo, { signal }).catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: "KUBE_INVALID", where: { object: "ConfigMap/default/typo" } });
    expect(String(failure)).toContain("dataa");
  });

  it("lists every cause of a refused object", async () => {
    const pod: KubeObject = {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "bad", namespace: "default" },
      spec: { containers: [{ name: "UPPER", image: "x" }], restartPolicy: "Sometimes" },
    };

    const failure = await cluster.apply(pod, { signal }).catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: "KUBE_INVALID", retry: "never" });
    expect((failure as { problems: { message: string }[] }).problems.map((problem) => problem.message)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^spec\.containers\[0\]\.name: /),
        expect.stringMatching(/^spec\.restartPolicy: /),
      ]),
    );
  });

  it("reports fields that another manager owns, and takes them over only by force", async () => {
    await cluster.create(configMap("owned", { a: "theirs" }), { signal });

    const failure = await cluster.apply(configMap("owned", { a: "ours" }), { signal }).catch((error: unknown) => error);
    const forced = await cluster.apply(configMap("owned", { a: "ours" }), { signal, force: true });

    expect(failure).toMatchObject({
      code: "KUBE_CONFLICT",
      problems: [{ message: expect.stringMatching(/^\.data\.a: .*"skerry"/) }],
    });
    expect(forced["data"]).toEqual({ a: "ours" });
  });

  it("creates once", async () => {
    await cluster.create(configMap("once"), { signal });

    await expect(cluster.create(configMap("once"), { signal })).rejects.toMatchObject({ code: "KUBE_ALREADY_EXISTS" });
  });

  it("tells what it serves, kinds of subresources included", async () => {
    const served = await cluster.apiVersions({ signal });

    expect(served).toEqual(expect.arrayContaining(["v1", "v1/Pod", "apps/v1", "apps/v1/Deployment", "apps/v1/Scale"]));
    expect(new Set(served).size).toBe(served.length);
  });

  it("replaces an object whole, and only the one that was read", async () => {
    const first = await cluster.create(configMap("replaced", { a: "1", b: "1" }), { signal, fieldManager: "someone" });
    const { resourceVersion = "" } = first.metadata;
    const next = configMap("replaced", { a: "2" });
    const guarded = { ...next, metadata: { ...next.metadata, resourceVersion } };

    const replaced = await cluster.replace(guarded, { signal, fieldManager: "someone" });

    expect(replaced["data"]).toEqual({ a: "2" });
    expect(replaced.metadata["managedFields"]).toMatchObject([{ manager: "someone", operation: "Update" }]);
    await expect(cluster.replace(guarded, { signal })).rejects.toMatchObject({ code: "KUBE_CONFLICT", problems: [] });
  });

  it("patches by RFC 7396 and by RFC 6902", async () => {
    await cluster.create(configMap("patched", { a: "1", b: "1" }), { signal });
    const ref = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "patched" };

    const merged = await cluster.patch(ref, { data: { a: "2", b: null } }, { signal, type: "merge" });
    const dry = await cluster.patch(ref, { data: { a: "9" } }, { signal, type: "merge", dryRun: true });
    const patched = await cluster.patch(ref, [{ op: "add", path: "/data/c", value: "3" }], { signal, type: "json" });

    expect([merged["data"], dry["data"], patched["data"]]).toEqual([{ a: "2" }, { a: "9" }, { a: "2", c: "3" }]);
  });

  it("deletes only the very object that was meant", async () => {
    const object = await cluster.create(configMap("guarded"), { signal });
    const ref = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "guarded" };
    const { uid = "" } = object.metadata;

    await expect(cluster.delete(ref, { signal, uid: "11111111-2222-3333-4444-555555555555" })).rejects.toMatchObject({
      code: "KUBE_CONFLICT",
    });
    expect(await cluster.delete(ref, { signal, uid, propagation: "Foreground" })).toBe(true);
  });

  it("names an object that asks for it", async () => {
    const made = await cluster.create(
      { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "made-", namespace: "default" } },
      { signal },
    );

    expect(made.metadata.name).toMatch(/^made-.+/);
  });

  it("patches the status subresource", async () => {
    const node: KubeObject = { apiVersion: "v1", kind: "Node", metadata: { name: "w-1" } };
    await cluster.create(node, { signal });

    const ready = { conditions: [{ type: "Ready", status: "True", reason: "KubeletReady" }] };
    const patched = await cluster.patchStatus({ apiVersion: "v1", kind: "Node", name: "w-1" }, ready, { signal });

    expect(patched["status"]).toMatchObject(ready);
    expect(readiness(patched)).toMatchObject({ status: "current" });
  });

  it("says whether there was something to delete", async () => {
    await cluster.apply(configMap("gone"), { signal });
    const ref = { apiVersion: "v1", kind: "ConfigMap", name: "gone" };

    expect(await cluster.delete(ref, { signal })).toBe(true);
    expect(await cluster.delete(ref, { signal })).toBe(false);
  });

  it("lists beyond one page, with apiVersion and kind on every item", async () => {
    const names = Array.from({ length: 620 }, (_, index) => `many-${index}`);
    await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "many" } }, { signal });
    while (names.length > 0)
      await Promise.all(names.splice(0, 40).map((name) => cluster.create(configMap(name, {}, "many"), { signal })));

    const { items } = await cluster.list({ apiVersion: "v1", kind: "ConfigMap", namespace: "many" }, { signal });

    expect(new Set(items.map((item) => item.metadata.name)).size).toBe(620);
    expect(items[619]).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
  });

  it("knows a kind as soon as its definition is established", async () => {
    const widget: KubeObject = {
      apiVersion: "test.dev/v1",
      kind: "Widget",
      metadata: { name: "one" },
      spec: { any: 1 },
    };
    await expect(cluster.apply(widget, { signal })).rejects.toMatchObject({ code: "KUBE_KIND_UNKNOWN" });

    const schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
    const definition = await cluster.apply(
      {
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        metadata: { name: "widgets.test.dev" },
        spec: {
          group: "test.dev",
          scope: "Namespaced",
          names: { kind: "Widget", plural: "widgets" },
          versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }],
        },
      },
      { signal },
    );
    expect(readiness(definition)).toMatchObject({ status: "inProgress" });
    for await (const event of cluster.watch(
      { apiVersion: definition.apiVersion, kind: definition.kind, fieldSelector: "metadata.name=widgets.test.dev" },
      { signal },
    ))
      if ("object" in event && readiness(event.object).status === "current") break;

    const applied = await applyOnceServed(widget);
    expect(applied).toMatchObject({ metadata: { namespace: "default" }, spec: { any: 1 } });
  });

  /** Established says that names are taken; the server begins to serve them a moment later. */
  async function applyOnceServed(object: KubeObject): Promise<KubeObject> {
    for (;;) {
      try {
        return await cluster.apply(object, { signal: AbortSignal.timeout(20_000) });
      } catch (error) {
        if (!["KUBE_KIND_UNKNOWN", "KUBE_NOT_FOUND"].includes((error as { code: string }).code)) throw error;
      }
    }
  }
});

describe("Cluster with the wrong credentials", () => {
  const list = (other: Cluster) => other.list({ apiVersion: "v1", kind: "Secret" }, { signal });

  it("is forbidden what it has no role for", async () => {
    const other = connectCluster(api.accessFor("nobody"));

    await expect(list(other)).rejects.toMatchObject({ code: "KUBE_FORBIDDEN", where: { object: "Secret" } });
    await other.close();
  });

  it("is unauthorized with a token that the server does not know", async () => {
    const { server, ca } = api.admin;
    const other = connectCluster({ server, ca, token: "not-a-token" });

    const failure = await list(other).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "KUBE_UNAUTHORIZED" });
    expect(String(failure)).not.toContain("not-a-token");
    await other.close();
  });

  it("sends nothing to a server that another authority vouches for", async () => {
    const { ca: _ours, ...access } = api.admin;
    const other = connectCluster({ ...access, ca: access.cert ?? "" });

    await expect(list(other)).rejects.toMatchObject({ code: "KUBE_TLS" });
    await other.close();
  });

  it("checks the server's certificate against the name it is given", async () => {
    const right = connectCluster({ ...api.admin, tlsServerName: "kubernetes.default.svc" });
    const wrong = connectCluster({ ...api.admin, tlsServerName: "another.cluster" });

    expect(await right.version({ signal })).toMatch(/^v1\./);
    await expect(wrong.version({ signal })).rejects.toMatchObject({ code: "KUBE_TLS" });
    await Promise.all([right.close(), wrong.close()]);
  });

  it("never repeats a Secret's value", async () => {
    const secret: KubeObject = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "default" },
      data: { password: "%%hunter2%%" },
    };

    const failure = await cluster.apply(secret, { signal }).catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: expect.stringMatching(/^KUBE_/), where: { object: "Secret/default/s" } });
    expect(JSON.stringify([String(failure), (failure as { problems: unknown }).problems])).not.toContain("hunter2");
  });
});

describe("Cluster.watch() against kube-apiserver", () => {
  /** Reads events until `count` of them concern an object; notes synced and interrupted by their name. */
  function reader(events: AsyncIterable<WatchEvent>) {
    const iterator = events[Symbol.asyncIterator]();
    const next = async (): Promise<string> => {
      const { value } = await iterator.next();
      const event = value as WatchEvent;
      return "object" in event ? `${event.type} ${event.object.metadata.name}` : event.type;
    };
    const nextChange = async (): Promise<string> => {
      for (;;) {
        const told = await next();
        if (told !== "synced" && told !== "interrupted") return told;
      }
    };
    return { next, nextChange, end: () => iterator.return?.() };
  }

  it("tells what exists, says synced, then tells changes in order", async () => {
    await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: "watched" } }, { signal });
    await cluster.apply(configMap("before", {}, "watched"), { signal });
    const events = reader(cluster.watch({ apiVersion: "v1", kind: "ConfigMap", namespace: "watched" }, { signal }));

    const told = [await events.next(), await events.next()];
    await cluster.apply(configMap("after", {}, "watched"), { signal });
    await cluster.apply(configMap("after", { a: "1" }, "watched"), { signal });
    await cluster.delete({ apiVersion: "v1", kind: "ConfigMap", name: "before", namespace: "watched" }, { signal });
    told.push(await events.next(), await events.next(), await events.next());
    await events.end();

    expect(told).toEqual(["added before", "synced", "added after", "modified after", "deleted before"]);
  });

  it("leaves no listener on the signal and ends with its reason", async () => {
    const controller = new AbortController();
    const events = cluster.watch({ apiVersion: "v1", kind: "Namespace" }, { signal: controller.signal });
    for await (const event of events) if (event.type === "synced") break;
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);

    const second = reader(cluster.watch({ apiVersion: "v1", kind: "Namespace" }, { signal: controller.signal }));
    while ((await second.next()) !== "synced");
    const pending = second.next();
    controller.abort(new Error("interrupted by the test"));

    await expect(pending).rejects.toThrow("interrupted by the test");
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  it("tells what happened while the server was away and its history was compacted (410)", async () => {
    await cluster.apply(configMap("stays", {}, "watched"), { signal });
    await cluster.apply(configMap("vanishes", {}, "watched"), { signal });
    const events = reader(cluster.watch({ apiVersion: "v1", kind: "ConfigMap", namespace: "watched" }, { signal }));
    while ((await events.next()) !== "synced");

    await api.stopApiServer();
    expect(await events.next()).toBe("interrupted");
    await etcd("kv/deleterange", { key: base64("/registry/configmaps/watched/vanishes") });
    const { header } = await etcd("kv/put", { key: base64("unrelated"), value: "" });
    await etcd("kv/compaction", { revision: header.revision, physical: true });
    await api.startApiServer();

    expect(await events.nextChange()).toBe("deleted vanishes");
    await cluster.apply(configMap("later", {}, "watched"), { signal });
    expect(await events.nextChange()).toBe("added later");
    await events.end();
  });

  const base64 = (text: string) => Buffer.from(text).toString("base64");
  async function etcd(call: string, body: unknown): Promise<{ header: { revision: string } }> {
    const answer = await fetch(`${api.etcdUrl}/v3/${call}`, { method: "POST", body: JSON.stringify(body) });
    expect(answer.status).toBe(200);
    return (await answer.json()) as { header: { revision: string } };
  }

  it("ends with the refusal when it may not watch", async () => {
    const other = connectCluster(api.accessFor("nobody"));
    const events = reader(other.watch({ apiVersion: "v1", kind: "Secret" }, { signal }));

    await expect(events.next()).rejects.toMatchObject({ code: "KUBE_FORBIDDEN" });
    await other.close();
  });
});

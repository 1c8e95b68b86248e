import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, connectCluster, type KubeObject, readiness } from "../../../src/kube/index.ts";
import { RehearsalApi } from "../../../src/lab/rehearsal/cluster/rehearsal-api.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { startApiServer } from "../../support/apiserver.ts";

const { signal } = new AbortController();

interface Opened {
  readonly cluster: Cluster;
  readonly close: () => Promise<void>;
}

async function real(): Promise<Opened> {
  const api = await startApiServer();
  const cluster = connectCluster({ kubeconfigYaml: api.kubeconfigYaml });
  const close = async () => {
    await cluster.close();
    await api.stop();
  };
  return { cluster, close };
}

async function simulated(): Promise<Opened> {
  const life = new AbortController();
  const yes = () => true;
  const api = new RehearsalApi({
    clock: systemClock,
    version: "v1.36.3",
    isServed: yes,
    hasQuorum: yes,
    hasControllers: yes,
    hasScheduler: yes,
    nodeStatus: () => ({}),
    signal: life.signal,
  });
  const cluster = connectCluster({ server: "https://10.5.0.100:6443", ca: "" }, { exchange: api.exchange });
  return { cluster, close: async () => life.abort(new Error("over")) };
}

const configMap = (name: string, data: Record<string, string>, more: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default", ...more },
  data,
});
const ref = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", namespace: "default", name });

/** What a rehearsal's API claims, asked of kube-apiserver as well. */
describe.each([
  ["kube-apiserver", real],
  ["the API of a rehearsal", simulated],
])("Cluster against %s", (_name, open) => {
  let cluster: Cluster;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ cluster, close } = await open());
  });
  afterAll(async () => {
    await close?.();
  });

  it("tells version and readiness", async () => {
    expect(await cluster.version({ signal })).toMatch(/^v1\.\d+\.\d+$/);
    expect(await cluster.readyz({ signal })).toEqual({ isReady: true, failing: [] });
  });

  it("applies an object, and applying it again changes nothing", async () => {
    const first = await cluster.apply(configMap("apply", { a: "1" }), { signal });
    const second = await cluster.apply(configMap("apply", { a: "1" }), { signal });

    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect(first.metadata["managedFields"]).toMatchObject([
      { manager: "skerry", operation: "Apply", fieldsV1: { "f:data": { "f:a": {} } } },
    ]);
  });

  it("says in a dry run what would be, and writes nothing", async () => {
    const would = await cluster.apply(configMap("dry", { a: "1" }), { signal, dryRun: true });

    expect(would["data"]).toEqual({ a: "1" });
    await expect(cluster.get(ref("dry"), { signal })).rejects.toMatchObject({
      code: "KUBE_NOT_FOUND",
      where: { object: "ConfigMap/default/dry" },
    });
  });

  it("takes away fields that an apply no longer names, and leaves those of others", async () => {
    await cluster.create(configMap("fields", { theirs: "1" }, { labels: { keep: "yes" } }), { signal });
    await cluster.apply(configMap("fields", { ours: "1", gone: "1" }), { signal });

    const { data, metadata } = await cluster.apply(configMap("fields", { ours: "2" }), { signal });

    expect(data).toEqual({ theirs: "1", ours: "2" });
    expect(metadata.labels).toEqual({ keep: "yes" });
  });

  it("creates once", async () => {
    await cluster.create(configMap("once", {}), { signal });

    await expect(cluster.create(configMap("once", {}), { signal })).rejects.toMatchObject({
      code: "KUBE_ALREADY_EXISTS",
    });
  });

  it("creates and applies nothing in a namespace that is not there", async () => {
    const stray = configMap("stray", {}, { namespace: "nowhere" });

    await expect(cluster.create(stray, { signal })).rejects.toMatchObject({ code: "KUBE_NOT_FOUND" });
    await expect(cluster.apply(stray, { signal, dryRun: true })).rejects.toMatchObject({ code: "KUBE_NOT_FOUND" });
    await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "nowhere" } }, { signal });
    expect((await cluster.apply(stray, { signal })).metadata.namespace).toBe("nowhere");
  });

  it("says whether there was something to delete", async () => {
    await cluster.apply(configMap("gone", {}), { signal });

    expect(await cluster.delete(ref("gone"), { signal })).toBe(true);
    expect(await cluster.delete(ref("gone"), { signal })).toBe(false);
  });

  it("selects by label and by field", async () => {
    await cluster.apply(configMap("one", {}, { labels: { app: "a" } }), { signal });
    await cluster.apply(configMap("two", {}, { labels: { app: "b" } }), { signal });
    const kind = { apiVersion: "v1", kind: "ConfigMap", namespace: "default" };
    const names = async (selection: object) =>
      (await cluster.list({ ...kind, ...selection }, { signal })).items.map(({ metadata }) => metadata.name);

    expect(await names({ labelSelector: "app=a" })).toEqual(["one"]);
    expect(await names({ fieldSelector: "metadata.name=two" })).toEqual(["two"]);
    expect(await names({ labelSelector: "app=c" })).toEqual([]);
  });

  it("counts a generation for a new spec and not for a new label", async () => {
    const deployment = (replicas: number, labels: Record<string, string> = {}): KubeObject => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "counted", namespace: "default", labels },
      spec: {
        replicas,
        selector: { matchLabels: { app: "x" } },
        template: { metadata: { labels: { app: "x" } }, spec: { containers: [{ name: "x", image: "x:1" }] } },
      },
    });
    const generation = async (object: KubeObject) => (await cluster.apply(object, { signal })).metadata.generation;

    expect(await generation(deployment(1))).toBe(1);
    expect(await generation(deployment(1, { new: "label" }))).toBe(1);
    expect(await generation(deployment(2, { new: "label" }))).toBe(2);
  });

  it("gives a Service an address, and calls it unchanged when it is applied again", async () => {
    const service: KubeObject = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web", namespace: "default" },
      spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
    };

    const first = await cluster.apply(service, { signal });
    const would = await cluster.apply(service, { signal, dryRun: true });

    expect(readiness(first)).toMatchObject({ status: "current" });
    expect(would["spec"]).toEqual(first["spec"]);
  });

  it("keeps a Secret's stringData as data", async () => {
    const secret: KubeObject = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "said", namespace: "default" },
      stringData: { key: "value" },
    };
    await cluster.create(secret, { signal });

    const found = await cluster.get({ ...ref("said"), kind: "Secret" }, { signal });

    expect(found["data"]).toEqual({ key: Buffer.from("value").toString("base64") });
    expect(found["stringData"]).toBeUndefined();
  });

  it("patches the status subresource", async () => {
    await cluster.create({ apiVersion: "v1", kind: "Node", metadata: { name: "w-1" } }, { signal });
    const ready = { conditions: [{ type: "Ready", status: "True", reason: "KubeletReady" }] };

    const patched = await cluster.patchStatus({ apiVersion: "v1", kind: "Node", name: "w-1" }, ready, { signal });

    expect(readiness(patched)).toMatchObject({ status: "current" });
  });

  it("knows a kind once its definition is established", async () => {
    const widget: KubeObject = {
      apiVersion: "test.dev/v1",
      kind: "Widget",
      metadata: { name: "one", namespace: "default" },
      spec: { any: 1 },
    };
    await expect(cluster.apply(widget, { signal })).rejects.toMatchObject({ code: "KUBE_KIND_UNKNOWN" });
    const definition: KubeObject = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "widgets.test.dev" },
      spec: {
        group: "test.dev",
        scope: "Namespaced",
        names: { kind: "Widget", plural: "widgets", singular: "widget", listKind: "WidgetList" },
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        ],
      },
    };
    await cluster.apply(definition, { signal });

    await expect
      .poll(async () => await cluster.apply(widget, { signal }).catch((error: unknown) => error), { timeout: 30_000 })
      .toMatchObject({ kind: "Widget", spec: { any: 1 } });
  });
});

import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import {
  deployPackage,
  type Package,
  packageReadiness,
  planPackage,
  waitPackageReady,
} from "../../../src/deployer/index.ts";
import { type Cluster, connectCluster, type KubeObject } from "../../../src/kube/index.ts";
import { startApiServer, type TestApiServer } from "../../support/apiserver.ts";
import { buildFolder, openBuilt } from "../../support/package-source.ts";

let api: TestApiServer;
let cluster: Cluster;
const folders: string[] = [];
const { signal } = new AbortController();

beforeAll(async () => {
  api = await startApiServer();
  cluster = connectCluster(api.admin);
});
afterAll(async () => {
  await cluster?.close();
  await api?.stop();
});
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const demo = async () => openBuilt(await buildFolder("bundles/demo/packages/demo"));
const get = (kind: string, name: string, namespace?: string, apiVersion = "v1") =>
  cluster.get({ apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) }, { signal });

interface Record {
  readonly generation: number;
  readonly deployedComponents: readonly { readonly status: string; readonly observedGeneration: number }[];
  readonly [key: string]: unknown;
}
async function recordOf(name: string): Promise<{ readonly secret: KubeObject; readonly value: Record }> {
  const secret = await get("Secret", `zarf-package-${name}`, "zarf");
  const { data } = secret["data"] as { data: string };
  return { secret, value: JSON.parse(Buffer.from(data, "base64").toString()) as Record };
}

/** A package of these manifests, one component per entry. */
async function packageOf(
  name: string,
  components: { readonly [component: string]: readonly object[] },
): Promise<Package> {
  const folder = await mkdtemp(path.join(tmpdir(), "skerry-deploy-"));
  folders.push(folder);
  const written = Object.entries(components).map(([component, objects]) => ({ component, objects }));
  for (const { component, objects } of written)
    await writeFile(path.join(folder, `${component}.yaml`), objects.map((object) => stringify(object)).join("---\n"));
  const definition = {
    kind: "ZarfPackageConfig",
    metadata: { name },
    components: written.map(({ component }) => ({
      name: component,
      required: true,
      manifests: [{ name: component, namespace: name, files: [`${component}.yaml`] }],
      images: ["registry.example/web:1"],
    })),
  };
  await writeFile(path.join(folder, "zarf.yaml"), stringify(definition));
  return openBuilt(await buildFolder(folder));
}
const configMap = (name: string, data: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});

describe("planPackage() and deployPackage() of the demo", () => {
  const variables = { DOMAIN: "windpark-7.example", REPLICAS: "3" };

  it("says what it would do and writes nothing", async () => {
    const plan = await planPackage({ pkg: await demo(), cluster, variables, signal });

    expect(plan).toEqual({
      objects: [
        { object: "Namespace/demo", outcome: "created" },
        { object: "Namespace/zarf", outcome: "created" },
        { object: "Service/demo/web", outcome: "created", provisional: "after Namespace/demo" },
        { object: "Deployment/demo/web", outcome: "created", provisional: "after Namespace/demo" },
      ],
      record: "created",
      isUnchanged: false,
    });
    await expect(get("Namespace", "demo")).rejects.toMatchObject({ code: "KUBE_NOT_FOUND" });
  });

  it("does what it said, with the site's values, and tells it as it goes", async () => {
    const told: string[] = [];
    const outcome = await deployPackage({
      pkg: await demo(),
      cluster,
      variables,
      signal,
      onProgress: ({ object, outcome }) => told.push(`${outcome} ${object}`),
    });

    expect(told).toEqual([
      "created Namespace/demo",
      "created Namespace/zarf",
      "created Service/demo/web",
      "created Deployment/demo/web",
    ]);
    expect(outcome).toMatchObject({ record: "created", isUnchanged: false });
    expect(await get("Deployment", "web", "demo", "apps/v1")).toMatchObject({
      metadata: { labels: { "zarf.dev/package": "demo" } },
      spec: {
        replicas: 3,
        template: { spec: { containers: [{ env: [{ name: "DOMAIN", value: "windpark-7.example" }] }] } },
      },
    });
  });

  it("writes nothing at all when nothing has changed, and says so", async () => {
    const versions = async () => {
      const kinds = [
        ["v1", "Namespace"],
        ["v1", "Secret"],
        ["v1", "Service"],
        ["apps/v1", "Deployment"],
      ] as const;
      const lists = await Promise.all(
        kinds.map(([apiVersion, kind]) => cluster.list({ apiVersion, kind }, { signal })),
      );
      return lists.flatMap(({ items }) =>
        items.map(({ kind, metadata }) => [kind, metadata.name, metadata.resourceVersion]),
      );
    };
    const before = await versions();

    const plan = await planPackage({ pkg: await demo(), cluster, variables, signal });
    const outcome = await deployPackage({ pkg: await demo(), cluster, variables, signal });

    expect(plan.isUnchanged).toBe(true);
    expect(outcome).toEqual(plan);
    expect(await versions()).toEqual(before);
  });

  it("mends what has drifted and what was deleted, and nothing else", async () => {
    await cluster.delete({ apiVersion: "v1", kind: "Service", name: "web", namespace: "demo" }, { signal });
    const pkg = await demo();

    const plan = await planPackage({ pkg, cluster, variables: { ...variables, REPLICAS: "4" }, signal });
    const outcome = await deployPackage({ pkg, cluster, variables: { ...variables, REPLICAS: "4" }, signal });

    expect(plan.objects).toEqual([
      { object: "Service/demo/web", outcome: "created" },
      { object: "Deployment/demo/web", outcome: "configured" },
    ]);
    expect(outcome.objects).toEqual(plan.objects);
    expect(await get("Deployment", "web", "demo", "apps/v1")).toMatchObject({ spec: { replicas: 4 } });
    expect((await recordOf("demo")).value.generation).toBe(2);
  });

  it("stops before it takes over what somebody else changed", async () => {
    const theirs = { ...configMap("ours", { a: "1" }), metadata: { name: "ours", namespace: "taken" } };
    await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "taken" } }, { signal });
    await cluster.create(theirs, { signal });
    const pkg = await packageOf("taken", { one: [configMap("ours", { a: "2" })] });

    await expect(planPackage({ pkg, cluster, signal })).rejects.toMatchObject({ code: "KUBE_CONFLICT" });
    await expect(deployPackage({ pkg, cluster, signal })).rejects.toMatchObject({ code: "KUBE_CONFLICT" });
    expect(await get("ConfigMap", "ours", "taken")).toMatchObject({ data: { a: "1" } });
    await expect(recordOf("taken")).rejects.toMatchObject({ code: "KUBE_NOT_FOUND" });
  });
});

describe("deployPackage() and its record", () => {
  it("brings a kind and its objects in one go", async () => {
    const definition = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "gadgets.test.dev" },
      spec: {
        group: "test.dev",
        scope: "Namespaced",
        names: { kind: "Gadget", plural: "gadgets" },
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
    const gadget = { apiVersion: "test.dev/v1", kind: "Gadget", metadata: { name: "one" }, spec: { a: 1 } };
    const pkg = await packageOf("gadgets", { all: [gadget, definition] });

    const plan = await planPackage({ pkg, cluster, signal });
    await deployPackage({ pkg, cluster, signal });

    expect(plan.objects.at(-1)).toMatchObject({ object: "Gadget/gadgets/one", outcome: "created" });
    expect(await get("Gadget", "one", "gadgets", "test.dev/v1")).toMatchObject({ spec: { a: 1 } });
    expect((await planPackage({ pkg, cluster, signal })).isUnchanged).toBe(true);
  });

  it("records the component that failed, and the next deployment goes on from there", async () => {
    const broken = { ...configMap("two"), dataa: {} };
    const failing = await packageOf("halves", { one: [configMap("one")], two: [configMap("first"), broken] });

    await expect(deployPackage({ pkg: failing, cluster, signal })).rejects.toMatchObject({ code: "KUBE_INVALID" });
    const { value: halfway } = await recordOf("halves");
    const mended = await packageOf("halves", { one: [configMap("one")], two: [configMap("first"), configMap("two")] });
    const outcome = await deployPackage({ pkg: mended, cluster, signal });

    expect(halfway.deployedComponents.map(({ status }) => status)).toEqual(["Succeeded", "Failed"]);
    expect(outcome.objects).toEqual([
      { object: "ConfigMap/halves/one", outcome: "unchanged" },
      { object: "ConfigMap/halves/first", outcome: "unchanged" },
      { object: "ConfigMap/halves/two", outcome: "created" },
    ]);
    expect((await recordOf("halves")).value).toMatchObject({
      generation: 4,
      deployedComponents: [
        { status: "Succeeded", observedGeneration: 3 },
        { status: "Succeeded", observedGeneration: 4 },
      ],
    });
  });

  it("can be interrupted between two objects and goes on the next time", async () => {
    const pkg = await packageOf("stopped", { all: [configMap("a"), configMap("b")] });
    const controller = new AbortController();

    const stopped = deployPackage({
      pkg,
      cluster,
      signal: controller.signal,
      onProgress: ({ object }) => {
        if (object === "ConfigMap/stopped/a") controller.abort(new Error("Ctrl-C"));
      },
    });

    await expect(stopped).rejects.toThrow("Ctrl-C");
    expect((await recordOf("stopped")).value.deployedComponents).toMatchObject([{ status: "Deploying" }]);
    expect((await planPackage({ pkg, cluster, signal })).record).toBe("configured");
    await deployPackage({ pkg, cluster, signal });
    expect((await planPackage({ pkg, cluster, signal })).isUnchanged).toBe(true);
  });
});

describe("deployPackage() held against what Zarf left", () => {
  const recorded = JSON.parse(readFileSync("test/fixtures/zarf/manifests-images/recorded.json", "utf8")) as {
    objects: { [key: string]: { [key: string]: unknown; metadata: { [key: string]: unknown } } };
    record: { labels: object; data: { data: { [key: string]: unknown }; [key: string]: unknown } };
  };

  it("leaves the same objects and the same record", async () => {
    const pkg = await openBuilt(await buildFolder("test/fixtures/zarf/manifests-images/src"));
    await deployPackage({ pkg, cluster, signal });
    expect((await planPackage({ pkg, cluster, signal })).isUnchanged).toBe(true);

    for (const [key, zarfs] of Object.entries(recorded.objects)) {
      if (zarfs["kind"] === "Namespace" && zarfs.metadata["name"] !== "web" && zarfs.metadata["name"] !== "zarf")
        continue;
      const { name, namespace, labels, annotations } = zarfs.metadata as KubeObject["metadata"];
      const ours = await get(String(zarfs["kind"]), name ?? "", namespace, String(zarfs["apiVersion"]));
      const { "deployment.kubernetes.io/revision": _ofController, ...kept } = annotations ?? {};
      expect([key, ours.metadata.labels, ours.metadata.annotations ?? {}]).toEqual([key, labels, kept]);
      expect([key, ours["spec"], ours["data"]]).toMatchObject([key, zarfs["spec"], zarfs["data"]]);
    }

    const { secret, value } = await recordOf("manifests-images");
    // Differences with reasons: who made the package and when, whose program deployed it, the digest of what we published.
    const { build: zarfBuild, metadata: zarfMetadata, ...zarfDefinition } = recorded.record.data.data;
    const { build, metadata, ...definition } = value["data"] as { [key: string]: unknown };
    const { data: _zarfData, digest: _zarfDigest, cliVersion: _zarfVersion, ...zarfRest } = recorded.record.data;
    const { data: _data, digest: _digest, cliVersion: _version, ...rest } = value;
    expect(secret.metadata.labels).toEqual(recorded.record.labels);
    expect(definition).toEqual(zarfDefinition);
    expect(rest).toEqual(zarfRest);
    expect({ ...(metadata as object), aggregateChecksum: "" }).toEqual({
      ...(zarfMetadata as object),
      aggregateChecksum: "",
    });
    expect(Object.keys(build as object)).toEqual(
      Object.keys(zarfBuild as object).filter((key) => key !== "migrations" && key !== "registryOverrides"),
    );
  });
});

describe("waitPackageReady()", () => {
  const web = (name: string) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { containers: [{ name: "web", image: "registry.example/web:1" }] },
      },
    },
  });
  const status = (namespace: string, name: string, value: object) =>
    cluster.patchStatus({ apiVersion: "apps/v1", kind: "Deployment", namespace, name }, value, { signal });
  const available = { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 };

  it("waits until Deployments are available, telling the last reason", async () => {
    const pkg = await packageOf("waiting", { all: [web("a"), configMap("c")] });
    await deployPackage({ pkg, cluster, signal });
    const told: string[] = [];

    const done = waitPackageReady({
      pkg,
      cluster,
      signal,
      intervalMs: 10,
      onProgress: ({ object, message }) => {
        told.push(`${object}: ${message}`);
        if (told.length === 2) void status("waiting", "a", available);
      },
    });

    await done;
    expect(told).toEqual([
      "ConfigMap/waiting/c: there",
      "Deployment/waiting/a: its controller has not seen the latest spec yet",
      "Deployment/waiting/a: 1 of 1 replicas are available",
    ]);
    expect(await packageReadiness({ pkg, cluster, signal })).toMatchObject({ state: "ready", reason: "" });
  });

  it("names every late object with its last reason, down to the Pod's", async () => {
    const pkg = await packageOf("late", { all: [web("a"), web("b")] });
    await deployPackage({ pkg, cluster, signal });
    const pod = { apiVersion: "v1", kind: "Pod", name: "a-1", namespace: "late" };
    await cluster.create(
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "a-1", namespace: "late", labels: { app: "a" } },
        spec: { containers: [{ name: "web", image: "registry.example/web:1" }] },
      },
      { signal },
    );
    const waiting = { reason: "ImagePullBackOff", message: "no such image" };
    await cluster.patchStatus(
      pod,
      {
        containerStatuses: [{ name: "web", image: "", imageID: "", ready: false, restartCount: 0, state: { waiting } }],
      },
      { signal },
    );

    await expect(waitPackageReady({ pkg, cluster, signal, deadlineMs: 300, intervalMs: 20 })).rejects.toMatchObject({
      code: "PACKAGE_NOT_READY",
      problems: [
        { message: expect.stringContaining("Pod/late/a-1: web: ImagePullBackOff: no such image") },
        { message: expect.stringContaining("Deployment/late/b") },
      ],
    });
  });

  it("ends at once when waiting does not help", async () => {
    const pkg = await packageOf("hopeless", { all: [web("a")] });
    await deployPackage({ pkg, cluster, signal });
    const conditions = [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "late" }];
    await status("hopeless", "a", { observedGeneration: 1, conditions });

    await expect(waitPackageReady({ pkg, cluster, signal })).rejects.toMatchObject({ code: "PACKAGE_NOT_READY" });
  });

  it("is ended by its signal", async () => {
    const pkg = await packageOf("ended", { all: [web("a")] });
    const controller = new AbortController();
    const waiting = waitPackageReady({
      pkg,
      cluster,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("Ctrl-C")),
    });

    await expect(waiting).rejects.toThrow("Ctrl-C");
  });
});

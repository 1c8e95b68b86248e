import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRelease, releaseHistory } from "../../../src/deployer/charts/releases/index.ts";
import { type Cluster, connectCluster, type KubeObject, record, records } from "../../../src/kube/index.ts";
import { startApiServer, type TestApiServer } from "../../support/apiserver.ts";
import {
  configMap,
  dataOf,
  fakeEngine,
  rawChart,
  releaseDesk,
  renderedChart,
  signal,
} from "../../support/release-desk.ts";

let api: TestApiServer;
let cluster: Cluster;
let count = 0;

beforeAll(async () => {
  api = await startApiServer();
  cluster = connectCluster({ kubeconfigYaml: api.kubeconfigYaml });
}, 120_000);
afterAll(async () => {
  await cluster?.close();
  await api?.stop();
});

async function namespace(): Promise<string> {
  const name = `ways-${++count}`;
  await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } }, { signal });
  return name;
}

const definition = (plural: string, kind: string): KubeObject => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.ways.dev` },
  spec: {
    group: "ways.dev",
    scope: "Namespaced",
    names: { plural, singular: plural.slice(0, -1), kind, listKind: `${kind}List` },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
});

describe("deployRelease() with definitions", () => {
  it("applies objects of a kind that the same release defines, in one go", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    const gadget = { apiVersion: "ways.dev/v1", kind: "Gadget", metadata: { name: "g" }, spec: { any: 1 } };

    const plan = await desk.plan([gadget, definition("gadgets", "Gadget")]);
    const done = await desk.deploy([gadget, definition("gadgets", "Gadget")]);

    expect(plan.objects.at(-1)).toMatchObject({
      outcome: "created",
      provisional: "after its CustomResourceDefinition",
    });
    expect(done.objects.map(({ object }) => object)).toEqual([
      "CustomResourceDefinition/gadgets.ways.dev",
      `Gadget/${ns}/g`,
    ]);
    expect(await desk.find("ways.dev/v1", "Gadget", "g")).toBeDefined();
    expect(await desk.deploy([gadget, definition("gadgets", "Gadget")])).toMatchObject({ outcome: "unchanged" });
  });

  it("installs the definitions of crds/ first, once, and renders as if they were served", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    const seen: boolean[] = [];
    const engine = fakeEngine(async ({ capabilities }) => {
      const known = [...(capabilities?.apiVersions ?? []), ...(capabilities?.extraApiVersions ?? [])];
      const isServed = known.includes("ways.dev/v1/Sprocket");
      seen.push(isServed);
      const sprocket = { apiVersion: "ways.dev/v1", kind: "Sprocket", metadata: { name: "s" } };
      return renderedChart(isServed ? [sprocket] : [], {
        crds: [{ name: "web/crds/sprockets.yaml", text: JSON.stringify(definition("sprockets", "Sprocket")) }],
      });
    });
    const chart = { chart: { files: new Map() }, values: {} };

    const first = await desk.deploy(chart, { engine });
    const again = await desk.deploy(chart, { engine });

    expect(seen).toEqual([false, true, true]);
    expect(first.objects).toEqual([{ object: `Sprocket/${ns}/s`, outcome: "created" }]);
    expect(again.outcome).toBe("unchanged");
    await desk.uninstall();
    const crd = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name: "sprockets.ways.dev" };
    await expect(cluster.get(crd, { signal })).resolves.toBeDefined();
  });

  it("shows a chart what the cluster serves and holds", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await cluster.create({ ...configMap("seen"), metadata: { name: "seen", namespace: ns } }, { signal });
    const engine = fakeEngine(async ({ capabilities, lookup, release }, call) => {
      const ask = async (apiVersion: string, kind: string, name: string) =>
        JSON.stringify((await lookup?.({ apiVersion, kind, namespace: ns, name }, call)) ?? {});
      return renderedChart([
        configMap("answers", {
          kube: capabilities?.kubeVersion ?? "",
          served: String(
            ["v1", "apps/v1", "apps/v1/Deployment", "v1/Pod"].every((one) => capabilities?.apiVersions?.includes(one)),
          ),
          one: String((await ask("v1", "ConfigMap", "seen")).includes('"v":"1"')),
          list: String((await ask("v1", "ConfigMap", "")).includes('"kind":"ConfigMapList"')),
          missing: await ask("v1", "ConfigMap", "nobody"),
          unknown: await ask("nobody.dev/v1", "Nothing", "x"),
          release: `${release.name} ${release.revision} ${String(release.isInstall)} ${String(release.isUpgrade)}`,
        }),
      ]);
    });

    await desk.deploy({ chart: { files: new Map() }, values: {} }, { engine });

    expect(dataOf(await desk.find("v1", "ConfigMap", "answers"))).toEqual({
      kube: expect.stringMatching(/^v1\.\d+\.\d+$/),
      served: "true",
      one: "true",
      list: "true",
      missing: "{}",
      unknown: "{}",
      release: "web 1 true false",
    });
  });
});

describe("deployRelease() after a run that died", () => {
  it.each(["pending-install", "pending-upgrade", "pending-rollback"] as const)("goes on from %s", async (status) => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    if (status !== "pending-install") await desk.deploy([configMap("a", { v: "old" })]);
    const dying = dieAfter(cluster, ({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "left");
    const died = releaseDesk(dying, ns).deploy([configMap("a", { v: "new" }), configMap("left"), configMap("z")]);
    await expect(died).rejects.toThrow("killed");
    await relabel(ns, status);

    const done = await desk.deploy([configMap("a", { v: "new" })]);

    expect(desk.events).toContainEqual(expect.objectContaining({ type: "healed", was: status }));
    expect(done.outcome).toBe("upgraded");
    expect(await desk.find("v1", "ConfigMap", "left")).toBeUndefined();
    expect(dataOf(await desk.find("v1", "ConfigMap", "a"))).toEqual({ v: "new" });
    const states = (await desk.history()).map((line) => line.split(" ")[1]);
    expect(states.at(-1)).toBe("deployed");
    expect(states.filter((state) => state?.startsWith("pending"))).toEqual([]);
  });

  /** What the dead run was about. */
  async function relabel(ns: string, status: string): Promise<void> {
    const last = (await releaseHistory({ cluster, name: "web", namespace: ns, signal })).at(-1);
    expect(last?.info.status).toMatch(/^pending-/);
    if (status !== "pending-rollback") return;
    const ref = {
      apiVersion: "v1",
      kind: "Secret",
      namespace: ns,
      name: `sh.helm.release.v1.web.v${last?.version ?? 0}`,
    };
    await cluster.patch(ref, { metadata: { labels: { status } } }, { signal, type: "merge" });
  }

  it("ends in the same state wherever the one before was killed", async () => {
    const objects = [configMap("a", { v: "2" }), configMap("c")];
    for (let writes = 0; ; writes++) {
      const ns = await namespace();
      await releaseDesk(cluster, ns).deploy([configMap("a", { v: "1" }), configMap("b")]);
      let left = writes;
      const died = await releaseDesk(
        dieAfter(cluster, () => left-- <= 0),
        ns,
      )
        .deploy(objects)
        .then(
          () => false,
          () => true,
        );

      const done = await releaseDesk(cluster, ns).deploy(objects);

      expect(["upgraded", "unchanged"]).toContain(done.outcome);
      const { items } = await cluster.list({ apiVersion: "v1", kind: "ConfigMap", namespace: ns }, { signal });
      expect(items.map((item) => [item.metadata.name, item["data"]])).toEqual([
        ["a", { v: "2" }],
        ["c", { v: "1" }],
      ]);
      expect((await releaseDesk(cluster, ns).history()).at(-1)).toMatch(/ deployed$/);
      expect(await releaseDesk(cluster, ns).deploy(objects)).toMatchObject({ outcome: "unchanged" });
      if (!died) break;
      expect(writes).toBeLessThan(20);
    }
  });
});

/** The cluster until the first write that `isFatal`: that one is done, and from then on nothing answers, as for a process that was killed. */
function dieAfter(real: Cluster, isFatal: (object: KubeObject) => boolean): Cluster {
  let isDead = false;
  const alive =
    <A extends readonly unknown[], T>(work: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      if (isDead) throw new Error("killed");
      return work(...args);
    };
  const writing = <A extends readonly [KubeObject, ...unknown[]], T>(work: (...args: A) => Promise<T>) =>
    alive(async (...args: A): Promise<T> => {
      const isDry = (args[1] as { dryRun?: boolean } | undefined)?.dryRun === true;
      const answer = await work(...args);
      if (!isDry && isFatal(args[0])) {
        isDead = true;
        throw new Error("killed");
      }
      return answer;
    });
  return {
    ...real,
    get: alive(real.get),
    list: alive(real.list),
    delete: alive(async (ref, options) => {
      const answer = await real.delete(ref, options);
      if (isFatal({ apiVersion: ref.apiVersion, kind: ref.kind, metadata: { name: ref.name } })) {
        isDead = true;
        throw new Error("killed");
      }
      return answer;
    }),
    create: writing(real.create),
    replace: writing(real.replace),
    apply: writing(real.apply),
  };
}

describe("deployRelease() while the world moves", () => {
  it("outlives a restart of the API server in the middle", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    let restarted: Promise<void> | undefined;
    const objects = Array.from({ length: 40 }, (_, index) => configMap(`c-${index}`));

    const done = await desk.deploy(objects, {
      timeoutMs: 60_000,
      onProgress: (event) => {
        desk.events.push(event);
        if (event.type === "object")
          restarted ??= (async () => {
            await api.stopApiServer();
            await api.startApiServer();
          })();
      },
    });
    await restarted;

    expect(done).toMatchObject({ outcome: "installed", revision: 1 });
    expect(await desk.history()).toEqual(["1 deployed"]);
    expect(desk.events.some(({ type }) => type === "retrying")).toBe(true);
    expect(await desk.deploy(objects)).toMatchObject({ outcome: "unchanged" });
  });

  it("looks again when somebody else wrote before it had the lease", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await desk.deploy([configMap("a", { v: "1" })]);

    const done = await desk.deploy([configMap("a", { v: "3" })], {
      beforeWrite: async () => {
        await releaseDesk(cluster, ns).deploy([configMap("a", { v: "2" })]);
      },
    });

    expect(done).toMatchObject({ outcome: "upgraded", revision: 3 });
    expect(await desk.history()).toEqual(["1 superseded", "2 superseded", "3 deployed"]);
  });

  it("says so when the record is written by somebody else at the same moment", async () => {
    const ns = await namespace();
    const racing: Cluster = {
      ...cluster,
      create: async (object, options) => {
        await cluster.create(object, options);
        return cluster.create(object, options);
      },
    };

    await expect(releaseDesk(racing, ns).deploy([configMap("a")])).rejects.toMatchObject({ code: "RELEASE_BUSY" });
  });

  it("is interrupted: the revision is failed, nothing is rolled back, and the next run goes on", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await desk.deploy([configMap("a", { v: "1" })]);
    const interrupt = new AbortController();

    const stopped = desk.deploy([configMap("a", { v: "2" }), waitingForEver], {
      signal: interrupt.signal,
      onProgress: ({ type }) => {
        if (type === "waiting") interrupt.abort(new Error("interrupted"));
      },
    });

    await expect(stopped).rejects.toThrow("interrupted");
    expect(await desk.history()).toEqual(["1 deployed", "2 failed"]);
    expect(await desk.deploy([configMap("a", { v: "2" })])).toMatchObject({ revision: 3 });
    expect(await desk.history()).toEqual(["1 superseded", "2 failed", "3 deployed"]);
    expect(await desk.find("apps/v1", "Deployment", "never")).toBeUndefined();
  });
});

/** No controllers run here. */
const waitingForEver: KubeObject = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "never" },
  spec: {
    selector: { matchLabels: { app: "never" } },
    template: { metadata: { labels: { app: "never" } }, spec: { containers: [{ name: "c", image: "c:1" }] } },
  },
};

describe("deployRelease() and what is dropped", () => {
  it("keeps what asks to stay and what others have taken over", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    const kept = {
      ...configMap("kept"),
      metadata: { name: "kept", annotations: { "helm.sh/resource-policy": "keep" } },
    };
    await desk.deploy([configMap("a"), kept, configMap("adopted")]);
    await cluster.patch(
      { apiVersion: "v1", kind: "ConfigMap", namespace: ns, name: "adopted" },
      { metadata: { annotations: { "meta.helm.sh/release-name": "another" } } },
      { signal, type: "merge" },
    );

    const done = await desk.deploy([configMap("a", { v: "2" })]);

    expect(done.objects).toEqual([
      { object: `ConfigMap/${ns}/a`, outcome: "configured" },
      { object: `ConfigMap/${ns}/kept`, outcome: "kept" },
      { object: `ConfigMap/${ns}/adopted`, outcome: "kept" },
    ]);
    expect(await desk.find("v1", "ConfigMap", "kept")).toBeDefined();
    expect(await desk.find("v1", "ConfigMap", "adopted")).toBeDefined();
  });

  it("is not stopped by APIs in the record that the cluster has removed", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    const oldApi = rawChart([configMap("a")]);
    const budget = { apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name: "b" }, spec: {} };
    const ingress = {
      apiVersion: "networking.k8s.io/v1",
      kind: "IngressClass",
      metadata: { name: `class-${ns}` },
      spec: { controller: "ways.dev/c" },
    };
    await desk.deploy([configMap("a"), budget, ingress]);
    await rewrite(ns, (manifest) =>
      manifest.replace("policy/v1\n", "policy/v1beta1\n").replace("networking.k8s.io/v1\n", "extensions/v1beta1\n"),
    );

    const done = await desk.deploy(oldApi);

    expect(done.objects).toContainEqual({ object: `PodDisruptionBudget/${ns}/b`, outcome: "pruned" });
    expect(await desk.find("policy/v1", "PodDisruptionBudget", "b")).toBeUndefined();
  });

  /** The record as a cluster's upgrade has left it behind. */
  async function rewrite(ns: string, change: (manifest: string) => string): Promise<void> {
    const { encodeRecord } = await import("../../../src/deployer/charts/releases/release-record.ts");
    const release = await readRelease({ cluster, name: "web", namespace: ns, signal });
    if (release === undefined) throw new Error("no release");
    const manifest = change(release.manifest ?? "");
    expect(manifest).not.toBe(release.manifest);
    await cluster.patch(
      { apiVersion: "v1", kind: "Secret", namespace: ns, name: `sh.helm.release.v1.web.v${release.version}` },
      { data: { release: encodeRecord({ ...release, manifest }) } },
      { signal, type: "merge" },
    );
  }

  it("forgets the oldest revisions beyond the limit, never the deployed one", async () => {
    const desk = releaseDesk(cluster, await namespace());
    for (const v of ["1", "2", "3", "4"]) await desk.deploy([configMap("a", { v })], { maxHistory: 2 });
    await expect(
      desk.deploy([configMap("a", { v: "5" }), configMap("Not Valid")], { maxHistory: 2 }),
    ).rejects.toThrow();

    expect(await desk.history()).toEqual(["4 superseded", "6 deployed"]);
  });
});

describe("deployRelease() as clients apply", () => {
  const service = (port: number, extra: object = {}): KubeObject => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "s" },
    spec: { selector: { app: "s" }, ports: [{ name: "web", port, targetPort: port }], ...extra },
  });
  const managersOf = (object: KubeObject | undefined) =>
    records(object?.metadata["managedFields"]).map(
      ({ manager, operation }) => `${String(manager)} ${String(operation)}`,
    );

  it("merges three ways: ours counts, what we dropped goes, what others set stays", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    const as = { serverSideApply: "false" } as const;
    await desk.deploy([service(80), configMap("a", { ours: "1", dropped: "1" })], as);
    const ref = { apiVersion: "v1", kind: "ConfigMap", namespace: ns, name: "a" };
    await cluster.patch(ref, { data: { theirs: "1" } }, { signal, type: "merge", fieldManager: "someone" });

    const done = await desk.deploy([service(81), configMap("a", { ours: "2" })], as);

    expect(done.outcome).toBe("upgraded");
    expect(dataOf(await desk.find("v1", "ConfigMap", "a"))).toEqual({ ours: "2", theirs: "1" });
    const live = await desk.find("v1", "Service", "s");
    expect(records(record(live?.["spec"])?.["ports"])).toMatchObject([{ port: 81 }]);
    expect(managersOf(live)).toEqual(["zarf Update"]);
    expect((await readRelease({ cluster, name: "web", namespace: ns, signal }))?.apply_method).toBe("csa");
    expect(await desk.deploy([service(81), configMap("a", { ours: "2" })])).toMatchObject({ outcome: "unchanged" });
  });

  it("hands its fields over when the server applies from now on", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await desk.deploy([configMap("a", { kept: "1", dropped: "1" })], { serverSideApply: "false" });

    const done = await desk.deploy([configMap("a", { kept: "2" })], { serverSideApply: "true" });

    expect(done.outcome).toBe("upgraded");
    const live = await desk.find("v1", "ConfigMap", "a");
    expect(dataOf(live)).toEqual({ kept: "2" });
    expect(managersOf(live)).toEqual(["zarf Apply"]);
  });

  it("goes on as the release was applied before", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await desk.deploy([configMap("a")], { serverSideApply: "false" });
    await desk.deploy([configMap("a", { v: "2" })], { serverSideApply: "auto" });

    expect((await readRelease({ cluster, name: "web", namespace: ns, signal }))?.apply_method).toBe("csa");
  });
});

describe("planRelease()", () => {
  it("says field by field what would change, hides secrets, and writes nothing", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    const secret = (value: string): KubeObject => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s" },
      stringData: { password: value },
    });
    await desk.deploy([configMap("a", { v: "1" }), configMap("b"), secret("hunter2"), configMap("same")]);

    const plan = await desk.plan([configMap("a", { v: "2" }), secret("hunter3"), configMap("same"), configMap("new")]);

    expect(plan).toMatchObject({ outcome: "upgrade", revision: 2 });
    expect(plan.objects).toEqual([
      {
        object: `Secret/${ns}/s`,
        outcome: "configured",
        fields: [{ path: "data.password", from: "(hidden)", to: "(hidden)" }],
      },
      { object: `ConfigMap/${ns}/a`, outcome: "configured", fields: [{ path: "data.v", from: '"1"', to: '"2"' }] },
      { object: `ConfigMap/${ns}/same`, outcome: "unchanged", fields: [] },
      { object: `ConfigMap/${ns}/new`, outcome: "created", fields: [] },
      { object: `ConfigMap/${ns}/b`, outcome: "pruned", fields: [] },
    ]);
    expect(JSON.stringify(plan)).not.toContain(Buffer.from("hunter3").toString("base64"));
    expect(await desk.history()).toEqual(["1 deployed"]);
    expect(dataOf(await desk.find("v1", "ConfigMap", "a"))).toEqual({ v: "1" });
  });

  it("says of each object why it would be refused, and of what it cannot know yet", async () => {
    const ns = await namespace();
    await cluster.create({ ...configMap("foreign"), metadata: { name: "foreign", namespace: ns } }, { signal });
    const there = await releaseDesk(cluster, ns).plan([configMap("foreign"), configMap("Invalid Name")]);
    const notThere = await releaseDesk(cluster, "not-made-yet").plan([configMap("a")]);

    expect(there.objects).toMatchObject([
      { object: `ConfigMap/${ns}/foreign`, refused: "it exists already, and it belongs to no release" },
      { object: `ConfigMap/${ns}/Invalid Name`, refused: expect.stringContaining("lowercase RFC 1123") },
    ]);
    expect(notThere.objects).toEqual([
      {
        object: "ConfigMap/not-made-yet/a",
        outcome: "created",
        fields: [],
        provisional: "after Namespace/not-made-yet",
      },
    ]);
  });
});

import { createServer, type Server } from "node:https";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, connectCluster, type KubeObject } from "../../../src/kube/index.ts";
import { startApiServer, type TestApiServer } from "../../support/apiserver.ts";
import { testAuthority } from "../../support/authority.ts";
import { configMap, dataOf, releaseDesk, signal } from "../../support/release-desk.ts";

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
  const name = `refusals-${++count}`;
  await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } }, { signal });
  return name;
}

const refused = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "nothing was refused",
    (error: unknown) => error,
  );

const deployment = (selector: string, more: object = {}): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    selector: { matchLabels: { app: selector } },
    template: {
      metadata: { labels: { app: selector } },
      spec: { containers: [{ name: "web", image: "web:1" }] },
    },
    ...more,
  },
});

describe("what a deployment is refused", () => {
  it("objects of others, all of them, before anything is written", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    for (const name of ["one", "two"])
      await cluster.create({ ...configMap(name), metadata: { name, namespace: ns } }, { signal });

    const error = await refused(desk.deploy([configMap("one"), configMap("two"), configMap("three")]));

    expect(error).toMatchObject({
      code: "RELEASE_OWNED_BY_OTHERS",
      problems: [{ where: { object: `ConfigMap/${ns}/one` } }, { where: { object: `ConfigMap/${ns}/two` } }],
    });
    expect(await desk.history()).toEqual([]);
    expect(await desk.find("v1", "ConfigMap", "three")).toBeUndefined();
  });

  it("objects of another release, naming it", async () => {
    const ns = await namespace();
    await releaseDesk(cluster, ns, "first").deploy([configMap("shared")]);

    const error = await refused(releaseDesk(cluster, ns, "second").deploy([configMap("shared")]));

    expect(error).toMatchObject({ code: "RELEASE_OWNED_BY_OTHERS" });
    expect(String(error)).toContain(`${ns}/first`);
  });

  it("nothing with takeOwnership: the object becomes the release's", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await cluster.create({ ...configMap("taken"), metadata: { name: "taken", namespace: ns } }, { signal });

    const done = await desk.deploy([configMap("taken")], { takeOwnership: true });

    expect(done.objects).toEqual([{ object: `ConfigMap/${ns}/taken`, outcome: "configured" }]);
    expect((await desk.find("v1", "ConfigMap", "taken"))?.metadata).toMatchObject({
      labels: { "app.kubernetes.io/managed-by": "Helm" },
      annotations: { "meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": ns },
    });
  });

  it("fields that others have set, by field and manager, until they are taken over", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await desk.deploy([configMap("a", { v: "1" })]);
    await cluster.apply(
      { ...configMap("a", { v: "theirs" }), metadata: { name: "a", namespace: ns } },
      { signal, force: true, fieldManager: "someone" },
    );

    const error = await refused(desk.deploy([configMap("a", { v: "2" })]));
    const history = await desk.history();
    const forced = await desk.deploy([configMap("a", { v: "2" })], { forceConflicts: true });

    expect(error).toMatchObject({ code: "RELEASE_CONFLICT", where: { object: `ConfigMap/${ns}/a` } });
    expect(String(error)).toMatch(/\.data\.v.*someone/);
    expect((error as { next: string[] }).next[0]).toContain("--force-conflicts");
    expect(history).toEqual(["1 deployed"]);
    expect(forced.revision).toBe(2);
    expect(dataOf(await desk.find("v1", "ConfigMap", "a"))).toEqual({ v: "2" });
  });

  it("changes of immutable fields, until the object is deleted", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await desk.deploy([deployment("one")], { noWait: true });

    const error = await refused(desk.deploy([deployment("two")], { noWait: true }));
    await cluster.delete({ apiVersion: "apps/v1", kind: "Deployment", namespace: ns, name: "web" }, { signal });
    const after = await desk.deploy([deployment("two")], { noWait: true });

    expect(error).toMatchObject({ code: "RELEASE_FIELD_IMMUTABLE", where: { object: `Deployment/${ns}/web` } });
    expect((error as { next: string[] }).next[0]).toContain(`-n ${ns} delete deployment web`);
    expect(after).toMatchObject({ outcome: "upgraded", revision: 2 });
  });

  it("objects that the API server calls invalid; what was before is deployed again", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await desk.deploy([configMap("a", { v: "1" })]);

    const error = await refused(desk.deploy([configMap("a", { v: "2" }), configMap("Invalid Name")]));

    expect(error).toMatchObject({ code: "RELEASE_OBJECT_REFUSED", where: { object: `ConfigMap/${ns}/Invalid Name` } });
    expect(String(error)).toContain("Rolled back: revision 3 is revision 1 again");
    expect(await desk.history()).toEqual(["1 superseded", "2 failed", "3 deployed"]);
    expect(dataOf(await desk.find("v1", "ConfigMap", "a"))).toEqual({ v: "1" });
    await expect(desk.deploy([configMap("a", { v: "2" })])).resolves.toMatchObject({ revision: 4 });
  });

  it("an invalid first installation stays as failed, and the next deployment upgrades over it", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);

    const error = await refused(desk.deploy([configMap("a"), configMap("Invalid Name")]));
    const history = await desk.history();
    const after = await desk.deploy([configMap("b")]);

    expect(error).toMatchObject({ code: "RELEASE_OBJECT_REFUSED" });
    expect(history).toEqual(["1 failed"]);
    expect(after).toMatchObject({ outcome: "upgraded", revision: 2 });
    expect(await desk.find("v1", "ConfigMap", "a")).toBeUndefined();
    expect(await desk.history()).toEqual(["1 superseded", "2 deployed"]);
  });

  it("kinds that nobody defines, all of them, before anything is written", async () => {
    const desk = releaseDesk(cluster, await namespace());
    const widget = { apiVersion: "nobody.dev/v1", kind: "Widget", metadata: { name: "w" } };

    const error = await refused(desk.deploy([configMap("a"), widget]));

    expect(error).toMatchObject({
      code: "RELEASE_KIND_UNKNOWN",
      problems: [{ message: expect.stringContaining("Widget") }],
    });
    expect(await desk.history()).toEqual([]);
    expect(await desk.find("v1", "ConfigMap", "a")).toBeUndefined();
  });

  it("a namespace that is missing or being deleted, with nothing recorded", async () => {
    const ns = await namespace();
    await cluster.apply(
      { ...configMap("held"), metadata: { name: "held", namespace: ns, finalizers: ["test.dev/hold"] } },
      { signal },
    );
    await cluster.delete({ apiVersion: "v1", kind: "Namespace", name: ns }, { signal });

    const going = await refused(releaseDesk(cluster, ns).deploy([configMap("a")]));
    const missing = await refused(releaseDesk(cluster, "never-made").deploy([configMap("a")]));

    expect(going).toMatchObject({ code: "RELEASE_NAMESPACE_TERMINATING" });
    expect(missing).toMatchObject({ code: "RELEASE_NAMESPACE_MISSING" });
  });

  it("what does not fit into a quota, with what is used; it fits when the quota is raised", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    const quota = (configmaps: string): KubeObject => ({
      apiVersion: "v1",
      kind: "ResourceQuota",
      metadata: { name: "few", namespace: ns },
      spec: { hard: { configmaps } },
    });
    await cluster.apply(quota("1"), { signal });
    // What the quota controller does; none runs here.
    const ref = { apiVersion: "v1", kind: "ResourceQuota", namespace: ns, name: "few" };
    const status = (hard: string) =>
      cluster.patchStatus(ref, { hard: { configmaps: hard }, used: { configmaps: "1" } }, { signal });
    await status("1");

    const error = await refused(desk.deploy([configMap("a")]));
    await cluster.apply(quota("9"), { signal });
    await status("9");
    const after = await desk.deploy([configMap("a")]);

    expect(error).toMatchObject({
      code: "RELEASE_QUOTA_EXCEEDED",
      problems: [{ message: "quota few: configmaps 1 of 1 used" }],
    });
    expect(after).toMatchObject({ revision: 2 });
  });

  it("a name that Helm does not allow, before the cluster is asked", async () => {
    const desk = releaseDesk(cluster, "default", "Web");

    expect(await refused(desk.deploy([configMap("a")]))).toMatchObject({ code: "RELEASE_NAME_INVALID" });
  });

  it("documents that are no objects", async () => {
    const desk = releaseDesk(cluster, await namespace());

    const error = await refused(desk.deploy([configMap("a"), { kind: "ConfigMap", metadata: {} }]));

    expect(error).toMatchObject({ code: "RELEASE_MANIFEST_INVALID" });
    expect(await desk.history()).toEqual([]);
  });

  it("the refusal of another product's webhook, in its own words", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await desk.deploy([configMap("a", { v: "1" })]);
    const webhook = await startWebhook();
    try {
      await cluster.create(webhook.configuration(ns), { signal });
      const error = await untilRefused(() => desk.deploy([configMap("a", { v: "2" })]));

      expect(error).toMatchObject({ code: expect.stringMatching(/^RELEASE_/) });
      expect(String(error)).toContain("no changes on Sundays");
    } finally {
      await cluster.delete(
        { apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingWebhookConfiguration", name: "sundays" },
        { signal },
      );
      await webhook.stop();
    }
    await expect(untilAccepted(() => desk.deploy([configMap("a", { v: "9" })]))).resolves.toMatchObject({
      outcome: "upgraded",
    });
    expect(dataOf(await desk.find("v1", "ConfigMap", "a"))).toEqual({ v: "9" });
  });
});

/** A webhook is heeded a moment after it is registered, and forgotten a moment after it is gone. */
async function untilRefused(work: () => Promise<unknown>): Promise<unknown> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const answer = await refused(work());
    if (answer instanceof Error) return answer;
  }
  return undefined;
}
async function untilAccepted(work: () => Promise<unknown>): Promise<unknown> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt > 50) throw error;
    }
  }
}

async function startWebhook(): Promise<{ configuration: (ns: string) => KubeObject; stop: () => Promise<void> }> {
  const authority = testAuthority();
  const server: Server = createServer(authority.server(), (request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const { uid } = (JSON.parse(body) as { request: { uid: string } }).request;
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({
          apiVersion: "admission.k8s.io/v1",
          kind: "AdmissionReview",
          response: { uid, allowed: false, status: { message: "no changes on Sundays" } },
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    configuration: (ns) => ({
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name: "sundays" },
      webhooks: [
        {
          name: "sundays.test.dev",
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
          clientConfig: {
            url: `https://127.0.0.1:${port}/`,
            caBundle: Buffer.from(authority.ca).toString("base64"),
          },
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": ns } },
          rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["UPDATE"], resources: ["configmaps"] }],
        },
      ],
    }),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

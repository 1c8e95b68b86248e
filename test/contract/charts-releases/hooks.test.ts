import { getEventListeners } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRelease } from "../../../src/deployer/charts/releases/index.ts";
import { type Cluster, connectCluster, type KubeObject, objectName } from "../../../src/kube/index.ts";
import { startApiServer, type TestApiServer } from "../../support/apiserver.ts";
import { type ApiClient, createApiClient } from "../../support/recordings/api-client.ts";
import { startControllerManager } from "../../support/recordings/controller-manager.ts";
import { type StandInKubelet, startStandInKubelet } from "../../support/recordings/stand-in-kubelet.ts";
import { configMap, dataOf, releaseDesk, signal } from "../../support/release-desk.ts";

let api: TestApiServer;
let cluster: Cluster;
let client: ApiClient;
let controllers: Awaited<ReturnType<typeof startControllerManager>>;
let kubelet: StandInKubelet;
let count = 0;

beforeAll(async () => {
  api = await startApiServer({ hasControllers: true });
  controllers = await startControllerManager(api);
  cluster = connectCluster({ kubeconfigYaml: api.kubeconfigYaml });
  client = createApiClient(api.admin);
  kubelet = await startStandInKubelet(client);
}, 120_000);
afterAll(async () => {
  await kubelet?.stop();
  await controllers?.stop();
  await cluster?.close();
  await client?.close();
  await api?.stop();
});

async function namespace(): Promise<string> {
  const name = `hooks-${++count}`;
  await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } }, { signal });
  return name;
}

const podSpec = { restartPolicy: "Never", containers: [{ name: "c", image: "c:1" }] };

interface HookOptions {
  readonly weight?: string;
  readonly policy?: string;
  readonly spec?: object;
  /** Its Pod is never placed. */
  readonly isStuck?: boolean;
}

/** A Job as hook; it ends at once, for the stand-in kubelet calls its Pod succeeded. */
const hookJob = (name: string, event: string, { weight, policy, spec, isStuck }: HookOptions = {}): KubeObject => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: {
    name,
    annotations: {
      "helm.sh/hook": event,
      ...(weight === undefined ? {} : { "helm.sh/hook-weight": weight }),
      ...(policy === undefined ? {} : { "helm.sh/hook-delete-policy": policy }),
    },
  },
  spec: {
    backoffLimit: 0,
    template: { metadata: { annotations: isStuck === true ? { "test/never": "1" } : {} }, spec: podSpec },
    ...spec,
  },
});

/** Fails by its own deadline after a second: what a job that goes wrong looks like, without a kubelet. */
const failingJob = (name: string, event: string, policy?: string): KubeObject =>
  hookJob(name, event, {
    isStuck: true,
    spec: { activeDeadlineSeconds: 1 },
    ...(policy === undefined ? {} : { policy }),
  });

const deployment = (never: string, replicas = 1): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas,
    strategy: { type: "Recreate" },
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" }, annotations: { "test/never": never } },
      spec: { containers: [{ name: "c", image: "c:1" }] },
    },
  },
});

const phases = (events: readonly { readonly type: string }[]) =>
  events.flatMap((event) => {
    const { object, event: of, phase } = event as { object?: string; event?: string; phase?: string };
    return event.type === "hook" ? [`${of ?? ""} ${object?.split("/").at(-1) ?? ""} ${phase ?? ""}`] : [];
  });

describe("hooks", () => {
  it("run by weight and name, before and after, and go as their policies say", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);

    await desk.deploy([
      configMap("a"),
      hookJob("late", "pre-install", { weight: "5" }),
      hookJob("early", "pre-install", { weight: "-5", policy: "hook-succeeded" }),
      hookJob("after", "post-install,post-upgrade"),
      hookJob("elsewhere", "pre-upgrade"),
    ]);

    expect(phases(desk.events)).toEqual([
      "pre-install early running",
      "pre-install early succeeded",
      "pre-install late running",
      "pre-install late succeeded",
      "post-install after running",
      "post-install after succeeded",
    ]);
    expect(await desk.find("batch/v1", "Job", "early")).toBeUndefined();
    expect(await desk.find("batch/v1", "Job", "late")).toBeDefined();
    const release = await readRelease({ cluster, name: "web", namespace: ns, signal });
    expect(release?.hooks?.map(({ name, last_run }) => `${name ?? ""} ${last_run.phase}`)).toEqual([
      "late Succeeded",
      "early Succeeded",
      "after Succeeded",
      "elsewhere ",
    ]);
  });

  it("of a release in which nothing changed do not run", async () => {
    const desk = releaseDesk(cluster, await namespace());
    const objects = [configMap("a"), hookJob("before", "pre-install,pre-upgrade")];
    await desk.deploy(objects);
    desk.events.length = 0;

    expect(await desk.deploy(objects)).toMatchObject({ outcome: "unchanged" });
    expect(phases(desk.events)).toEqual([]);
  });

  it("are made anew when they are still there from before", async () => {
    const desk = releaseDesk(cluster, await namespace());
    await desk.deploy([configMap("a"), hookJob("migrate", "pre-install,pre-upgrade")]);
    const before = await desk.find("batch/v1", "Job", "migrate");

    await desk.deploy([
      configMap("a", { v: "2" }),
      hookJob("migrate", "pre-install,pre-upgrade", { spec: { suspend: false } }),
    ]);

    expect((await desk.find("batch/v1", "Job", "migrate"))?.metadata.uid).not.toBe(before?.metadata.uid);
  });

  it("that fail before an installation leave it failed, and the next deployment goes on", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);

    const failed = desk.deploy([configMap("a"), failingJob("migrate", "pre-install", "hook-failed")]);

    await expect(failed).rejects.toMatchObject({
      code: "RELEASE_HOOK_FAILED",
      where: { object: `Job/${ns}/migrate` },
      message: expect.stringContaining("DeadlineExceeded"),
    });
    expect(await desk.history()).toEqual(["1 failed"]);
    expect(await desk.find("v1", "ConfigMap", "a")).toBeUndefined();
    expect(await desk.find("batch/v1", "Job", "migrate")).toBeUndefined();
    expect(await desk.deploy([configMap("a"), hookJob("migrate", "pre-install,pre-upgrade")])).toMatchObject({
      outcome: "upgraded",
    });
  });

  it("that fail in an upgrade roll it back, with the hooks for that", async () => {
    const desk = releaseDesk(cluster, await namespace());
    await desk.deploy([configMap("a", { v: "1" }), hookJob("back", "post-rollback")]);
    desk.events.length = 0;

    const failed = desk.deploy([configMap("a", { v: "2" }), configMap("extra"), failingJob("check", "post-upgrade")]);

    await expect(failed).rejects.toMatchObject({
      code: "RELEASE_HOOK_FAILED",
      message: expect.stringContaining("Rolled back: revision 3 is revision 1 again"),
    });
    expect(phases(desk.events)).toEqual([
      "post-upgrade check running",
      "post-upgrade check failed",
      "post-rollback back running",
      "post-rollback back succeeded",
    ]);
    expect(dataOf(await desk.find("v1", "ConfigMap", "a"))).toEqual({ v: "1" });
    expect(await desk.find("v1", "ConfigMap", "extra")).toBeUndefined();
    expect(await desk.history()).toEqual(["1 superseded", "2 failed", "3 deployed"]);
  });

  it("that change the world before an upgrade are not overtaken by what was seen before them", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    const named = (app: string): KubeObject => ({
      ...deployment("0"),
      spec: {
        selector: { matchLabels: { app } },
        template: { metadata: { labels: { app } }, spec: { containers: [{ name: "c", image: "c:1" }] } },
      },
    });
    await desk.deploy([named("old")]);

    const done = await desk.deploy([named("new"), hookJob("recreate", "pre-upgrade")], {
      onProgress: (event) => {
        // What the hook's own container would do.
        if (event.type === "hook" && event.phase === "running")
          void cluster.delete({ apiVersion: "apps/v1", kind: "Deployment", namespace: ns, name: "web" }, { signal });
      },
    });

    expect(done.outcome).toBe("upgraded");
  });
});

describe("waiting", () => {
  it("ends when everything is ready, and tells reasons on the way", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);

    await desk.deploy([deployment("0", 2), configMap("a")]);

    const of = desk.events.filter((event) => "object" in event && event.object === `Deployment/${ns}/web`);
    expect(of.map(({ type }) => type)).toEqual(expect.arrayContaining(["object", "waiting", "ready"]));
    expect(of.at(-1)?.type).toBe("ready");
  });

  it("gives up with the last reason, rolls back, and the next deployment succeeds", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await desk.deploy([deployment("0")]);

    const late = desk.deploy([deployment("1")], { timeoutMs: 2_500 });

    await expect(late).rejects.toMatchObject({
      code: "RELEASE_NOT_READY",
      where: { object: `Deployment/${ns}/web` },
      message: expect.stringContaining("Rolled back: revision 3 is revision 1 again"),
      problems: [{ message: expect.stringContaining("0 of 1") }],
    });
    expect(await desk.history()).toEqual(["1 superseded", "2 failed", "3 deployed"]);
    expect(await desk.deploy([deployment("0", 2)])).toMatchObject({ outcome: "upgraded", revision: 4 });
  });

  it("is left out on request", async () => {
    const desk = releaseDesk(cluster, await namespace());

    expect(await desk.deploy([deployment("1")], { noWait: true })).toMatchObject({ outcome: "installed" });
  });

  it("goes on when nothing has changed but something is not ready", async () => {
    const desk = releaseDesk(cluster, await namespace());
    await desk.deploy([deployment("1")], { noWait: true });

    await expect(desk.deploy([deployment("1")], { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: "RELEASE_NOT_READY",
    });
    expect(await desk.history()).toEqual(["1 deployed"]);
  });

  it("leaves no listener behind", async () => {
    const desk = releaseDesk(cluster, await namespace());
    const own = new AbortController();
    await desk.deploy([deployment("0"), hookJob("h", "pre-install")], { signal: own.signal });

    expect(getEventListeners(own.signal, "abort")).toHaveLength(0);
  });
});

describe("uninstallRelease()", () => {
  it("runs its hooks, deletes in order what is ours, and keeps the rest", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    const kept = {
      ...configMap("kept"),
      metadata: { name: "kept", annotations: { "helm.sh/resource-policy": "keep" } },
    };
    const service = { apiVersion: "v1", kind: "Service", metadata: { name: "s" }, spec: { ports: [{ port: 80 }] } };
    await desk.deploy([
      configMap("a"),
      configMap("stolen"),
      kept,
      deployment("0"),
      service,
      hookJob("before", "pre-delete", { policy: "hook-succeeded" }),
      hookJob("after", "post-delete", { policy: "hook-succeeded" }),
    ]);
    await cluster.patch(
      { apiVersion: "v1", kind: "ConfigMap", namespace: ns, name: "stolen" },
      { metadata: { annotations: { "meta.helm.sh/release-name": "thief" } } },
      { signal, type: "merge" },
    );
    desk.events.length = 0;

    const gone = await desk.uninstall();

    expect(gone.objects).toEqual([
      { object: `Service/${ns}/s`, outcome: "pruned" },
      { object: `Deployment/${ns}/web`, outcome: "pruned" },
      { object: `ConfigMap/${ns}/a`, outcome: "pruned" },
      { object: `ConfigMap/${ns}/stolen`, outcome: "kept" },
      { object: `ConfigMap/${ns}/kept`, outcome: "kept" },
    ]);
    expect(gone.warnings).toEqual([
      `ConfigMap/${ns}/stolen stays: it belongs to the release ${ns}/thief`,
      `ConfigMap/${ns}/kept stays: it asks to stay (helm.sh/resource-policy: keep)`,
    ]);
    expect(phases(desk.events)).toEqual([
      "pre-delete before running",
      "pre-delete before succeeded",
      "post-delete after running",
      "post-delete after succeeded",
    ]);
    const left = await cluster.list({ apiVersion: "batch/v1", kind: "Job", namespace: ns }, { signal });
    expect(left.items.map(objectName)).toEqual([]);
    expect(await desk.history()).toEqual([]);
  });

  it("stops when a hook before it fails, and goes on the next time", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    await desk.deploy([configMap("a"), failingJob("before", "pre-delete")]);

    await expect(desk.uninstall()).rejects.toMatchObject({ code: "RELEASE_HOOK_FAILED" });
    expect(await desk.find("v1", "ConfigMap", "a")).toBeDefined();
    expect(await desk.history()).toEqual(["1 uninstalling"]);
    expect(await desk.deploy([configMap("a")])).toMatchObject({ outcome: "installed", revision: 2 });
    expect(await desk.uninstall()).toMatchObject({ outcome: "uninstalled" });
  });

  it("says what a finalizer keeps beyond the time", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);
    const held = { ...configMap("held"), metadata: { name: "held", finalizers: ["test.dev/hold"] } };
    await desk.deploy([held]);

    const gone = await desk.uninstall({ timeoutMs: 600 });

    expect(gone.warnings).toEqual([`ConfigMap/${ns}/held is still being deleted`]);
    expect(await desk.history()).toEqual([]);
  });
});

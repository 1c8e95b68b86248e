import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRelease } from "../../../src/deployer/charts/releases/index.ts";
import { type Cluster, connectCluster } from "../../../src/kube/index.ts";
import { startApiServer, type TestApiServer } from "../../support/apiserver.ts";
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
  const name = `releases-${++count}`;
  await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } }, { signal });
  return name;
}

describe("deployRelease() against kube-apiserver", () => {
  it("installs, upgrades, prunes and records as Helm does", async () => {
    const ns = await namespace();
    const desk = releaseDesk(cluster, ns);

    const first = await desk.deploy([configMap("a"), configMap("b")]);
    const second = await desk.deploy([configMap("a", { v: "2" })]);

    expect(first).toMatchObject({ outcome: "installed", revision: 1 });
    expect(second).toMatchObject({
      outcome: "upgraded",
      revision: 2,
      objects: [
        { object: `ConfigMap/${ns}/a`, outcome: "configured" },
        { object: `ConfigMap/${ns}/b`, outcome: "pruned" },
      ],
    });
    expect(dataOf(await desk.find("v1", "ConfigMap", "a"))).toEqual({ v: "2" });
    expect(await desk.find("v1", "ConfigMap", "b")).toBeUndefined();
    expect(await desk.history()).toEqual(["1 superseded", "2 deployed"]);
    expect(await readRelease({ cluster, name: "web", namespace: ns, signal })).toMatchObject({
      name: "web",
      namespace: ns,
      version: 2,
      apply_method: "ssa",
      info: { status: "deployed", description: "Upgrade complete" },
      chart: { metadata: { name: "raw-test-one-m", apiVersion: "v2" } },
    });
  });

  it("writes nothing when nothing has changed", async () => {
    const desk = releaseDesk(cluster, await namespace());
    await desk.deploy([configMap("a")]);
    const before = await desk.find("v1", "Secret", "sh.helm.release.v1.web.v1");

    const again = await desk.deploy([configMap("a")]);

    expect(again).toMatchObject({ outcome: "unchanged", revision: 1 });
    expect(await desk.find("v1", "Secret", "sh.helm.release.v1.web.v1")).toEqual(before);
    expect(await desk.history()).toEqual(["1 deployed"]);
  });

  it("takes a release away, and a second time finds none", async () => {
    const desk = releaseDesk(cluster, await namespace());
    await desk.deploy([configMap("a")]);

    const gone = await desk.uninstall();
    const again = await desk.uninstall();

    expect(gone.outcome).toBe("uninstalled");
    expect(again.outcome).toBe("missing");
    expect(await desk.find("v1", "ConfigMap", "a")).toBeUndefined();
    expect(await desk.history()).toEqual([]);
  });
});

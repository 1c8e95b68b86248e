import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import {
  type DeployEvent,
  deployPackage,
  type OpenPackage,
  type PackageRequest,
  planPackage,
  removePackage,
} from "../../../src/deployer/index.ts";
import { type Cluster, connectCluster } from "../../../src/kube/index.ts";
import { startApiServer, type TestApiServer } from "../../support/apiserver.ts";
import { memoryPackage } from "../../support/memory-package.ts";

let api: TestApiServer;
let cluster: Cluster;
const { signal } = new AbortController();

beforeAll(async () => {
  api = await startApiServer();
  cluster = connectCluster(api.admin);
});
afterAll(async () => {
  await cluster?.close();
  await api?.stop();
});

const configMap = (name: string, data: object = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name },
  data,
});

/** A package of manifests: one component per entry, one manifest per component, all in a namespace of the package's name. */
function packageOf(
  name: string,
  components: Readonly<Record<string, Readonly<Record<string, readonly object[]>>>>,
  rest: { readonly version?: string; readonly more?: object } = {},
): OpenPackage {
  const entries = Object.entries(components);
  return memoryPackage({
    definition: {
      kind: "ZarfPackageConfig",
      metadata: { name, version: rest.version ?? "1.0.0", architecture: "amd64" },
      ...rest.more,
      components: entries.map(([component, manifests]) => ({
        name: component,
        required: true,
        manifests: Object.keys(manifests).map((manifest) => ({
          name: manifest,
          namespace: name,
          files: [`${manifest}.yaml`],
        })),
      })),
    },
    files: Object.fromEntries(
      entries.map(([component, manifests]) => [
        component,
        Object.fromEntries(
          Object.entries(manifests).map(([manifest, objects]) => [
            `manifests/${manifest}-0.yaml`,
            objects.map((object) => stringify(object)).join("---\n"),
          ]),
        ),
      ]),
    ),
  });
}

async function deploy(pkg: OpenPackage, rest: Partial<PackageRequest> = {}) {
  const events: DeployEvent[] = [];
  const outcome = await deployPackage({ pkg, cluster, signal, onEvent: (event) => events.push(event), ...rest });
  return { outcome, events };
}
async function recordOf(name: string) {
  const secret = await cluster.get(
    { apiVersion: "v1", kind: "Secret", namespace: "zarf", name: `zarf-package-${name}` },
    { signal },
  );
  const { data } = secret["data"] as { data: string };
  return { secret, value: JSON.parse(Buffer.from(data, "base64").toString()) as Record<string, unknown> };
}
const names = async (kind: string, namespace: string) =>
  (await cluster.list({ apiVersion: "v1", kind, namespace }, { signal })).items.map(({ metadata }) => metadata.name);
const versions = async (kind: string, namespace: string, apiVersion = "v1") =>
  (await cluster.list({ apiVersion, kind, namespace }, { signal })).items.map(
    ({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`,
  );

describe("deployPackage() of manifests", () => {
  const first = packageOf("upgrade", {
    keep: { a: [configMap("a", { v: "1" }), configMap("a-extra")], dropped: [configMap("b")] },
    gone: { g: [configMap("g")] },
  });
  const second = packageOf(
    "upgrade",
    { keep: { a: [configMap("a", { v: "2" })] }, added: { fresh: [configMap("fresh")] } },
    { version: "2.0.0" },
  );

  it("leaves objects, releases and the record that Zarf leaves", async () => {
    const { outcome } = await deploy(first);

    expect(outcome).toMatchObject({ components: ["keep", "gone"], record: "created", connectivity: "connected" });
    expect(await names("ConfigMap", "upgrade")).toEqual(expect.arrayContaining(["a", "a-extra", "b", "g"]));
    const { value, secret } = await recordOf("upgrade");
    expect(secret.metadata).toMatchObject({ labels: { "package-deploy-info": "upgrade" } });
    expect(secret.metadata.annotations).toBeUndefined();
    expect(value).toMatchObject({
      generation: 2,
      packageConnectivity: "connected",
      deployedComponents: [
        {
          name: "keep",
          status: "Succeeded",
          observedGeneration: 1,
          installedCharts: [
            { namespace: "upgrade", chartName: "zarf-b95c72b7b37d535376317dca1b1a165fb5a64f92", status: "Succeeded" },
            { namespace: "upgrade", chartName: "zarf-e62b9c3060467b2ba6661c5902402827f5ea17b3", status: "Succeeded" },
          ],
        },
        { name: "gone", observedGeneration: 2 },
      ],
    });
  });

  it("writes nothing when nothing has changed", async () => {
    const before = [...(await versions("Secret", "")), ...(await versions("ConfigMap", "upgrade"))];

    const { outcome } = await deploy(first);
    const plan = await planPackage({ pkg: first, cluster, signal });

    expect(outcome.record).toBe("unchanged");
    expect(plan.isUnchanged).toBe(true);
    expect([...(await versions("Secret", "")), ...(await versions("ConfigMap", "upgrade"))]).toEqual(before);
    expect(await versions("Lease", "zarf", "coordination.k8s.io/v1")).toEqual([]);
  });

  it("shows what an update drops, and takes it away", async () => {
    const plan = await planPackage({ pkg: second, cluster, signal });
    const { outcome } = await deploy(second);

    expect(plan.prunes.map(({ objects }) => objects)).toEqual([["ConfigMap/upgrade/g"], ["ConfigMap/upgrade/b"]]);
    expect(outcome.pruned).toHaveLength(2);
    expect((await names("ConfigMap", "upgrade")).filter((name) => name !== "kube-root-ca.crt")).toEqual(["a", "fresh"]);
    const { value } = await recordOf("upgrade");
    expect(value).toMatchObject({ generation: 4, deployedComponents: [{ name: "keep" }, { name: "added" }] });
    expect((value["deployedComponents"] as { installedCharts: unknown[] }[])[0]?.installedCharts).toHaveLength(1);
  });

  it("is removed with everything that is its own, and nothing else", async () => {
    const outcome = await removePackage({ name: "upgrade", cluster, signal });

    expect(outcome).toMatchObject({ components: ["added", "keep"], isWhole: true });
    expect((await names("ConfigMap", "upgrade")).filter((name) => name !== "kube-root-ca.crt")).toEqual([]);
    expect(await names("Secret", "upgrade")).toEqual([]);
    await expect(recordOf("upgrade")).rejects.toMatchObject({ code: "KUBE_NOT_FOUND" });
    await expect(removePackage({ name: "upgrade", cluster, signal })).rejects.toMatchObject({
      code: "DEPLOY_PACKAGE_UNKNOWN",
    });
    expect(await names("Namespace", "")).toContain("upgrade");
  });
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, connectCluster } from "../../src/kube/index.ts";
import { startApiServer, type TestApiServer } from "../support/apiserver.ts";
import { type SkerryResult, skerry } from "../support/skerry.ts";

/** `deploy`, `remove` and `package` against a cluster that is no site: nothing but a kubeconfig. */
const packages = resolve("test/fixtures/zarf/public");
const first = join(packages, "upgrade/zarf-package-upgrade-amd64-1.0.0.tar.zst");
const second = join(packages, "upgrade/zarf-package-upgrade-amd64-2.0.0.tar.zst");
const selection = join(packages, "selection/zarf-package-selection-amd64-1.0.0.tar.zst");
const { signal } = new AbortController();

let api: TestApiServer;
let cluster: Cluster;
let folder: string;
beforeAll(async () => {
  api = await startApiServer();
  cluster = connectCluster(api.admin);
  folder = await mkdtemp(join(tmpdir(), "skerry-deploy-"));
  await writeFile(join(folder, "kubeconfig"), api.kubeconfigYaml, { mode: 0o600 });
});
afterAll(async () => {
  await cluster?.close();
  await api?.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = async (...args: readonly string[]): Promise<SkerryResult> =>
  await skerry(args, { cwd: folder, stateDir: join(folder, "state") });
const inCluster = async (...args: readonly string[]) => await run(...args, "--kubeconfig", "kubeconfig");
async function json(result: SkerryResult): Promise<Record<string, unknown>> {
  return await Promise.resolve(JSON.parse(result.stdout) as Record<string, unknown>);
}
const configMaps = async (namespace: string) =>
  (await cluster.list({ apiVersion: "v1", kind: "ConfigMap", namespace }, { signal })).items
    .map(({ metadata }) => metadata.name)
    .filter((name) => name !== "kube-root-ca.crt");

describe("skerry deploy", () => {
  it("takes no package for which nobody vouches", async () => {
    const result = await inCluster("deploy", first, "--yes", "--json");

    expect(result.code).toBe(6);
    expect(await json(result)).toMatchObject({ error: { code: "PACKAGE_UNTRUSTED" } });
  });

  it("says what it would do, and changes nothing", async () => {
    const result = await inCluster("deploy", first, "--allow-unsigned", "--dry-run");

    expect(result.code).toBe(0);
    expect(result.stdout).toContain("+ ConfigMap/up-ns/c-always");
    expect(result.stdout).toContain("chart c, release up-ns/c: revision 1");
    expect(await configMaps("up-ns")).toEqual([]);
  });

  it("asks, and where nobody can be asked does nothing", async () => {
    const result = await inCluster("deploy", first, "--allow-unsigned", "--json");

    expect(result.code).toBe(2);
    expect(await json(result)).toMatchObject({ error: { code: "CONFIRMATION_NEEDED" } });
    expect(await configMaps("up-ns")).toEqual([]);
  });

  it("deploys, and says what is there", async () => {
    const deployed = await inCluster("deploy", first, "--allow-unsigned", "--yes", "--json");

    expect(deployed.code).toBe(0);
    expect(await json(deployed)).toMatchObject({
      kind: "DeployResult",
      changed: 1,
      report: { package: { name: "upgrade", version: "1.0.0" }, components: ["keep", "gone"], record: "created" },
    });
    expect(await configMaps("up-ns")).toEqual(["a", "a-extra", "b", "c-always", "c-only-1"]);
  });

  it("brings it to another version and takes away what that does not have", async () => {
    const plan = await inCluster("deploy", second, "--allow-unsigned", "--dry-run", "--json");
    const result = await inCluster("deploy", second, "--allow-unsigned", "--yes");

    expect(await json(plan)).toMatchObject({
      package: { prunes: [{ objects: ["ConfigMap/up-gone/b"] }, { objects: ["ConfigMap/up-ns/b"] }] },
    });
    expect(result.code).toBe(0);
    expect(result.stdout).toContain("Package upgrade 2.0.0 is deployed");
    expect(await configMaps("up-ns")).toEqual(["a", "c-always", "c-only-2"]);
    expect(await configMaps("up-gone")).toEqual([]);
  });

  it("needs no cluster for files alone", async () => {
    const result = await run(
      "deploy",
      selection,
      "--allow-unsigned",
      "--yes",
      "--components",
      "choice,-preset",
      "--json",
    );

    expect(result.code).toBe(0);
    expect(await json(result)).toMatchObject({
      report: { record: "none", components: expect.arrayContaining(["always", "choice", "group-b"]) },
    });
  });

  it.each([
    ["a component that there is not", [selection, "--components", "choce"], "DEPLOY_SELECTION_INVALID", 2],
    ["a package that is not there", ["nowhere.tar.zst"], "DEPLOY_PACKAGE_MISSING", 2],
    ["a package that wants a cluster, and none", [first], "DEPLOY_CLUSTER_MISSING", 2],
    ["a namespace for a package of several", [first, "--namespace", "other"], "DEPLOY_NAMESPACE_REFUSED", 2],
    ["a variable that there is not", [first, "--set", "NOPE=1"], "PACKAGE_VARIABLE_INVALID", 3],
  ])("refuses %s", async (_what, args, code, exit) => {
    const result = await run("deploy", ...args, "--allow-unsigned", "--yes", "--json");

    expect(await json(result)).toMatchObject({ error: { code } });
    expect(result.code).toBe(exit);
  });
});

describe("skerry package", () => {
  it("lists what is deployed", async () => {
    const result = await inCluster("package", "list", "--json");

    expect(await json(result)).toMatchObject({
      packages: [{ name: "upgrade", version: "2.0.0", connectivity: "connected", deployedBy: "skerry" }],
    });
  });

  it("inspects without running anything", async () => {
    const actions = join(packages, "actions/zarf-package-actions-amd64-0.0.1.tar.zst");

    const result = await run("package", "inspect", actions, "actions", "--json");

    expect(result.code).toBe(0);
    const { actions: listed } = (await json(result)) as { actions: { component: string; cmd?: string }[] };
    expect(listed.length).toBeGreaterThan(10);
    expect(listed[0]).toMatchObject({ component: "create-side", occasion: "onCreate" });
  });

  it.each([
    ["summary", "upgrade 1.0.0 for amd64, not signed"],
    ["definition", "kind: ZarfPackageConfig"],
    ["images", "It brings no images."],
    ["manifests", "name: c-always"],
    ["values-files", ""],
    ["digest", "sha256:50c7e6ed560df8ce94ba9f9ab3f72f6be2482bb35392fcaf586634fb5dcbe2b9"],
  ])("shows %s", async (view, says) => {
    const result = await run("package", "inspect", first, view);

    expect(result.code).toBe(0);
    expect(result.stdout).toContain(says);
  });

  it("says that there is no bill of materials", async () => {
    const result = await run("package", "inspect", first, "sbom", "--json");

    expect(result.code).toBe(3);
    expect(await json(result)).toMatchObject({ error: { code: "PACKAGE_LACKS_CONTENT" } });
  });
});

describe("skerry remove", () => {
  it("shows what goes, and takes it away", async () => {
    const plan = await inCluster("remove", "upgrade", "--dry-run");
    const result = await inCluster("remove", "upgrade", "--yes", "--json");

    expect(plan.stdout).toContain("- release up-ns/c");
    expect(result.code).toBe(0);
    expect(await json(result)).toMatchObject({ report: { components: ["added", "keep"], isWhole: true } });
    expect(await configMaps("up-ns")).toEqual([]);
  });

  it("runs what a package of commands alone does on removal, by its file", async () => {
    const actions = join(packages, "actions/zarf-package-actions-amd64-0.0.1.tar.zst");

    const untrusted = await run("remove", actions, "--yes", "--json");
    const result = await run("remove", actions, "--allow-unsigned", "--yes", "--json");

    expect(await json(untrusted)).toMatchObject({ error: { code: "PACKAGE_UNTRUSTED" } });
    expect(result.code).toBe(0);
    expect(await json(result)).toMatchObject({ report: { cluster: "this machine", isWhole: true } });
  });

  it("knows what is not there", async () => {
    const result = await inCluster("remove", "upgrade", "--yes", "--json");

    expect(result.code).toBe(2);
    expect(await json(result)).toMatchObject({ error: { code: "DEPLOY_PACKAGE_UNKNOWN" } });
  });
});

import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureParts } from "../../parts/index.ts";
import { type ContainedRack, containedRack } from "../support/contained-rack.ts";
import { type DemoSite, demoSite, onePlusOne, succeeded } from "../support/demo-site.ts";
import { notContainable } from "../support/lab/contained.ts";

/** The life of a package on machines that are real inside: brought by `up`, updated, rolled back, removed. */
const lacking = await notContainable(2);
if (lacking !== undefined) console.warn(`\nSKIPPED: packages on a contained rack: ${lacking}\n`);

const signal = AbortSignal.timeout(800_000);
const fixture = "test/fixtures/packages/rack-web";
const update = ["rack-web", "--bundle", "update/update.bundle.tar", "--yes", "--no-input"] as const;

/** `up` brings the package after the demo's own. */
const siteText = `${onePlusOne}  - {name: rack-web, variables: {GREETING: Good morning}}\n`;

let site: DemoSite;
let rack: ContainedRack;
let helmFile: string;

/** The demo's bundle with version 1.0.0 in it, and a later, smaller one that only brings 1.1.0. */
async function prepare(folder: string, create: (...args: readonly string[]) => Promise<unknown>): Promise<void> {
  await cp(fixture, join(folder, "packages/rack-web"), { recursive: true });
  await writeFile(join(folder, "small.yaml"), siteText);
  const definition = await readFile(join(folder, "bundle.yaml"), "utf8");
  const changed = definition
    .replace("sites: [site.yaml, large-site.yaml]", "sites: [small.yaml]")
    .replace("  - {path: packages/demo}", "  - {path: packages/demo}\n  - {path: packages/rack-web}");
  await writeFile(join(folder, "bundle.yaml"), changed);

  await mkdir(join(folder, "update"));
  await cp(fixture, join(folder, "update/rack-web"), { recursive: true });
  for (const name of ["zarf.yaml", "chart/Chart.yaml"]) {
    const file = join(folder, "update/rack-web", name);
    await writeFile(file, (await readFile(file, "utf8")).replaceAll("version: 1.0.0", "version: 1.1.0"));
  }
  await writeFile(
    join(folder, "update/bundle.yaml"),
    [
      "apiVersion: skerry.dev/v1alpha1",
      "kind: Bundle",
      "name: update",
      "packages: [{path: rack-web}]",
      "sign: {key: ../demo.key}",
      "",
    ].join("\n"),
  );
  await create("update/bundle.yaml");
}

/** What the Service answers: the greeting that the pod behind it was started with. */
async function greeting(): Promise<string> {
  const said = await rack.kubectl(
    ...["get", "--raw", "/api/v1/namespaces/rack-web/services/web:80/proxy/shell?cmd=echo%20%24GREETING"],
  );
  return (JSON.parse(said) as { readonly output: string }).output.trim();
}

async function config(): Promise<unknown> {
  return JSON.parse(await rack.kubectl("-n", "rack-web", "get", "configmap", "greeting", "-o", "jsonpath={.data}"));
}

/** The pods that serve, by name, with the chart they came with. */
async function readyPods(): Promise<readonly string[]> {
  const text = await rack.kubectl("-n", "rack-web", "get", "pods", "-o", "json");
  const { items } = JSON.parse(text) as {
    readonly items: readonly {
      readonly metadata: {
        readonly name: string;
        readonly annotations: Record<string, string>;
        readonly deletionTimestamp?: string;
      };
      readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
    }[];
  };
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .filter(({ status }) => status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"))
    .map(({ metadata }) => `${metadata.name} ${metadata.annotations["chart"] ?? ""}`);
}

/** What the real helm says of the chart's release: "1 superseded web-1.0.0". */
async function history(): Promise<readonly string[]> {
  const { stdout } = succeeded(
    await rack.onLaptop(
      ...[helmFile, "history", "web", "--namespace", "rack-web", "--output", "json"],
      ...["--kubeconfig", join(rack.stateFolder, "kubeconfig")],
    ),
  );
  const revisions = JSON.parse(stdout) as readonly {
    readonly revision: number;
    readonly status: string;
    readonly chart: string;
  }[];
  return revisions.map(({ revision, status, chart }) => `${revision} ${status} ${chart}`);
}

/** "rack-web 1.1.0: config Succeeded, web Failed", of every package. */
async function deployed(): Promise<readonly string[]> {
  const { stdout } = succeeded(await rack.skerry("package", "list", "--json"));
  const { packages } = JSON.parse(stdout) as {
    readonly packages: readonly {
      readonly name: string;
      readonly version: string;
      readonly components: readonly { readonly name: string; readonly status: string }[];
    }[];
  };
  return packages.map(
    ({ name, version, components }) =>
      `${name} ${version}: ${components.map((each) => `${each.name} ${each.status}`).join(", ")}`,
  );
}

/** Everything that stays where it is put: pods and leases come and go by themselves. */
async function objects(): Promise<readonly string[]> {
  const kinds =
    "namespaces,configmaps,secrets,services,serviceaccounts,deployments,daemonsets,clusterroles,clusterrolebindings";
  const text = await rack.kubectl(
    ...["get", kinds, "--all-namespaces", "--output"],
    'jsonpath={range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name}{"\\n"}{end}',
  );
  return text.trim().split("\n").sort();
}

/** What the package's commands left in the folder that skerry was started in. */
async function trace(): Promise<readonly string[]> {
  return (await readFile(join(site.folder, "trace.txt"), "utf8")).trim().split("\n");
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const since = performance.now();
  const result = await work();
  console.log(`${what}: ${((performance.now() - since) / 1000).toFixed(1)} s`);
  return result;
}

describe.skipIf(lacking !== undefined)(`a package on a contained rack (${lacking ?? "all is there"})`, () => {
  beforeAll(async () => {
    helmFile = (await ensureParts({ only: ["helm"], signal })).helm;
    site = await timed("bundles", async () => await demoSite({ signal, prepare }));
    rack = await timed("rack", async () => await containedRack(site, "packages", siteText, { signal }));
  });

  afterAll(async () => await timed("down", async () => await site.remove()));

  it("comes with up: its chart serves, its variables are in place, its commands ran here", async () => {
    succeeded(await timed("up", async () => await rack.up(["--json"])));

    expect(await deployed()).toContain("rack-web 1.0.0: config Succeeded, web Succeeded");
    expect(await config()).toEqual({ greeting: "Good morning", capitals: "GOOD MORNING" });
    expect(await greeting()).toBe("Good morning");
    expect(await history()).toEqual(["1 deployed web-1.0.0"]);
    expect(await trace()).toEqual(["before Good morning", "after GOOD MORNING", "ready"]);
  });

  it("is updated by deploy to a later version out of another bundle, with other values", async () => {
    const before = await readyPods();

    const said = succeeded(
      await timed("update", async () => await rack.skerry("deploy", ...update, "--set", "GREETING=Good evening")),
    );

    expect(said.stdout).toContain("Package rack-web 1.1.0 is deployed");
    expect(await deployed()).toContain("rack-web 1.1.0: config Succeeded, web Succeeded");
    expect(await config()).toEqual({ greeting: "Good evening", capitals: "GOOD EVENING" });
    expect(await greeting()).toBe("Good evening");
    expect(await history()).toEqual(["1 superseded web-1.0.0", "2 deployed web-1.1.0"]);
    expect((await trace()).slice(3)).toEqual(["before Good evening", "after GOOD EVENING", "ready"]);
    expect(before).toEqual([expect.stringMatching(/ web-1\.0\.0$/)]);
    expect(await readyPods()).toEqual([expect.stringMatching(/ web-1\.1\.0$/)]);
  });

  it("is rolled back when an update never becomes ready; the pods that served go on serving", async () => {
    const before = await readyPods();
    const values = ["--set", "GREETING=Good evening", "--set", "READY_PORT=9", "--ready-timeout", "8s"];

    const said = await timed("failing update", async () => await rack.skerry("deploy", ...update, ...values));

    expect(said.code).toBe(7);
    expect(said.stderr).toContain("RELEASE_NOT_READY");
    expect(said.stderr).toContain("Deployment/rack-web/web");
    expect(said.stderr).toMatch(/Rolled back: revision 4 is revision 2 again/);
    expect(await history()).toEqual([
      "1 superseded web-1.0.0",
      "2 superseded web-1.1.0",
      "3 failed web-1.1.0",
      "4 deployed web-1.1.0",
    ]);
    expect(await readyPods()).toEqual(before);
    expect(await greeting()).toBe("Good evening");
    expect(await deployed()).toContain("rack-web 1.1.0: config Succeeded, web Failed");
    expect((await rack.skerry("package", "list")).stdout).toMatch(/rack-web +1\.1\.0 +config, web \(Failed\)/);
    expect((await trace()).slice(6)).toEqual(["before Good evening", "failed"]);
  });

  it("is whole again with the next deploy, without another revision of what is right already", async () => {
    succeeded(
      await timed("next", async () => await rack.skerry("deploy", ...update, "--set", "GREETING=Good evening")),
    );

    expect(await deployed()).toContain("rack-web 1.1.0: config Succeeded, web Succeeded");
    expect((await history()).slice(3)).toEqual(["4 deployed web-1.1.0"]);
  });

  it("is taken away by remove, and nothing else is", async () => {
    const before = await objects();

    const said = succeeded(await timed("remove", async () => await rack.skerry("remove", "rack-web", "--yes")));

    const after = await objects();
    expect(said.stdout).toContain("Package rack-web is removed");
    expect(after.filter((each) => !before.includes(each))).toEqual([]);
    expect(before.filter((each) => !after.includes(each))).toEqual([
      "ConfigMap/rack-web/greeting",
      "Deployment/rack-web/web",
      ...releases(before, "rack-web"),
      "Secret/zarf/zarf-package-rack-web",
      "Service/rack-web/web",
    ]);
    expect(releases(before, "rack-web").length).toBeGreaterThan(4);
    expect((await trace()).slice(-2)).toEqual(["going", "gone"]);
    expect(await deployed()).toEqual(["demo 0.1.0: web Succeeded", "rack-cni 0.1.0: cni Succeeded"]);
    expect(await rack.sight()).toMatchObject({ nodes: ["cp-1 current", "w-1 current"], workload: "current" });
  });
});

/** The release records in a namespace. */
function releases(all: readonly string[], namespace: string): readonly string[] {
  return all.filter((each) => each.startsWith(`Secret/${namespace}/sh.helm.release.v1.`));
}

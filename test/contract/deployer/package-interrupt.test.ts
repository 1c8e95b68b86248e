import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { type DeployEvent, deployPackage, planPackage, removePackage } from "../../../src/deployer/index.ts";
import { takePackageLease } from "../../../src/deployer/state/index.ts";
import { type Cluster, connectCluster } from "../../../src/kube/index.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { startApiServer, type TestApiServer } from "../../support/apiserver.ts";
import { memoryPackage } from "../../support/memory-package.ts";

let api: TestApiServer;
let cluster: Cluster;
const { signal } = new AbortController();
const leaseKind = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace: "zarf" };

beforeAll(async () => {
  api = await startApiServer();
  cluster = connectCluster(api.admin);
  await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "zarf" } }, { signal });
});
afterAll(async () => {
  await cluster?.close();
  await api?.stop();
});

/** What a package ran, in order; commands are not started, only noted. */
function notingWorkplace(options: { readonly failing?: string } = {}) {
  const ran: string[] = [];
  return {
    ran,
    workplace: {
      folder: "/nowhere",
      commands: {
        platform: "linux" as const,
        run: async ({ argv }: { readonly argv: readonly string[] }) => {
          const command = argv.at(-1) ?? "";
          ran.push(command);
          return await Promise.resolve({ exitCode: command === options.failing ? 1 : 0, stdout: `out of ${command}` });
        },
      },
      network: {
        tcp: async () => await Promise.resolve(undefined),
        http: async () => await Promise.resolve(undefined),
      },
    },
  };
}

const configMap = (name: string, data: object = {}) =>
  stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data });

/** Three components, each with an action before, a manifest and an action after. */
function threeOf(name: string, options: { readonly value?: string; readonly second?: object } = {}) {
  const component = (of: string, more: object = {}) => ({
    name: of,
    required: true,
    manifests: [{ name: of, namespace: name, files: ["m.yaml"] }],
    actions: {
      onDeploy: {
        before: [{ cmd: `${of} before` }],
        after: [{ cmd: `${of} after` }],
        onFailure: [{ cmd: `${of} failed` }],
      },
      onRemove: { before: [{ cmd: `${of} remove` }] },
    },
    ...more,
  });
  return memoryPackage({
    definition: {
      kind: "ZarfPackageConfig",
      metadata: { name, version: "1.0.0", architecture: "amd64" },
      components: [component("one"), component("two", options.second), component("three")],
    },
    files: Object.fromEntries(
      ["one", "two", "three"].map((of) => [
        of,
        { [`manifests/${of}-0.yaml`]: configMap(of, { v: options.value ?? "1" }) },
      ]),
    ),
  });
}

async function recordOf(name: string) {
  const ref = { apiVersion: "v1", kind: "Secret", namespace: "zarf", name: `zarf-package-${name}` };
  const secret = await cluster.get(ref, { signal });
  const { data } = secret["data"] as { data: string };
  const value = JSON.parse(Buffer.from(data, "base64").toString()) as {
    deployedComponents: { name: string; status: string }[];
  };
  return {
    annotations: secret.metadata.annotations,
    statuses: value.deployedComponents.map((each) => `${each.name} ${each.status}`),
  };
}
const leases = async () => (await cluster.list(leaseKind, { signal })).items.map(({ metadata }) => metadata.name);

describe("deployPackage() that is stopped", () => {
  it("goes on at the component where it stopped, and does not act again for those that were done", async () => {
    const pkg = threeOf("stopped");
    const stop = new AbortController();
    const first = notingWorkplace();
    const stopped = deployPackage({
      pkg,
      cluster,
      workplace: first.workplace,
      signal: stop.signal,
      onEvent: (event: DeployEvent) => {
        const isThere = event.kind === "release-done" && event.component === "two";
        if (isThere) stop.abort(new Error("pulled the plug"));
      },
    });

    await expect(stopped).rejects.toThrow("pulled the plug");

    expect(first.ran).toEqual(["one before", "one after", "two before"]);
    const between = await recordOf("stopped");
    expect(between.statuses).toEqual(["one Succeeded", "two Deploying"]);
    expect(between.annotations?.["skerry.dev/unfinished-inputs"]).toMatch(/^[0-9a-f]{64}@0$/);
    expect(await leases()).toEqual([]);

    const second = notingWorkplace();
    const outcome = await deployPackage({ pkg, cluster, workplace: second.workplace, signal });

    expect(second.ran).toEqual(["two before", "two after", "three before", "three after"]);
    expect(outcome.record).toBe("configured");
    const after = await recordOf("stopped");
    expect(after.statuses).toEqual(["one Succeeded", "two Succeeded", "three Succeeded"]);
    expect(after.annotations).toBeUndefined();
  });

  it("begins anew for another version", async () => {
    const pkg = threeOf("renewed");
    const stop = new AbortController();
    const stopped = deployPackage({
      pkg,
      cluster,
      workplace: notingWorkplace().workplace,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind === "component" && event.component === "two") stop.abort(new Error("stop"));
      },
    });
    await expect(stopped).rejects.toThrow("stop");

    const { ran, workplace } = notingWorkplace();
    await deployPackage({ pkg: threeOf("renewed", { value: "2" }), cluster, workplace, signal });

    expect(ran.slice(0, 2)).toEqual(["one before", "one after"]);
  });

  it("acts again where later components need what a finished one finds out", async () => {
    const sets = {
      actions: { onDeploy: { before: [{ cmd: "find out", setVariables: [{ name: "FOUND" }] }] } },
    };
    const pkg = threeOf("finding", { second: sets });
    const stop = new AbortController();
    const stopped = deployPackage({
      pkg,
      cluster,
      workplace: notingWorkplace().workplace,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.kind === "component" && event.component === "three") stop.abort(new Error("stop"));
      },
    });
    await expect(stopped).rejects.toThrow("stop");

    const { ran, workplace } = notingWorkplace();
    await deployPackage({ pkg, cluster, workplace, signal });

    expect(ran).toEqual(["find out", "three before", "three after"]);
  });
});

describe("deployPackage() that fails", () => {
  it("runs the component's actions on failure, records it, and succeeds once the cause is gone", async () => {
    const pkg = threeOf("failing");
    const first = notingWorkplace({ failing: "two after" });

    const failed = deployPackage({ pkg, cluster, workplace: first.workplace, signal });

    await expect(failed).rejects.toMatchObject({ code: "ACTION_FAILED" });
    expect(first.ran).toEqual(["one before", "one after", "two before", "two after", "two failed"]);
    expect((await recordOf("failing")).statuses).toEqual(["one Succeeded", "two Failed"]);
    expect(await leases()).toEqual([]);
    await deployPackage({ pkg, cluster, workplace: notingWorkplace().workplace, signal });
    expect((await recordOf("failing")).statuses).toEqual(["one Succeeded", "two Succeeded", "three Succeeded"]);
  });

  it("refuses an object of somebody else's, and leaves it as it was", async () => {
    await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "taken" } }, { signal });
    const other = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "one", namespace: "taken" },
      data: { v: "own" },
    };
    await cluster.create(other, { signal });
    const pkg = threeOf("taken");
    const { workplace } = notingWorkplace();

    await expect(deployPackage({ pkg, cluster, workplace, signal })).rejects.toMatchObject({
      code: "RELEASE_OWNED_BY_OTHERS",
    });

    const ref = { apiVersion: "v1", kind: "ConfigMap", namespace: "taken", name: "one" };
    expect(await cluster.get(ref, { signal })).toMatchObject({ data: { v: "own" } });
    await deployPackage({ pkg, cluster, workplace, signal, options: { takeOwnership: true, forceConflicts: true } });
    expect(await cluster.get(ref, { signal })).toMatchObject({ data: { v: "1" } });
  });
});

describe("removePackage()", () => {
  it("runs actions in reverse order of the components, and says after each step what is left", async () => {
    const pkg = threeOf("leaving");
    await deployPackage({ pkg, cluster, workplace: notingWorkplace().workplace, signal });
    const { ran, workplace } = notingWorkplace({ failing: "one remove" });

    const removal = removePackage({ name: "leaving", cluster, workplace, signal });

    await expect(removal).rejects.toMatchObject({ code: "ACTION_FAILED" });
    expect(ran).toEqual(["three remove", "two remove", "one remove"]);
    expect((await recordOf("leaving")).statuses).toEqual(["one Failed"]);
    const again = await removePackage({ name: "leaving", cluster, workplace: notingWorkplace().workplace, signal });
    expect(again).toMatchObject({ components: ["one"], isWhole: true });
  });

  it("takes only the components that were asked for", async () => {
    const pkg = threeOf("partly");
    await deployPackage({ pkg, cluster, workplace: notingWorkplace().workplace, signal });

    const outcome = await removePackage({
      name: "partly",
      components: ["t*"],
      cluster,
      workplace: notingWorkplace().workplace,
      signal,
    });

    expect(outcome).toMatchObject({ components: ["three", "two"], isWhole: false });
    expect((await recordOf("partly")).statuses).toEqual(["one Succeeded"]);
    const none = removePackage({ name: "partly", components: ["nope"], cluster, signal });
    await expect(none).rejects.toMatchObject({ code: "DEPLOY_SELECTION_INVALID" });
  });
});

describe("the lease of a package", () => {
  const self = { holder: "ada", host: "laptop-2", pid: 4711, run: "r1" };
  const lease = (more: object = {}) =>
    takePackageLease({ cluster, record: "zarf-package-leased", self, clock: systemClock, signal, ...more });

  it("keeps a second run away, and says who holds it", async () => {
    const held = await lease();
    const { workplace } = notingWorkplace();

    const second = deployPackage({ pkg: threeOf("leased"), cluster, workplace, signal });

    await expect(second).rejects.toMatchObject({
      code: "STATE_LEASE_HELD",
      message: expect.stringMatching(/^ada on laptop-2 \(process 4711\)/),
    });
    await held.release();
    await held.release();
    expect(await leases()).toEqual([]);
  });

  it("is taken over at once from a process of this host that is gone", async () => {
    const held = await lease();
    const heir = await lease({ self: { ...self, pid: 1, run: "r2" }, isAlive: () => false });

    // The first one finds out with its next heartbeat and never takes away what is not its own.
    await held.release();

    const found = await cluster.get({ ...leaseKind, name: "zarf-package-leased" }, { signal });
    expect(found["spec"]).toMatchObject({ holderIdentity: "ada laptop-2 1 r2" });
    await heir.release();
    expect(await leases()).toEqual([]);
  });

  it("is not taken over from a process that is alive", async () => {
    const held = await lease();

    await expect(lease({ self: { ...self, run: "r2" }, isAlive: () => true })).rejects.toMatchObject({
      code: "STATE_LEASE_HELD",
    });
    await held.release();
  });

  it("is taken over from another host a minute after it was last heard, if it stays silent", async () => {
    const held = await lease();
    let slept = 0;
    const later = {
      now: () => new Date(Date.now() + 61_000 + slept),
      sleep: async (ms: number, { signal: ended }: { readonly signal: AbortSignal }) => {
        // Heartbeats of the new holder wait for ever; the observation of the old one is over at once.
        if (slept > 0) await systemClock.sleep(2 ** 30, { signal: ended });
        slept += ms;
      },
    };

    const heir = await lease({ self: { ...self, host: "laptop-3", run: "r2" }, clock: later });

    expect(slept).toBeGreaterThan(10_000);
    await heir.release();
    await held.release();
  });
});

describe("planPackage()", () => {
  it("runs no action and writes nothing", async () => {
    const { ran, workplace } = notingWorkplace();

    const plan = await planPackage({ pkg: threeOf("planned"), cluster, workplace, signal });

    expect(ran).toEqual([]);
    expect(plan.components.map(({ actions }) => actions.length)).toEqual([3, 3, 3]);
    expect(plan.record).toBe("created");
    const ref = { apiVersion: "v1", kind: "Namespace", name: "planned" };
    await expect(cluster.get(ref, { signal })).rejects.toMatchObject({ code: "KUBE_NOT_FOUND" });
  });
});

import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { type Action, localNetwork, runActions } from "../../../../src/deployer/actions/index.ts";
import { findByJsonPath } from "../../../../src/deployer/actions/json-path.ts";
import { conditionReason, parseCondition } from "../../../../src/deployer/actions/wait-condition.ts";
import type { Cluster, KubeObject } from "../../../../src/kube/index.ts";
import type { Clock } from "../../../../src/lib/clock.ts";
import { OperatorError } from "../../../../src/lib/errors/index.ts";
import { actionContext } from "../../../support/action-context.ts";

/** Time that passes only while somebody sleeps. */
function sleepingClock(): Clock {
  let now = Date.UTC(2026, 0, 1);
  return {
    now: () => new Date(now),
    sleep: async (ms, { signal }) => {
      signal.throwIfAborted();
      now += ms;
      await Promise.resolve();
    },
  };
}

const object = (name: string, more: object = {}): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "demo" },
  ...more,
});

/** Answers each look with the next of these: the objects that are there, or an error. */
function clusterOf(looks: readonly (readonly KubeObject[] | OperatorError)[]): Cluster & { readonly asked: string[] } {
  const asked: string[] = [];
  let at = 0;
  const next = async (): Promise<readonly KubeObject[]> => {
    const look = looks[Math.min(at, looks.length - 1)] ?? [];
    at += 1;
    if (look instanceof OperatorError) throw look;
    return await Promise.resolve(look);
  };
  const cluster = {
    asked,
    served: async () => {
      const names = { plural: "configmaps", singular: "configmap", shortNames: ["cm"] };
      return await Promise.resolve([{ apiVersion: "v1", kind: "ConfigMap", isNamespaced: true, ...names }]);
    },
    get: async ({ name, namespace }: { readonly name: string; readonly namespace?: string }) => {
      asked.push(`get ${namespace ?? "-"}/${name}`);
      const found = (await next()).find((one) => one.metadata.name === name);
      if (found === undefined) throw new OperatorError("KUBE_NOT_FOUND", "not there");
      return found;
    },
    list: async ({ namespace, labelSelector }: { readonly namespace?: string; readonly labelSelector?: string }) => {
      asked.push(`list ${namespace ?? "-"} ${labelSelector ?? ""}`);
      return { items: await next(), resourceVersion: "1" };
    },
  };
  return cluster as unknown as Cluster & { readonly asked: string[] };
}

async function wait(cluster: Cluster | undefined, action: Action): Promise<readonly string[]> {
  const context = actionContext("/", { cluster, clock: sleepingClock() });
  await runActions({ after: [action] }, "after", context);
  return context.events.flatMap((event) => (event.kind === "waiting" ? [event.reason] : []));
}

const cm = (more: object = {}): Action => ({
  wait: { cluster: { kind: "cm", name: "a", namespace: "demo", ...more } },
});

describe("a wait for the cluster", () => {
  it("ends when the object is there, and tells each reason once", async () => {
    const cluster = clusterOf([[], [], new OperatorError("KUBE_UNREACHABLE", "no answer"), [object("a")]]);

    expect(await wait(cluster, cm())).toEqual(["there is no ConfigMap/a", "no answer"]);
    expect(cluster.asked).toEqual(Array.from({ length: 4 }, () => "get demo/a"));
  });

  it("goes on until its seconds are over, then repeats the last reason", async () => {
    const failure = wait(clusterOf([[object("a", { data: { ready: "no" } })]]), {
      ...cm({ condition: "'{.data.ready}'=yes" }),
      maxTotalSeconds: 3,
    });

    await expect(failure).rejects.toMatchObject({ code: "ACTION_WAIT_UNMET" });
    await expect(failure).rejects.toThrow("not within 3 s; {.data.ready} of ConfigMap/demo/a is no");
  });

  it("waits 300 seconds where nobody says", async () => {
    await expect(wait(clusterOf([[]]), cm())).rejects.toThrow("300 s");
  });

  it("waits for a kind that comes later", async () => {
    const failure = wait(clusterOf([]), { wait: { cluster: { kind: "widget", name: "a" } }, maxTotalSeconds: 2 });

    await expect(failure).rejects.toThrow("the cluster does not know the kind widget");
  });

  it("asks by labels, and wants all that have them", async () => {
    const ready = (status: string) => ({ status: { conditions: [{ type: "Ready", status, reason: "Why" }] } });
    const cluster = clusterOf([
      [],
      [object("a", ready("True")), object("b", ready("False"))],
      [object("a", ready("True")), object("b", ready("True"))],
    ]);

    const reasons = await wait(cluster, cm({ name: "app=web", condition: "ready" }));

    expect(reasons).toEqual([
      "there is no ConfigMap with app=web",
      "condition ready of ConfigMap/demo/b is False: Why",
    ]);
    expect(cluster.asked[0]).toBe("list demo app=web");
  });

  it("waits for any object where no name is given, and for none where it is to be deleted", async () => {
    expect(await wait(clusterOf([[], [object("x")]]), cm({ name: "", condition: "Ready" }))).toEqual([
      "there is no ConfigMap",
    ]);
    expect(await wait(clusterOf([[object("a")], []]), cm({ condition: "delete" }))).toEqual([
      "ConfigMap/demo/a is still there",
    ]);
  });

  it("fills variables into its fields", async () => {
    const cluster = clusterOf([[object("a-1")]]);
    const context = actionContext("/", {
      cluster,
      clock: sleepingClock(),
      builtIns: new Map([["REGISTRY", { value: "demo" }]]),
    });
    const variable = { type: "raw", autoIndent: false, isSensitive: false, origin: { kind: "given" } } as const;
    context.scope.update((scope) => ({
      ...scope,
      variables: new Map([
        ["N", { ...variable, value: "a" }],
        ["NO", { ...variable, value: "1" }],
      ]),
    }));

    // biome-ignore lint/suspicious/noTemplateCurlyInString: as packages write it
    const name = "${ZARF_VAR_N}-$ZARF_VAR_NO";
    await runActions({ after: [cm({ name, namespace: "$ZARF_REGISTRY" })] }, "after", context);

    expect(cluster.asked).toEqual(["get demo/a-1"]);
  });
});

describe("parseCondition()", () => {
  it.each([
    ["", { kind: "exists" }],
    ["Exists", { kind: "exists" }],
    ["create", { kind: "exists" }],
    ["delete", { kind: "delete" }],
    ["Available", { kind: "condition", type: "Available", status: "true" }],
    ["Ready=False", { kind: "condition", type: "Ready", status: "false" }],
    ["'{.data.ready}'=yes", { kind: "jsonpath", path: "{.data.ready}", expected: "yes" }],
    ["{.a}=x=y", { kind: "jsonpath", path: "{.a}", expected: "x=y" }],
    ["{.a}", { kind: "jsonpath", path: "{.a}", expected: undefined }],
    ["'{.a['b.c']}'=1", { kind: "jsonpath", path: "{.a['b.c']}", expected: "1" }],
    [
      '{.status.conditions[?(@.type=="Ready")].status}=True',
      { kind: "jsonpath", path: '{.status.conditions[?(@.type=="Ready")].status}', expected: "True" },
    ],
  ])("reads %j", (text, expected) => {
    expect(parseCondition(text)).toEqual(expected);
  });

  it.each(["{.a[0:2]}=1", "{.a..b}=1", "{range .a}=1", "{.a"])("refuses %j", (text) => {
    expect(() => parseCondition(text)).toThrow(expect.objectContaining({ code: "ACTION_UNSUPPORTED" }));
  });
});

describe("conditionReason()", () => {
  it("does not trust a condition of an older version", () => {
    const status = { observedGeneration: 1, conditions: [{ type: "Ready", status: "True" }] };
    const condition = parseCondition("Ready");

    expect(conditionReason(object("a", { status }), condition)).toBeUndefined();
    expect(
      conditionReason({ ...object("a", { status }), metadata: { name: "a", generation: 2 } }, condition),
    ).toContain("newer version");
  });

  it("never repeats a value of a Secret", () => {
    const secret = { ...object("a", { data: { password: "aHVudGVyMg==" } }), kind: "Secret" };

    expect(conditionReason(secret, parseCondition("{.data.password}=x"))).not.toContain("aHVudGVyMg");
  });
});

describe("findByJsonPath()", () => {
  const found = {
    metadata: { labels: { "app.kubernetes.io/name": "web" } },
    status: {
      replicas: 2,
      conditions: [
        { type: "Ready", status: "True" },
        { type: "Other", status: "No" },
      ],
    },
    list: [{ a: 1 }, { a: 2 }],
  };
  it.each([
    ["{.status.replicas}", [2]],
    ["{.list[1].a}", [2]],
    ["{.list[-1].a}", [2]],
    ["{.list[*].a}", [1, 2]],
    ["{$.list[0]['a']}", [1]],
    ["{.metadata.labels.app\\.kubernetes\\.io/name}", ["web"]],
    ['{.status.conditions[?(@.type=="Ready")].status}', ["True"]],
    ["{.status.conditions[?(@.type!='Ready')].type}", ["Other"]],
    ["{.nothing.here}", []],
    ["{.list.a}", []],
  ])("finds %s", (path, values) => {
    expect(findByJsonPath(path, found)).toEqual(values);
  });
});

describe("localNetwork()", () => {
  const call = { signal: new AbortController().signal };

  it("dials", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;

    expect(await localNetwork().tcp(`127.0.0.1:${port}`, call)).toBeUndefined();
    await new Promise((resolve) => server.close(resolve));
    expect(await localNetwork().tcp(`127.0.0.1:${port}`, call)).toContain("ECONNREFUSED");
    expect(await localNetwork().tcp("nonsense", call)).toContain("host:port");
  });

  it("asks, follows, and compares the code", async () => {
    const server = createHttpServer((request, response) => {
      if (request.url === "/moved") response.writeHead(302, { location: "/here" }).end();
      else response.writeHead(request.url === "/here" ? 200 : 404).end("body");
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

    expect(await localNetwork().http(`${base}/moved`, 200, call)).toBeUndefined();
    expect(await localNetwork().http(`${base}/none`, 404, call)).toBeUndefined();
    expect(await localNetwork().http(`${base}/none`, 200, call)).toContain("answers 404");
    expect(await localNetwork().http(`${base}/here`, "success", call)).toBeUndefined();
    expect(await localNetwork().http(`${base}/none`, "success", call)).toContain("answers 404");
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    expect(await localNetwork().http(base, 200, call)).toContain("ECONNREFUSED");
  });
});

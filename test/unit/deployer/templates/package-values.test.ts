import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ClusterState } from "../../../../src/deployer/state/index.ts";
import {
  builtInValues,
  chartValues,
  checkValues,
  emptyClusterState,
  emptyScope,
  packageValues,
  parseOutput,
  parseValues,
  setAt,
  stateOf,
} from "../../../../src/deployer/templates/index.ts";
import { recordedFiles, recordedSteps } from "../../../support/zarf-recordings.ts";

const source = "test/fixtures/zarf/public/values-docs-import/src";
const own = packageValues({
  packageYaml: undefined,
  files: ["lib/lib-values.yaml", "values/base.yaml", "values/over.yaml"].map((name) => ({
    name,
    yaml: readFileSync(`${source}/${name}`, "utf8"),
  })),
  assignments: {},
});
const ownYaml = JSON.stringify(own);
const schema = readFileSync(`${source}/values/schema.json`, "utf8");

describe("packageValues()", () => {
  it("lays files over the package's own, and assignments over those", () => {
    expect(own).toEqual({
      app: { name: "over", libOnly: true, settings: { a: 1, b: ["z"], secret: "hidden", c: 1.5 } },
      num: 0,
      dynamic: {},
      str: { deep: "none" },
    });
    const values = packageValues({
      packageYaml: ownYaml,
      files: [{ name: "my.yaml", yaml: "app: {name: fromfile, settings: {c: null, new: 1}}" }],
      assignments: { "app.name": "cli", num: "3", "extra.x": "true", q: "'5'", ".dotted": "0755" },
    });

    expect(values).toMatchObject({ app: { name: "cli", settings: { a: 1, c: null, new: 1 } }, num: 3 });
    expect(values).toMatchObject({ extra: { x: true }, q: "5", dotted: "0755" });
  });

  it.each([
    ["TRUE", true],
    ["False", false],
    ["0", 0],
    ["-7", -7],
    ["+7", 7],
    ["007", "007"],
    ["1.5", "1.5"],
    ["1e3", "1e3"],
    ["", ""],
    ["''", ""],
    ["9007199254740993", "9007199254740993"],
  ])("infers %j as Zarf does", (text, value) => {
    expect(packageValues({ packageYaml: undefined, files: [], assignments: { a: text } })).toEqual({ a: value });
  });

  it("does not set below what is no map", () => {
    const set = () => packageValues({ packageYaml: "a: 1", files: [], assignments: { "a.b": "1" } });

    expect(set).toThrow(expect.objectContaining({ code: "PACKAGE_VALUES_INVALID" }));
  });

  it("keeps what every object inherits out of paths", () => {
    const values = packageValues({
      packageYaml: undefined,
      files: [],
      assignments: { "__proto__.x": "1", "constructor.y": "2" },
    });

    expect(Object.keys(values)).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });
});

describe("parseValues()", () => {
  it.each(["[1]", "a", "a: [", "a: 123456789012345678901", "a: .nan"])("refuses %j", (yaml) => {
    expect(() => parseValues(yaml, "v.yaml")).toThrow(expect.objectContaining({ code: "PACKAGE_VALUES_INVALID" }));
  });

  it("takes an empty file for no values, and yes for text", () => {
    expect(parseValues("", "v.yaml")).toEqual({});
    expect(parseValues("a: yes\nb: 2026-01-01", "v.yaml")).toEqual({ a: "yes", b: "2026-01-01" });
  });
});

describe("parseOutput()", () => {
  it("never repeats what was printed", () => {
    try {
      parseOutput("{secret-text", "json");
      expect.unreachable();
    } catch (error) {
      expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("secret-text");
    }
  });
});

describe("checkValues()", () => {
  it("names every problem by its path, as the recorded package has it", () => {
    checkValues(own, schema, "demo");
    expect(() => checkValues(setAt(setAt(own, ".app.name", "x"), ".num", "3"), schema, "demo")).toThrow(
      expect.objectContaining({
        code: "PACKAGE_VALUES_INVALID",
        problems: [{ message: ".app.name must NOT have fewer than 2 characters" }, { message: ".num must be integer" }],
      }),
    );
  });

  it("refuses a schema that is none", () => {
    expect(() => checkValues({}, "{", "demo")).toThrow(expect.objectContaining({ code: "PACKAGE_VALUES_INVALID" }));
    expect(() => checkValues({}, '{"type":"nonsense"}', "demo")).toThrow(
      expect.objectContaining({ code: "PACKAGE_VALUES_INVALID" }),
    );
  });
});

describe("chartValues()", () => {
  const variable = {
    value: "p",
    type: "raw",
    autoIndent: false,
    isSensitive: false,
    origin: { kind: "default" },
  } as const;
  const scope = { ...emptyScope, values: own, variables: new Map([["PARENT", variable]]) };
  const chart = {
    name: "app",
    variables: [
      { name: "PARENT", path: "fromVariable" },
      { name: "UNSET", path: "never" },
    ],
    values: [
      { sourcePath: ".app.settings", targetPath: ".settings", excludePaths: [".app.settings.secret"] },
      { sourcePath: ".app.name", targetPath: ".title", excludePaths: [] },
    ],
  };

  it("gives what the recorded release was given, but for its values files", () => {
    const created = recordedSteps("deploy-connected/values-docs-import.json")[0]?.cluster.created ?? {};
    const { config } = (
      created["Secret.v1/val-ns/sh.helm.release.v1.app.v1"] as {
        readonly data: { readonly release: { readonly value: { readonly config: Readonly<Record<string, unknown>> } } };
      }
    ).data.release.value;
    const { num: _, plain: __, templ: ___, ...over } = config;

    expect(chartValues(chart, scope)).toEqual(over);
    expect(scope.values).toBe(own);
  });

  it("maps the root, and refuses what is not there", () => {
    const all = { ...chart, variables: [], values: [{ sourcePath: ".", targetPath: ".", excludePaths: [".app"] }] };
    const gone = { ...chart, values: [{ sourcePath: ".gone", targetPath: ".x", excludePaths: [] }] };

    expect(chartValues(all, scope)).toEqual({ num: 0, dynamic: {}, str: { deep: "none" } });
    expect(() => chartValues(gone, scope)).toThrow(expect.objectContaining({ code: "PACKAGE_VALUES_UNDEFINED" }));
  });
});

describe("what comes from the state of the cluster", () => {
  const state: ClusterState = {
    ...emptyClusterState,
    distro: "unknown",
    storageClass: "fast",
    ipFamily: "ipv4",
    registry: {
      address: "127.0.0.1:5056",
      port: 0,
      mode: "external",
      mtlsStrategy: "",
      pushUsername: "push-user",
      pushPassword: "push-pw",
      pullUsername: "pull-user",
      pullPassword: "pull-pw",
      secret: "rwsvN~BqI4-b7WFMiNpq2jgULRYPX4Wrfp!8UgOY-GR!m7T2",
    },
    git: {
      address: "http://127.0.0.1:5088",
      isInternal: false,
      pushUsername: "zarf-git-user",
      pushPassword: "git-pw",
      pullUsername: "git-read",
      pullPassword: "git-read-pw",
    },
  };
  const options = { component: "builtins", marker: ".zarf-injection-1795356422" };

  it("builtInValues() are those of the recorded environment", () => {
    const recorded = recordedFiles("deploy-initialised/builtins.json").files.get("builtins-env.txt")?.toString() ?? "";
    const lines = [...builtInValues(state, options)].flatMap(([key, { value }]) => [
      `ZARF_${key}=${value}`,
      `zarf_${key.toLowerCase()}=${value}`,
    ]);

    expect(lines.sort()).toEqual(recorded.trim().split("\n").sort());
  });

  it("stateOf() is the recorded .State, and without access has no secrets", () => {
    const created = recordedSteps("deploy-initialised/builtins.json")[0]?.cluster.created ?? {};
    const { data } = created["ConfigMap.v1/builtins-ns/go"] as { readonly data: { readonly state: string } };

    expect(stateOf(state, { access: ["registryCredentials", "gitCredentials"] })).toEqual(JSON.parse(data.state));
    expect(JSON.stringify(stateOf(state, { access: [] }))).not.toMatch(/pw|rwsv|Agent/);
  });

  it("keeps what only components of an init package see from others", () => {
    const keysFor = (component: string) => [...builtInValues(state, { ...options, component }).keys()];

    expect(keysFor("web")).not.toContain("REGISTRY_SECRET");
    expect(keysFor("zarf-registry")).toEqual(expect.arrayContaining(["SEED_REGISTRY", "HTPASSWD", "REGISTRY_SECRET"]));
    expect(keysFor("zarf-agent")).toEqual(expect.arrayContaining(["AGENT_CRT", "AGENT_KEY", "AGENT_CA"]));
  });

  it("refuses to make up an htpasswd for a registry of Zarf's own", () => {
    const { registry } = state;
    const internal: ClusterState = { ...state, registry: registry && { ...registry, mode: "nodeport" } };

    expect(() => builtInValues(internal, { ...options, component: "zarf-registry" })).toThrow(
      expect.objectContaining({ code: "PACKAGE_FEATURE_UNSUPPORTED" }),
    );
  });
});

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type ChartEngine, createChartEngine } from "../../../src/deployer/charts/engine/index.ts";
import { openPackage } from "../../../src/deployer/package/open-package.ts";
import { zarfJson } from "../../../src/deployer/package/zarf-json.ts";
import { applyGoTemplate, emptyScope, parseValues } from "../../../src/deployer/templates/index.ts";
import { recordedSteps } from "../../support/zarf-recordings.ts";

const signal = new AbortController().signal;
const fixtures = "test/fixtures/zarf/public";
const recordedData = (name: string, object: string): Readonly<Record<string, string>> => {
  const created = recordedSteps(name)[0]?.cluster.created ?? {};
  return (created[object] as { readonly data: Readonly<Record<string, string>> }).data;
};

describe("applyGoTemplate() with Helm's engine, as Zarf's recordings", () => {
  let engine: ChartEngine;
  beforeAll(() => {
    engine = createChartEngine();
  });
  afterAll(async () => {
    await engine.close();
  });

  /** `.Pkg` of a recorded package. */
  async function packageOf(path: string) {
    const pkg = await openPackage({ path: `${fixtures}/${path}` }, { trust: { allowUnsigned: true }, signal });
    await pkg.close();
    return zarfJson(pkg.definition, { files: "stored" });
  }

  it("gives .Pkg the names of Zarf's fields, and in JSON those of zarf.yaml", async () => {
    const recorded = recordedData("deploy-initialised/builtins.json", "ConfigMap.v1/builtins-ns/go");
    const text = readFileSync(`${fixtures}/builtins/src/go.yaml`, "utf8");
    const state = JSON.parse(recorded["state"] ?? "");
    const definition = await packageOf("builtins/zarf-package-builtins-amd64-1.0.0.tar.zst");

    const done = await applyGoTemplate(
      engine,
      { name: "go.yaml", text, scope: emptyScope, state, package: definition },
      { signal },
    );

    expect((parse(done) as { readonly data: unknown }).data).toEqual(recorded);
  });

  it("fills in values, also those that actions have set", async () => {
    const recorded = recordedData("deploy-connected/values-docs-import.json", "ConfigMap.v1/val-ns/templated");
    const text = readFileSync(`${fixtures}/values-docs-import/src/templated.yaml`, "utf8");
    const values = parseValues(
      "{app: {name: over, libOnly: true, settings: {a: 1, b: [z], c: 1.5, secret: hidden}}, num: 12, str: {deep: '12'}, dynamic: {n: 5, s: text}}",
      "values.yaml",
    );
    const definition = await packageOf("values-docs-import/zarf-package-values-docs-import-amd64-1.0.0.tar.zst");

    const done = await applyGoTemplate(
      engine,
      { name: "templated.yaml", text, scope: { ...emptyScope, values }, package: definition },
      { signal },
    );

    expect((parse(done.replace("###ZARF_VAR_PARENT###", "p")) as { readonly data: unknown }).data).toEqual(recorded);
  });

  it("gives fields that a package leaves out their empty values, and knows no package in actions", async () => {
    const text = "[{{ .Pkg.Metadata.Description }}{{ .Pkg.Build.Flavor }}]";
    const request = { name: "x", text, scope: emptyScope };
    const definition = await packageOf("builtins/zarf-package-builtins-amd64-1.0.0.tar.zst");

    expect(await applyGoTemplate(engine, { ...request, package: definition }, { signal })).toBe("[]");
    await expect(applyGoTemplate(engine, request, { signal })).rejects.toMatchObject({
      code: "CHART_TEMPLATE_INVALID",
    });
  });
});

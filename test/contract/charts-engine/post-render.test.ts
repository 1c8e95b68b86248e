import { afterAll, describe, expect, it } from "vitest";
import { createChartEngine } from "../../../src/deployer/charts/engine/index.ts";
import { type ChartCase, configMap } from "../../support/charts/chart-case.ts";
import { requestOf } from "../../support/charts/render-case.ts";

const engine = createChartEngine();
const { signal } = new AbortController();
afterAll(() => engine.close());

const chart: ChartCase = {
  name: "",
  files: {
    "templates/a.yaml": configMap("one"),
    "templates/hook.yaml":
      "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: h\n  annotations:\n    helm.sh/hook: pre-install\n",
    "templates/NOTES.txt": "notes\n",
  },
};
const render = (postRender: (merged: string) => Promise<string>, more = {}) =>
  engine.render({ ...requestOf(chart), postRender, ...more }, { signal });

describe("postRender", () => {
  it("sees every document with its file, hooks too and notes not", async () => {
    let seen = "";
    await render(async (merged) => {
      seen = merged;
      return merged;
    });

    expect(seen).toBe(
      "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations:\n    postrenderer.helm.sh/postrender-filename: 'web/templates/a.yaml'\ndata:\n  value: one\n---\n" +
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: h\n  annotations:\n    helm.sh/hook: pre-install\n    postrenderer.helm.sh/postrender-filename: 'web/templates/hook.yaml'\n",
    );
  });

  it("changes, adds, removes and moves documents", async () => {
    const rendered = await render(async (merged) => {
      const [map = "", hook = ""] = merged.replace("value: one", "value: two").split("---\n");
      return `${map}---\nkind: Secret\nmetadata:\n  name: added\n---\n${hook.replace("helm.sh/hook", "example.com/no-hook")}`;
    });

    expect(rendered.hooks).toEqual([]);
    expect(rendered.manifest).toBe(
      "---\n# Source: generated-by-postrender-1.yaml\nkind: Secret\nmetadata:\n  name: added\n\n" +
        "---\n# Source: web/templates/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  value: two\n\n" +
        "---\n# Source: web/templates/hook.yaml\napiVersion: batch/v1\nkind: Job\nmetadata:\n  name: h\n  annotations:\n    example.com/no-hook: pre-install\n\n",
    );
    expect(rendered.notes).toBe("notes\n");
  });

  it("may take everything away", async () => {
    expect(await render(async () => "")).toMatchObject({ manifest: "", hooks: [] });
  });

  it("fails as helm does on what is no YAML, without sensitive texts", async () => {
    const failing = render(async () => "a: [hunter22\nb: {", { sensitive: ["hunter22"] });

    await expect(failing).rejects.toMatchObject({
      code: "CHART_RENDER_FAILED",
      message: expect.stringMatching(/^error while parsing post rendered output: error parsing YAML: (?!.*hunter22)/s),
    });
  });

  it("passes on its own failure", async () => {
    const reason = new Error("no");

    await expect(render(() => Promise.reject(reason))).rejects.toBe(reason);
  });
});

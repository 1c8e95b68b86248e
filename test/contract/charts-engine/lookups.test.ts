import { afterAll, describe, expect, it } from "vitest";
import { createChartEngine, type JsonObject, type LookupQuery } from "../../../src/deployer/charts/engine/index.ts";
import { blockMap, type ChartCase } from "../../support/charts/chart-case.ts";
import { requestOf } from "../../support/charts/render-case.ts";

const engine = createChartEngine();
const { signal } = new AbortController();
afterAll(() => engine.close());

const chart = (template: string): ChartCase => ({ name: "", files: { "templates/a.yaml": blockMap(template) } });

async function render(template: string, cluster: (query: LookupQuery) => JsonObject | undefined) {
  const asked: LookupQuery[] = [];
  const lookup = async (query: LookupQuery): Promise<JsonObject | undefined> => {
    asked.push(query);
    return cluster(query);
  };
  const rendered = await engine.render({ ...requestOf(chart(template)), lookup }, { signal });
  return { text: rendered.manifest, asked };
}

describe("lookup", () => {
  it("asks once for each object, and finds nothing where there is none", async () => {
    const { text, asked } = await render(
      '{{ lookup "v1" "Secret" "shop" "a" | toJson }} {{ lookup "v1" "Secret" "shop" "a" | toJson }} {{ lookup "v1" "Pod" "" "" | toJson }}',
      () => undefined,
    );

    expect(asked).toEqual([
      { apiVersion: "v1", kind: "Secret", namespace: "shop", name: "a" },
      { apiVersion: "v1", kind: "Pod", namespace: "", name: "" },
    ]);
    expect(text).toContain("{} {} {}");
  });

  it("renders with what was found, whole numbers whole", async () => {
    const { text } = await render(
      '{{ $d := lookup "apps/v1" "Deployment" "shop" "d" }}{{ $d.spec.replicas }} {{ $d.spec.big }} {{ $d.spec.ratio }} {{ $d | toJson }}',
      () => ({
        spec: { replicas: 3, big: 1_000_000_000, ratio: 0.5 },
      }),
    );

    expect(text).toContain('3 1000000000 0.5 {"spec":{"big":1000000000,"ratio":0.5,"replicas":3}}');
  });

  it("goes on while answers lead to questions", async () => {
    const { text, asked } = await render(
      '{{ range (lookup "v1" "Namespace" "" "").items }}{{ $s := lookup "v1" "Secret" .metadata.name "s" }}{{ with $s }}{{ (lookup "v1" "ConfigMap" .next "c").found }}{{ end }}{{ end }}',
      ({ kind }) =>
        kind === "Namespace"
          ? { items: [{ metadata: { name: "one" } }, { metadata: { name: "two" } }] }
          : kind === "Secret"
            ? { next: "three" }
            : { found: "here" },
    );

    expect(text).toContain("herehere");
    expect(asked.map(({ kind, namespace }) => `${kind}/${namespace}`)).toEqual([
      "Namespace/",
      "Secret/one",
      "Secret/two",
      "ConfigMap/three",
    ]);
  });

  it("answers before a template's complaint that it found nothing counts", async () => {
    const { text } = await render(
      '{{ $s := lookup "v1" "Secret" "shop" "s" }}{{ if not $s }}{{ fail "there has to be a secret" }}{{ end }}{{ $s.data.x | b64dec }}',
      () => ({ data: { x: "aGVsbG8=" } }),
    );

    expect(text).toContain("hello");
    await expect(
      render(
        '{{ if not (lookup "v1" "Secret" "shop" "s") }}{{ fail "there has to be a secret" }}{{ end }}',
        () => undefined,
      ),
    ).rejects.toMatchObject({
      code: "CHART_RENDER_FAILED",
      message: expect.stringContaining("there has to be a secret"),
    });
  });

  it("passes on what the cluster refused", async () => {
    const refusal = new Error("forbidden");

    await expect(
      render('{{ lookup "v1" "Secret" "shop" "s" }}', () => {
        throw refusal;
      }),
    ).rejects.toBe(refusal);
  });

  it("gives up on a template that never has enough", async () => {
    await expect(
      render('{{ lookup "v1" "Secret" "shop" (now | unixEpoch | toString | cat (uuidv4) | nospace) }}', () => ({})),
    ).rejects.toMatchObject({ code: "CHART_LOOKUP_ENDLESS" });
  });
});

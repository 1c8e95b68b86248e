import { getEventListeners } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createChartEngine } from "../../../src/deployer/charts/engine/index.ts";
import { blockMap, type ChartCase, configMap } from "../../support/charts/chart-case.ts";
import { requestOf } from "../../support/charts/render-case.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const engine = createChartEngine();
const { signal } = new AbortController();
afterAll(() => engine.close());

const chart = (template: string, more: ChartCase["files"] = {}): ChartCase => ({
  name: "",
  files: { "templates/a.yaml": blockMap(template), ...more },
});
const works = async (): Promise<void> => {
  const { manifest } = await engine.render(requestOf(chart("works")), { signal });
  expect(manifest).toContain("works");
};
const endless = "{{ range $i := until 2000000 }}{{ range $j := until 2000000 }}{{ end }}{{ end }}";

describe("a chart that does not end", () => {
  it("is stopped at its time limit, and the next one renders", async () => {
    await works();
    const render = engine.render({ ...requestOf(chart(endless)), limits: { timeoutMs: 300 } }, { signal });

    await expect(render).rejects.toMatchObject({
      code: "CHART_TIMEOUT",
      message: "release web: not finished within 0.3 s, so it was stopped",
    });
    await works();
  });

  it("is stopped by its signal, with the signal's reason, and leaves no listener", async () => {
    const controller = new AbortController();
    const reason = new Error("interrupted");
    const render = engine.render(requestOf(chart(endless)), { signal: controller.signal });
    const waiting = engine.render(requestOf(chart("also")), { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 100);

    await expect(render).rejects.toBe(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    await works();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("does not hold up the signal of one that waits behind it", async () => {
    const controller = new AbortController();
    const reason = new Error("interrupted");
    const first = engine.render({ ...requestOf(chart(endless)), limits: { timeoutMs: 3000 } }, { signal });
    const waiting = engine.render(requestOf(chart("also")), { signal: controller.signal });
    const start = performance.now();
    controller.abort(reason);

    await expect(waiting).rejects.toBe(reason);
    expect(performance.now() - start).toBeLessThan(1000);
    await expect(first).rejects.toMatchObject({ code: "CHART_TIMEOUT" });
  });

  it.each([
    [
      "a template as well",
      () => engine.goTemplate({ name: "x", text: endless, data: {}, limits: { timeoutMs: 200 } }, { signal }),
    ],
  ])("%s", async (_name, run) => {
    await expect(run()).rejects.toMatchObject({ code: "CHART_TIMEOUT" });
    await works();
  });
});

describe("a chart that wants too much", () => {
  it.each([
    ["a list of everything", "{{ $all := until 2000000000 }}{{ len $all }}"],
    [
      "a text that doubles",
      '{{ $t := "0123456789abcdef" }}{{ range until 40 }}{{ $t = printf "%s%s" $t $t }}{{ end }}{{ len $t }}',
    ],
    ["a repetition", '{{ repeat 300000000 "abcdefgh" | len }}'],
    ["a template that calls itself", '{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}'],
    ["an include that calls itself", '{{ define "a" }}x{{ include "a" . }}{{ end }}{{ include "a" . }}'],
    ["tpl that calls itself", "{{ tpl .Values.t . }}"],
    ["YAML that is deep", '{{ fromYaml (repeat 200000 "{a: ") | toJson }}'],
  ])("fails and leaves the next one alone: %s", async (_name, template) => {
    const more = { "values.yaml": "t: '{{ tpl .Values.t . }}'\n" };
    const render = engine.render({ ...requestOf(chart(template, more)), limits: { timeoutMs: 60_000 } }, { signal });

    const outcome = await render.then(
      ({ manifest }) => ({ code: "rendered", message: manifest }),
      (error: { code: string; message: string }) => error,
    );

    // Deep YAML is an error that fromYaml answers with; everything else fails.
    if (outcome.code === "rendered") expect(outcome.message).toContain("Error");
    else expect(outcome.code).toBe("CHART_RENDER_FAILED");
    expect(outcome.message.length).toBeLessThan(10_000);
    await works();
  });

  it("does not grow from one chart to the next", async () => {
    const request = requestOf(chart('{{ repeat 2000000 "abcdefgh" | sha256sum }}'));
    for (let round = 0; round < 5; round++) await engine.render(request, { signal });
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 40; round++) await engine.render(request, { signal });

    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  });
});

describe("a chart that looks around", () => {
  it("finds no files, whatever its schema refers to", async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "schema.json");
    await writeFile(file, '{"required": ["x"]}');
    const render = engine.render(
      requestOf({
        name: "",
        files: { "values.schema.json": JSON.stringify({ $ref: `file://${file}` }), "templates/a.yaml": configMap("x") },
      }),
      { signal },
    );

    await expect(render).rejects.toMatchObject({
      code: "CHART_VALUES_INVALID",
      message: expect.stringContaining("failing loading"),
    });
  });

  it.each(["http://127.0.0.1:9/s.json", "https://127.0.0.1:9/s.json"])("reaches no network: %s", async ($ref) => {
    const render = engine.render(
      requestOf({
        name: "",
        files: { "values.schema.json": JSON.stringify({ $ref }), "templates/a.yaml": configMap("x") },
      }),
      { signal },
    );

    await expect(render).rejects.toMatchObject({ code: "CHART_VALUES_INVALID" });
  });

  it("has no environment and no names of hosts", async () => {
    await expect(
      engine.goTemplate({ name: "x", text: '{{ env "PATH" }}', data: {} }, { signal }),
    ).rejects.toMatchObject({ code: "CHART_TEMPLATE_INVALID" });
    const { manifest } = await engine.render(requestOf(chart('[{{ getHostByName "localhost" }}]')), { signal });
    expect(manifest).toContain("[]");
  });
});

describe("the engine", () => {
  it("answers many at once, each its own", async () => {
    const rendered = await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        engine.render({ ...requestOf(chart("{{ .Values.n }}")), values: { n: `number-${index}` } }, { signal }),
      ),
    );

    for (const [index, { manifest }] of rendered.entries()) expect(manifest).toContain(`number-${index}\n`);
  });

  it("throws its own dice, in every instance others", async () => {
    const text = "{{ randAlphaNum 20 }} {{ uuidv4 }} {{ randInt 0 1000000000 }}";
    const thrown: string[] = [];
    for (let round = 0; round < 3; round++) {
      const other = createChartEngine();
      thrown.push(...(await other.goTemplate({ name: "x", text, data: {} }, { signal })).split(" "));
      await other.close();
    }

    expect(new Set(thrown).size).toBe(9);
  });

  it("closes, also in the middle, and twice", async () => {
    const other = createChartEngine();
    const render = other.render(requestOf(chart(endless)), { signal });
    setTimeout(() => void other.close(), 200);

    await expect(render).rejects.toThrow("the chart engine was closed");
    await other.close();
    await expect(other.matchesPattern("a", "a", { signal })).rejects.toThrow("the chart engine was closed");
  });

  it("says where it should be when it is not there", async () => {
    await using folder = await temporaryFolder();
    const other = createChartEngine({ environment: { XDG_CACHE_HOME: folder.path } });

    await expect(other.matchesPattern("a", "a", { signal })).rejects.toMatchObject({
      code: "CHART_ENGINE_MISSING",
      next: [expect.stringContaining("--only chart-engine")],
    });
    await other.close();
  });
});

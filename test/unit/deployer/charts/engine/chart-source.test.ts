import { describe, expect, it } from "vitest";
import { frameChart } from "../../../../../src/deployer/charts/engine/chart-source.ts";

describe("frameChart()", () => {
  it("points at each file of a folder, and sends the bytes as they are", () => {
    const files = new Map([
      ["a", Uint8Array.of(1, 2)],
      ["b", Uint8Array.of()],
      ["c", Uint8Array.of(3)],
    ]);

    expect(frameChart({ files })).toEqual({
      chart: {
        files: [
          { name: "a", at: [0, 2] },
          { name: "b", at: [2, 0] },
          { name: "c", at: [2, 1] },
        ],
      },
      attachments: [...files.values()],
    });
    expect(frameChart(Uint8Array.of(1, 2, 3)).chart).toEqual({ archive: [0, 3] });
  });

  it.each([
    ["an archive", () => new Uint8Array(20 * 1024 * 1024 + 1)],
    ["a folder in bytes", () => ({ files: new Map([["a", new Uint8Array(50 * 1024 * 1024 + 1)]]) })],
    [
      "a folder in files",
      () => ({ files: new Map(Array.from({ length: 10_001 }, (_, index) => [`${index}`, Uint8Array.of()])) }),
    ],
  ])("refuses what is too large: %s", (_what, make) => {
    expect(() => frameChart(make())).toThrow(expect.objectContaining({ code: "CHART_TOO_LARGE" }));
  });
});

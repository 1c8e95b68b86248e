import { describe, expect, it } from "vitest";
import { formatBytes, formatDuration, parseDurationMs } from "../../../src/cli/quantities.ts";

describe("parseDurationMs()", () => {
  it.each([
    ["250ms", 250],
    ["90s", 90_000],
    ["1.5m", 90_000],
    ["1h30m", 5_400_000],
    ["10", undefined],
    ["-1s", undefined],
    ["0s", undefined],
    ["1d", undefined],
    ["600h", undefined],
    ["", undefined],
  ])("reads %j as %j", (text, expected) => {
    expect(parseDurationMs(text)).toBe(expected);
  });
});

describe("formatDuration()", () => {
  it.each([
    [0, "0.0 s"],
    [400, "0.4 s"],
    [9949, "9.9 s"],
    [9950, "10 s"],
    [59_400, "59 s"],
    [60_000, "1 min 0 s"],
    [200_000, "3 min 20 s"],
    [3_900_000, "1 h 5 min"],
  ])("writes %i ms as %j", (ms, expected) => {
    expect(formatDuration(ms)).toBe(expected);
  });
});

describe("formatBytes()", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [3_420_000, "3.4 MB"],
    [999_999, "1.0 MB"],
    [21_000_000_000, "21 GB"],
  ])("writes %i as %j", (bytes, expected) => {
    expect(formatBytes(bytes)).toBe(expected);
  });
});

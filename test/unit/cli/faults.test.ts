import { describe, expect, it } from "vitest";
import { faultOf } from "../../../src/cli/faults.ts";
import { FaultSchema } from "../../../src/lab/index.ts";

const fault = (text: string) => faultOf(text, FaultSchema);

describe("faultOf()", () => {
  it.each([
    ["dead=w-1", { kind: "dead", node: "w-1" }],
    ["lose-power=cp-1:installing", { kind: "lose-power", node: "cp-1", at: "installing" }],
    ["drop-connections=w-1:3", { kind: "drop-connections", node: "w-1", count: 3 }],
    ["clock=w-1:-3600", { kind: "clock", node: "w-1", offsetSeconds: -3600 }],
    ["full-disk=w-1", { kind: "full-disk", node: "w-1", bytes: 300_000_000 }],
    ["full-disk=w-1:5000000", { kind: "full-disk", node: "w-1", bytes: 5_000_000 }],
    ["loss=laptop:2.5", { kind: "loss", node: "laptop", percent: 2.5 }],
    ["partition=cp-1", { kind: "partition", node: "cp-1", with: [] }],
    ["partition=cp-1,w-1,w-2", { kind: "partition", node: "cp-1", with: ["w-1", "w-2"] }],
    ["delay=w-1:200", { kind: "delay", node: "w-1", milliseconds: 200 }],
    ["unplug=laptop", { kind: "unplug", node: "laptop" }],
  ])("reads %s", (text, expected) => {
    expect(fault(text)).toEqual(expected);
  });

  it.each(["", "dead", "dead=", "dead=w-1:3", "dead=w-1,w-2", "loss=w-1", "loss=w-1:101", "delay=w-1:0", "fire=w-1"])(
    "refuses %j",
    (text) => {
      expect(() => fault(text)).toThrow(expect.objectContaining({ code: "USAGE_INVALID" }));
    },
  );
});

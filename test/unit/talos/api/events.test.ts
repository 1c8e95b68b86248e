import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { toNodeEvent } from "../../../../src/talos/api/events.ts";
import { machinePb } from "../../../../src/talos/api/index.ts";

function event<M extends DescMessage>(schema: M, init: MessageInitShape<M>): machinePb.Event {
  const data = { typeUrl: `talos/runtime/${schema.typeName}`, value: toBinary(schema, create(schema, init)) };
  return create(machinePb.EventSchema, { id: "dc1f", data });
}

const tags = { id: "dc1f", actorId: "" };

describe("toNodeEvent()", () => {
  it.each([
    ["hello", create(machinePb.EventSchema, { id: "dc1f", data: {} }), { ...tags, kind: "hello" }],
    [
      "stages in Talos' words",
      event(machinePb.MachineStatusEventSchema, {
        stage: 6,
        status: { unmetConditions: [{ name: "time", reason: "x" }] },
      }),
      {
        ...tags,
        kind: "status",
        stage: "shutting down",
        ready: false,
        unmetConditions: [{ name: "time", reason: "x" }],
      },
    ],
    [
      "a sequence that failed",
      event(machinePb.SequenceEventSchema, { sequence: "install", error: { message: "no disk" } }),
      { ...tags, kind: "sequence", sequence: "install", action: "noop", error: "no disk" },
    ],
    [
      "a service never checked",
      event(machinePb.ServiceStateEventSchema, { service: "etcd", action: 3, health: { unknown: true } }),
      { ...tags, kind: "service", service: "etcd", action: "running", message: "", healthy: undefined },
    ],
  ])("reads %s", (_what, given, expected) => {
    expect(toNodeEvent(given)).toEqual(expected);
  });

  it("skips what it does not know", () => {
    const later = create(machinePb.EventSchema, { data: { typeUrl: "talos/runtime/machine.LaterEvent" } });

    expect(toNodeEvent(later)).toBeUndefined();
  });
});

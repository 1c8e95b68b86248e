import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { watchInterrupts } from "../../../src/cli/interrupts.ts";

function watched() {
  const source = new EventEmitter();
  const said: string[] = [];
  const left: number[] = [];
  const interrupts = watchInterrupts(source, {
    say: (line) => void said.push(line),
    leave: (code) => void left.push(code),
  });
  return { source, said, left, interrupts };
}

describe("watchInterrupts()", () => {
  it("says at once what is stopped, and aborts with a reason", () => {
    const { source, said, interrupts } = watched();
    interrupts.onInterrupt(() => "apply config to cp-1");

    source.emit("SIGINT");

    expect(said).toEqual(["Stopping: apply config to cp-1. Ctrl-C again leaves at once."]);
    expect(interrupts.signal.reason).toMatchObject({ code: "INTERRUPTED" });
  });

  it("leaves at the second", () => {
    const { source, left } = watched();

    source.emit("SIGINT");
    source.emit("SIGINT");

    expect(left).toEqual([130]);
  });

  it.each(["SIGTERM", "SIGHUP"])("takes %s for a termination", (name) => {
    const { source, interrupts, left } = watched();

    source.emit(name);
    source.emit(name);

    expect(interrupts.signal.reason).toMatchObject({ code: "TERMINATED" });
    expect(left).toEqual([143]);
  });

  it("speaks through the view that draws", () => {
    const { source, said, interrupts } = watched();
    const drawn: string[] = [];
    interrupts.onInterrupt(
      () => "",
      (line) => void drawn.push(line),
    );

    source.emit("SIGINT");

    expect(said).toEqual([]);
    expect(drawn).toEqual(["Stopping. Ctrl-C again leaves at once."]);
  });

  it("leaves no listener behind", () => {
    const { source, interrupts } = watched();

    interrupts.release();

    expect(source.eventNames()).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { createByteGate } from "../../../../src/deployer/images/byte-gate.ts";

const limits = { transfers: 3, bytes: 100, heaviestBytes: 40 };

/** Transfers that end when told; what runs is seen from outside. */
function transfers(gate: ReturnType<typeof createByteGate>) {
  const running: string[] = [];
  const ends = new Map<string, () => void>();
  const begin = (name: string, sizeBytes: number) =>
    gate.pass(sizeBytes, async () => {
      running.push(name);
      await new Promise<void>((end) => ends.set(name, end));
      running.splice(running.indexOf(name), 1);
    });
  const end = async (name: string) => {
    ends.get(name)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { running, begin, end };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("createByteGate()", () => {
  it("bounds small transfers by their number", async () => {
    const { running, begin, end } = transfers(createByteGate(limits));

    const all = ["a", "b", "c", "d"].map((name) => begin(name, 1));
    await settle();
    expect(running).toEqual(["a", "b", "c"]);
    await end("b");

    expect(running).toEqual(["a", "c", "d"]);
    for (const name of ["a", "c", "d"]) await end(name);
    await Promise.all(all);
  });

  it("bounds large transfers by their bytes, some side by side", async () => {
    const { running, begin, end } = transfers(createByteGate(limits));

    const all = [begin("a", 1e9), begin("b", 1e9), begin("c", 1e9), begin("d", 1)];
    await settle();
    // The order of asking counts: a small one does not overtake.
    expect(running).toEqual(["a", "b"]);
    await end("a");

    expect(running).toEqual(["b", "c", "d"]);
    for (const name of ["b", "c", "d"]) await end(name);
    await Promise.all(all);
  });

  it("lets one through that is larger than all together", async () => {
    const gate = createByteGate({ transfers: 2, bytes: 10, heaviestBytes: 50 });

    expect(await gate.pass(1e9, async () => "done")).toBe("done");
  });

  it("gives the place back when a transfer fails", async () => {
    const gate = createByteGate({ transfers: 1, bytes: 10, heaviestBytes: 10 });

    await expect(gate.pass(10, () => Promise.reject(new Error("cut")))).rejects.toThrow("cut");

    expect(await gate.pass(10, async () => "next")).toBe("next");
  });
});

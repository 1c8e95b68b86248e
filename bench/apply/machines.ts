import { createHash, randomBytes } from "node:crypto";
import { createIdleInterior } from "../../src/lab/machine/idle-interior.ts";
import { createMachine } from "../../src/lab/machine/machine.ts";
import { TrustBook } from "../../src/lab/machine/trust-book.ts";
import type { Machine } from "../../src/lab/machine/types.ts";
import { systemClock } from "../../src/lib/clock.ts";

/**
 * The machines, in a process of their own so that their processor time is not counted: for every number that comes, so many in
 * maintenance on free ports of loopback in place of those before.
 */
export function serveMachines(): void {
  let machines: readonly Machine[] = [];
  process.on("message", (count: number) => {
    void (async () => {
      await Promise.all(machines.map((machine) => machine.close()));
      machines = Array.from({ length: count }, (_, index) => idleMachine(index));
      await Promise.all(machines.map((machine) => machine.start()));
      process.send?.(machines.map(({ address, port }) => `${address}:${port}`));
    })();
  });
}

function idleMachine(index: number): Machine {
  const hex = createHash("sha256").update(`bench/${index}`).digest("hex");
  return createMachine({
    name: `node-${index}`,
    address: "127.0.0.1",
    port: 0,
    hardware: {
      uuid: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-8${hex.slice(15, 18)}-${hex.slice(18, 30)}`,
      serial: hex.slice(30, 40),
      mac: "52:54:00:12:34:56",
      disks: [{ name: "sda", sizeBytes: 256e9, model: "Disk", serial: "S1", transport: "sata", rotational: false }],
    },
    interior: createIdleInterior(),
    clock: systemClock,
    // Nothing happens after the config: what the machines do then must not take the processor from who is measured.
    timings: {
      bootMs: 0,
      installMs: 3_600_000,
      rebootMs: 0,
      drainMs: 1000,
      listenGapMs: 3_600_000,
      failurePauseMs: 3_600_000,
    },
    random: randomBytes,
    trust: new TrustBook(),
  });
}

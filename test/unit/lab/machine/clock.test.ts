import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../../src/lib/clock.ts";
import { issueTalosClient } from "../../../../src/talos/pki/index.ts";
import { clientOf, labConfig, labIdentity, labMachine, reaches } from "../../../support/lab/machine.ts";
import { testSecrets } from "../../../support/talos/secrets.ts";

const signal = AbortSignal.timeout(60_000);
const HOUR_S = 3600;
const redact = (text: string) => text;

const open: { close: () => unknown }[] = [];
const keep = <T extends { close: () => unknown }>(thing: T): T => {
  open.push(thing);
  return thing;
};
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const machineOff = (offsetSeconds: number) =>
  keep(labMachine({ faults: [{ kind: "clock", node: "cp-1", offsetSeconds }] }));

/** By how much a time of the machine differs from ours, in whole hours. */
const hoursOff = (at: Date) => Math.round((at.getTime() - Date.now()) / (HOUR_S * 1000)) + 0;

describe("a machine whose clock is off", () => {
  it.each([-1, 5])("tells its own time in maintenance when it is %i h off", async (hours) => {
    const machine = machineOff(hours * HOUR_S);
    await machine.start();
    const client = keep(clientOf(machine, { kind: "maintenance" }));

    const status = await client.get({ namespace: "runtime", type: "MachineStatuses.runtime.talos.dev" }, "machine", {
      signal,
    });

    expect(hoursOff(status?.updated ?? new Date(0))).toBe(hours);
    expect(hoursOff((await client.clock({ signal })) ?? new Date(0))).toBe(hours);
  });

  it("ends the handshake of a client whose certificate is not valid yet for it, and takes one that is", async () => {
    const machine = machineOff(-2 * HOUR_S);
    await machine.start();
    const maintenance = keep(clientOf(machine, { kind: "maintenance" }));
    await maintenance.applyConfiguration({ config: labConfig(), redact }, { signal });
    await reaches(machine, "booting");
    const early = { ...systemClock, now: () => new Date(Date.now() - 2 * HOUR_S * 1000) };
    const ca = testSecrets().certs.os;
    const { certificatePem, keyPem } = issueTalosClient(ca, {}, { clock: early, random: randomBytes });
    const inItsTime = keep(
      clientOf(machine, { kind: "admin", ca: ca.certificatePem, crt: certificatePem, key: keyPem }),
    );
    await vi.waitFor(() => inItsTime.version({ signal }), { timeout: 10_000 });

    const now = keep(clientOf(machine, labIdentity()));

    await expect(now.version({ signal })).rejects.toMatchObject({ code: "NODE_REFUSED_IDENTITY" });
  });

  it("is set right by a later fault of 0 seconds", async () => {
    const machine = machineOff(-1 * HOUR_S);
    await machine.start();
    const client = keep(clientOf(machine, { kind: "maintenance" }));

    machine.inject({ kind: "clock", node: "cp-1", offsetSeconds: 0 });

    expect(hoursOff((await client.clock({ signal })) ?? new Date(0))).toBe(0);
  });
});

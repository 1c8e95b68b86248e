import { afterEach, describe, expect, it } from "vitest";
import { createIdleCluster, createIdleInterior } from "../../../../src/lab/machine/idle-interior.ts";
import { TrustBook } from "../../../../src/lab/machine/trust-book.ts";
import type { Machine, MachineOptions, MachineStage } from "../../../../src/lab/machine/types.ts";
import { type Clock, systemClock } from "../../../../src/lib/clock.ts";
import type { NodeClient } from "../../../../src/talos/api/index.ts";
import { clientOf, labConfig, labIdentity, labMachine, quickTimings, reaches } from "../../../support/lab/machine.ts";

const open: { close: () => unknown }[] = [];
const keep = <T extends { close: () => unknown }>(thing: T): T => {
  open.push(thing);
  return thing;
};
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const redact = (text: string) => text;
const signal = AbortSignal.timeout(60_000);

async function started(overrides: Partial<MachineOptions> = {}): Promise<Machine> {
  const machine = keep(labMachine(overrides));
  await machine.start();
  return machine;
}

async function apply(machine: Machine, config = labConfig()): Promise<void> {
  const client = clientOf(machine, { kind: "maintenance" });
  await client.applyConfiguration({ config, redact }, { signal });
  client.close();
}

/** Asks until the node answers as a member of its cluster. */
async function adminOf(machine: Machine): Promise<NodeClient> {
  for (;;) {
    const client = clientOf(machine, labIdentity());
    try {
      await client.version({ signal });
      return keep(client);
    } catch {
      client.close();
      signal.throwIfAborted();
    }
  }
}

function stagesOf(machine: Machine): readonly MachineStage[] {
  const seen: MachineStage[] = [];
  machine.onChange((stage) => seen.push(stage));
  return seen;
}

describe("createMachine()", () => {
  it("goes from maintenance over installation and reboot to running", async () => {
    const machine = await started();
    const seen = stagesOf(machine);

    await apply(machine);
    await reaches(machine, "booting");
    const admin = await adminOf(machine);
    await admin.bootstrap({ signal });
    await reaches(machine, "running");

    expect(seen).toEqual(["applying", "installing", "rebooting", "starting", "booting", "running"]);
    expect(machine.nodeName).toBe("cp-1");
    expect(await admin.systemDisk({ signal })).toEqual({ name: "sda", devPath: "/dev/sda" });
  });

  it("boots a configured disk without maintenance after a power loss", async () => {
    const machine = await started();
    await apply(machine);
    await reaches(machine, "booting");
    const admin = await adminOf(machine);
    await machine.powerOff();
    const seen = stagesOf(machine);

    await expect(admin.version({ signal })).rejects.toMatchObject({
      code: "NODE_UNREACHABLE",
      where: { node: "cp-1" },
    });
    machine.powerOn();
    await adminOf(machine);

    expect(seen).toEqual(["starting", "booting"]);
  });

  it("gives a worker an API only once a control plane runs that signs for it", async () => {
    const [trust, cluster] = [new TrustBook(), createIdleCluster()];
    const worker = await started({ name: "w-1", trust });
    await apply(worker, labConfig({ role: "worker", hostname: "w-1" }));
    await reaches(worker, "running");
    const asked = clientOf(worker, labIdentity());
    await expect(asked.version({ signal })).rejects.toMatchObject({ code: "NODE_UNREACHABLE" });
    asked.close();

    const controlPlane = await started({ trust, interior: createIdleInterior({ cluster }) });
    await apply(controlPlane);

    expect(await (await adminOf(worker)).machineStatus({ signal })).toMatchObject({ stage: "running", ready: true });
  });

  it("waits for ever for a time server that does not answer when the config sets no end", async () => {
    const hurried: Clock = { ...systemClock, sleep: (ms, options) => systemClock.sleep(ms / 20, options) };
    const machine = await started({ clock: hurried });
    const config = labConfig({ timeServers: ["10.5.0.1"] }).replace(/bootTimeout: .*/, "bootTimeout: 0s");
    await apply(machine, config);
    await reaches(machine, "booting");
    const admin = await adminOf(machine);

    await expect(admin.bootstrap({ signal })).rejects.toMatchObject({
      code: "NODE_BUSY",
      message: expect.stringContaining("time is not in sync yet"),
    });
    expect((await admin.machineStatus({ signal })).unmetConditions).toContainEqual({
      name: "time",
      reason: "time is not synced",
    });
  });

  it("takes the time of a server that answers", async () => {
    const machine = await started({ timeServers: ["10.5.0.1"] });
    const config = labConfig({ timeServers: ["10.5.0.1"] }).replace(/bootTimeout: .*/, "bootTimeout: 0s");
    await apply(machine, config);
    await reaches(machine, "booting");

    expect(await (await adminOf(machine)).bootstrap({ signal })).toBe("accepted");
  });
});

describe("faults of a machine", () => {
  it("refuse-install: stays out of the cluster and comes back in maintenance after the pause", async () => {
    const machine = await started({ faults: [{ kind: "refuse-install", node: "cp-1" }] });
    const seen = stagesOf(machine);

    await apply(machine);
    await reaches(machine, "maintenance");

    expect(seen).toEqual(["applying", "installing", "rebooting", "starting", "maintenance"]);
  });

  it("lose-power: loses it once in that stage and comes back", async () => {
    const machine = await started({ faults: [{ kind: "lose-power", node: "cp-1", at: "installing" }] });
    const seen = stagesOf(machine);

    await apply(machine);
    await reaches(machine, "off");
    await reaches(machine, "maintenance");

    expect(seen).toEqual(["applying", "installing", "off", "starting", "maintenance"]);
  });

  it("wrong-serial: shows other disks than the site expects", async () => {
    const machine = await started({ faults: [{ kind: "wrong-serial", node: "cp-1" }] });
    const client = keep(clientOf(machine, { kind: "maintenance" }));

    expect((await client.disks({ signal })).map(({ serial }) => serial)).toEqual(["WRONG-S6B0NX0T", "WRONG-"]);
  });

  it("drop-connections: breaks that many and then answers", async () => {
    const machine = await started();
    machine.inject({ kind: "drop-connections", node: "cp-1", count: 1 });
    const client = keep(clientOf(machine, { kind: "maintenance" }));

    await expect(client.version({ signal })).rejects.toMatchObject({ code: "NODE_UNREACHABLE" });
    const again = keep(clientOf(machine, { kind: "maintenance" }));

    expect(await again.version({ signal })).toMatchObject({ tag: "v1.13.9" });
  });

  it("dead: never answers", async () => {
    const machine = await started({ faults: [{ kind: "dead", node: "cp-1" }] });

    expect(machine.stage).toBe("off");
  });

  it("slow-disk: installs that much slower", async () => {
    const waits: number[] = [];
    const clock = {
      ...systemClock,
      sleep: (ms: number, options: { readonly signal: AbortSignal }) => {
        waits.push(ms);
        return systemClock.sleep(Math.min(ms, 50), options);
      },
    };
    const machine = await started({
      clock,
      timings: { ...quickTimings, installMs: 1234 },
      faults: [{ kind: "slow-disk", node: "cp-1", factor: 3 }],
    });

    await apply(machine);
    await reaches(machine, "booting");

    expect(waits).toContain(3702);
  });
});

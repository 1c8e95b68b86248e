import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../../../src/lib/clock.ts";
import type { NodeClient } from "../../../../src/talos/api/index.ts";
import { clientOf, labConfig, labIdentity, labMachine, reaches } from "../../../support/lab/machine.ts";

const redact = (text: string) => text;
const signal = AbortSignal.timeout(60_000);
const PARTIAL = "apiVersion: v1alpha1\nkind: HostnameConfig\nhostname: part1\n";

describe("ApplyConfiguration in maintenance", () => {
  const machine = labMachine();
  let client: NodeClient;
  beforeAll(async () => {
    await machine.start();
    client = clientOf(machine, { kind: "maintenance" });
  });
  afterAll(async () => {
    client.close();
    await machine.close();
  });

  it("takes a config without machine and cluster and stays, under its new name", async () => {
    const { nodeName } = machine;
    await client.applyConfiguration({ config: PARTIAL, redact }, { signal });

    expect(machine.stage).toBe("maintenance");
    expect([nodeName, machine.nodeName]).toEqual([expect.stringMatching(/^talos-[a-z0-9]{3}-[a-z0-9]{3}$/), "part1"]);
  });

  it("puts a tried name back when the time is over", async () => {
    const config = PARTIAL.replace("part1", "part2");
    const answer = await client.applyConfiguration({ config, mode: "try", tryTimeoutMs: 50, redact }, { signal });

    expect(machine.nodeName).toBe("part2");
    expect(answer.details).toContain("in 'try' mode");
    await expect.poll(() => machine.nodeName).toBe("part1");
  });

  it("refuses the second of two at once", async () => {
    const both = await Promise.allSettled([
      client.applyConfiguration({ config: PARTIAL, redact }, { signal }),
      client.applyConfiguration({ config: PARTIAL, redact }, { signal }),
    ]);

    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(both[1]).toMatchObject({ reason: { code: "NODE_BUSY" } });
  });
});

describe("ApplyConfiguration on a configured node", () => {
  const machine = labMachine();
  const config = labConfig();
  let admin: NodeClient;
  beforeAll(async () => {
    await machine.start();
    const client = clientOf(machine, { kind: "maintenance" });
    await client.applyConfiguration({ config, redact }, { signal });
    client.close();
    await reaches(machine, "booting");
    admin = clientOf(machine, labIdentity());
    await vi.waitFor(() => admin.version({ signal }));
    await admin.bootstrap({ signal });
    await reaches(machine, "running");
  });
  afterAll(async () => {
    admin.close();
    await machine.close();
  });

  const versionOf = async (id: string) =>
    (await admin.get({ namespace: "config", type: "MachineConfigs.config.talos.dev" }, id, { signal }))?.version;

  it("applies a hot change without a reboot and counts versions", async () => {
    const before = Number(await versionOf("v1alpha1"));
    const answer = await admin.applyConfiguration(
      { config: config.replace("debug: false", "debug: true"), redact },
      { signal },
    );

    expect(answer.mode).toBe("no-reboot");
    expect(Number(await versionOf("v1alpha1"))).toBe(before + 1);
  });

  it("keeps a tried config after any later call, even a refused one", async () => {
    const tried = config.replace("debug: false", "debug: false\n# tried");
    await admin.applyConfiguration({ config: tried, mode: "try", tryTimeoutMs: 100, redact }, { signal });
    await expect(admin.applyConfiguration({ config: "", redact }, { signal })).rejects.toMatchObject({
      code: "TALOS_CONFIG_REJECTED",
    });
    await systemClock.sleep(200, { signal });

    expect(await admin.machineConfig({ signal })).toBe(tried);
  });

  it("reboots for a cold change and takes no other until then", async () => {
    const cold = config.replace("machine:\n", "machine:\n    env:\n        DEMO: a\n");
    const rebooting = reaches(machine, "rebooting");
    const answer = await admin.applyConfiguration({ config: cold, redact }, { signal });

    expect(answer.mode).toBe("reboot");
    expect(answer.details).toContain("can't be applied in immediate mode");
    await rebooting;
    await reaches(machine, "running");
    await expect.poll(() => admin.machineConfig({ signal }).catch(() => undefined)).toBe(cold);
  });
});

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Client } from "@grpc/grpc-js";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Interior } from "../../../../src/lab/interior.ts";
import { createIdleInterior } from "../../../../src/lab/machine/idle-interior.ts";
import type { Machine, MachineStage } from "../../../../src/lab/machine/types.ts";
import { machinePb, type NodeEvent } from "../../../../src/talos/api/index.ts";
import { clientOf, labConfig, labIdentity, labMachine, reaches } from "../../../support/lab/machine.ts";
import { rawClient } from "../../../support/lab/raw-call.ts";
import { endOf, streamCall, unaryCall } from "../../../support/lab/typed-call.ts";

const { MachineService } = machinePb;
const signal = AbortSignal.timeout(60_000);
type Reset = MessageInitShape<typeof machinePb.ResetRequestSchema>;

const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

/** A control plane that runs, a client of its admin, and the stages that it goes through from then on. */
async function runningNode(interior: Interior = createIdleInterior()) {
  const machine = labMachine({ interior });
  open.push(machine);
  await machine.start();
  const maintenance = clientOf(machine, { kind: "maintenance" });
  await maintenance.applyConfiguration({ config: labConfig(), redact: (text) => text }, { signal });
  maintenance.close();
  await reaches(machine, "booting");
  const client = rawClient(machine, labIdentity());
  open.push(client);
  await vi.waitFor(() => unaryCall(client, MachineService.method.version, {}), { timeout: 10_000 });
  await unaryCall(client, MachineService.method.bootstrap, {});
  await reaches(machine, "running");
  const stages: MachineStage[] = [];
  machine.onChange((stage) => stages.push(stage));
  return { machine, client, stages, interior };
}

const resetOf = (client: Client, request: Reset) => unaryCall(client, MachineService.method.reset, request);
const wipe = (...labels: readonly string[]) => labels.map((label) => ({ label, wipe: true }));

async function comesBack(machine: Machine, stage: MachineStage): Promise<void> {
  await reaches(machine, "resetting");
  await reaches(machine, stage);
}

function nameOf(event: NodeEvent): string {
  if (event.kind === "status") return `stage ${event.stage}`;
  if (event.kind === "phase") return `phase ${event.phase} ${event.action}`;
  return event.kind === "sequence" ? `sequence ${event.sequence} ${event.action}` : event.kind;
}

describe("Reset of a simulated machine", () => {
  it("brings a machine back in maintenance, not installed, when the system disk was wiped", async () => {
    const { machine, client, stages, interior } = await runningNode();

    const { messages } = await resetOf(client, { reboot: true });
    await comesBack(machine, "maintenance");

    expect(messages[0]?.actorId).toMatch(/^[0-9a-f-]{36}$/);
    expect(stages).toEqual(["resetting", "rebooting", "starting", "maintenance"]);
    expect(interior.installedDisk()).toBeUndefined();
    expect(await interior.listImages("system")).toEqual([]);
  });

  it("keeps the installation and forgets the config when STATE and EPHEMERAL were wiped", async () => {
    const { machine, client, interior } = await runningNode();

    await resetOf(client, { reboot: true, systemPartitionsToWipe: wipe("STATE", "EPHEMERAL") });
    await comesBack(machine, "maintenance");

    expect(interior.installedDisk()).toBe("/dev/sda");
    expect(interior.persistedConfig()).toBeUndefined();
  });

  it("boots with its config and an empty etcd when only EPHEMERAL was wiped", async () => {
    const { machine, client } = await runningNode();

    await resetOf(client, { reboot: true, systemPartitionsToWipe: wipe("EPHEMERAL") });
    await comesBack(machine, "booting");

    await vi.waitFor(() => unaryCall(client, MachineService.method.bootstrap, {}), { timeout: 10_000 });
    await reaches(machine, "running");
  });

  it("powers off where no reboot is asked for", async () => {
    const { machine, client, stages } = await runningNode();

    await resetOf(client, { systemPartitionsToWipe: wipe("EPHEMERAL") });
    await comesBack(machine, "off");

    expect(stages).toEqual(["resetting", "off"]);
  });

  it("tells the sequence with the actor's id until the API stops", async () => {
    const { machine, client } = await runningNode();
    const watcher = clientOf(machine, labIdentity());
    open.push(watcher);
    const seen: string[] = [];
    const listening = Promise.withResolvers<void>();
    const watching = (async () => {
      for await (const event of watcher.events({ signal })) {
        listening.resolve();
        if (event.actorId !== "") seen.push(nameOf(event));
      }
    })();
    await listening.promise;

    await resetOf(client, { graceful: true, reboot: true });
    await watching;

    expect(seen.filter((name) => name.startsWith("phase") && name.endsWith("start"))).toEqual([
      "phase drain start",
      "phase cleanup start",
      "phase dbus start",
      "phase leave start",
      "phase preReset start",
      "phase stopServices start",
      "phase umount start",
      "phase unmountBind start",
      "phase unmountSystem start",
      "phase volumeFinalize start",
      "phase stopEverything start",
    ]);
    expect(seen).toContain("sequence reset start");
    expect(seen).toContain("stage resetting");
  });

  it("leaves etcd first where it is graceful, and stays where that fails", async () => {
    const interior: Interior = {
      ...createIdleInterior(),
      leaveEtcd: async () => {
        throw new Error("re-configuration failed due to not enough started members");
      },
    };
    const { machine, client } = await runningNode(interior);

    await resetOf(client, { graceful: true, reboot: true });

    await vi.waitFor(async () => {
      const lines: string[] = [];
      const request = { namespace: "system", id: "machined", tailLines: -1 };
      for await (const { bytes } of streamCall(client, MachineService.method.logs, request))
        lines.push(Buffer.from(bytes).toString("utf8"));
      expect(lines.join("")).toContain("reset failed: re-configuration failed");
    });
    expect(machine.stage).toBe("resetting");
    expect(interior.installedDisk()).toBe("/dev/sda");
  });

  it("refuses what makes no sense before anything is done", async () => {
    const { machine, client } = await runningNode();

    await expect(resetOf(client, { userDisksToWipe: ["/dev/sda"] }).catch(endOf)).resolves.toEqual({
      code: "UNKNOWN",
      message: "reset user disk failed: device /dev/sda is the system disk",
    });
    expect(machine.stage).toBe("running");
  });
});

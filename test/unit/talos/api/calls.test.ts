import { getEventListeners } from "node:events";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createIdleInterior } from "../../../../src/lab/machine/idle-interior.ts";
import { systemClock } from "../../../../src/lib/clock.ts";
import type { NodeClient } from "../../../../src/talos/api/index.ts";
import { clientOf, labConfig, labIdentity, labMachine, reaches } from "../../../support/lab/machine.ts";

const redact = (text: string) => text.replaceAll("DEMO", "REDACTED");
const signal = AbortSignal.timeout(60_000);
const MIB = 1024 * 1024;

describe("NodeClient", () => {
  let importedBytes = 0;
  let etcdIsUp = true;
  const idle = createIdleInterior();
  const machine = labMachine({
    interior: {
      ...idle,
      etcdMembers: () => (etcdIsUp ? idle.etcdMembers() : Promise.reject(new Error("etcd is not up"))),
      importImage: async (_namespace, archive) => {
        for await (const piece of archive) importedBytes += piece.length;
        return "docker.io/library/registry:3";
      },
      pullImage: async (_namespace, reference, { progress }) => {
        progress("sha256:layer", 5, 10);
        if (reference.includes("nope")) throw Object.assign(new Error("not found"), { kind: "not-found" });
        return `${reference}@sha256:00`;
      },
    },
  });
  const config = `${"# a comment of forty bytes, 130 000 times\n".repeat(130_000)}${labConfig()}`;
  let admin: NodeClient;

  beforeAll(async () => {
    await machine.start();
    const client = clientOf(machine, { kind: "maintenance" });
    await client.applyConfiguration({ config, redact }, { signal, deadlineMs: 30_000 });
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

  it("carries answers of more than 4 MiB", async () => {
    expect((await admin.machineConfig({ signal }))?.length).toBeGreaterThan(5 * MIB);
  });

  it("shows a refused config in Talos' words without what the caller hides", async () => {
    const cold = labConfig().replace("machine:\n", "machine:\n    env:\n        DEMO: a\n");
    const refused = admin.applyConfiguration({ config: cold, mode: "no-reboot", redact }, { signal });

    await expect(refused).rejects.toMatchObject({
      code: "TALOS_CONFIG_REJECTED",
      message: expect.stringMatching(/immediate mode[\s\S]*REDACTED: a/),
      where: { node: "cp-1" },
    });
  });

  it("ends a call with the signal's own reason", async () => {
    const controller = new AbortController();
    const reason = new Error("stop");
    const watching = (async () => {
      for await (const event of admin.watch(
        { namespace: "runtime", type: "Services.v1alpha1.talos.dev" },
        { signal: controller.signal },
      ))
        if (event.event === "bootstrapped") controller.abort(reason);
    })();

    await expect(watching).rejects.toBe(reason);
    await expect(admin.version({ signal: controller.signal })).rejects.toBe(reason);
  });

  it("tells a deadline from an interrupt", async () => {
    etcdIsUp = false;
    const asked = admin.etcdMembers({ signal, deadlineMs: 100 });

    await expect(asked).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED", where: { node: "cp-1" } });
    etcdIsUp = true;
  });

  it("leaves no listener on the signal, however a stream ends", async () => {
    const controller = new AbortController();
    for await (const _ of admin.events({ signal: controller.signal, tail: "all" })) break;
    for await (const _ of admin.logs("machined", { signal: controller.signal })) void _;
    await admin.version({ signal: controller.signal });
    await admin.imagePull("system", "a:1", { signal: controller.signal });

    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("says hello first, then what was and what is", async () => {
    const kinds: string[] = [];
    for await (const event of admin.events({ signal, tail: "all" })) {
      kinds.push(event.kind === "sequence" ? `${event.sequence} ${event.action}` : event.kind);
      if (event.kind === "sequence" && event.sequence === "boot" && event.action === "stop") break;
    }

    expect(kinds[0]).toBe("hello");
    expect(kinds.filter((kind) => kind.includes(" "))).toEqual([
      "initialize start",
      "initialize stop",
      "install start",
      "install stop",
      "boot start",
      "boot stop",
    ]);
  });

  it("imports an archive in pieces, taking no more than the connection takes", async () => {
    const archive = async function* () {
      for (let i = 0; i < 20; i += 1) yield Buffer.alloc(2.5 * MIB, i);
    };

    expect(await admin.imageImport("system", archive(), { signal })).toBe("docker.io/library/registry:3");
    expect(importedBytes).toBe(50 * MIB);
  });

  it("passes on what an archive fails with", async () => {
    const broken = async function* () {
      yield Buffer.alloc(10);
      throw new Error("the stick was pulled out");
    };

    await expect(admin.imageImport("system", broken(), { signal })).rejects.toThrow("the stick was pulled out");
  });

  it("reports a pull's progress, and an image that no mirror has", async () => {
    const seen: unknown[] = [];
    const pulled = await admin.imagePull("cri", "a:1", { signal, onProgress: (progress) => seen.push(progress) });

    expect(pulled).toBe("a:1@sha256:00");
    expect(seen).toEqual([{ layer: "sha256:layer", offsetBytes: 5, totalBytes: 10 }]);
    await expect(admin.imagePull("cri", "nope:1", { signal })).rejects.toMatchObject({ code: "NODE_NOT_FOUND" });
  });

  it("reads the node's clock", async () => {
    const clock = await admin.clock({ signal });

    expect(Math.abs((clock?.getTime() ?? 0) - systemClock.now().getTime())).toBeLessThan(5_000);
  });

  it("knows what is not there from what may not be seen", async () => {
    expect(
      await admin.get({ namespace: "runtime", type: "MachineStatuses.runtime.talos.dev" }, "nope", { signal }),
    ).toBeUndefined();
    await expect(admin.get({ namespace: "runtime", type: "Nopes.talos.dev" }, "x", { signal })).rejects.toMatchObject({
      code: "NODE_PERMISSION_DENIED",
    });
  });
});

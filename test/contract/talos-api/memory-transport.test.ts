import { afterEach, describe, expect, it } from "vitest";
import type { Machine } from "../../../src/lab/machine/types.ts";
import { MemoryDoor } from "../../../src/lab/rehearsal/memory-door.ts";
import { Network } from "../../../src/lab/rehearsal/network.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { connectNode, type NodeClient, type NodeIdentity, probeNode } from "../../../src/talos/api/index.ts";
import { labConfig, labIdentity, labMachine, reaches } from "../../support/lab/machine.ts";
import { testSecrets } from "../../support/talos/secrets.ts";

const { signal } = new AbortController();
const redact = (text: string) => text;

/** A machine, and how it is called. */
interface Reached {
  readonly machine: Machine;
  readonly connect: (identity: NodeIdentity) => NodeClient;
  readonly probe: () => ReturnType<typeof probeNode>;
}

async function overSockets(): Promise<Reached> {
  const machine = labMachine();
  await machine.start();
  const { name: node, address, port } = machine;
  return {
    machine,
    connect: (identity) => connectNode({ node, address, port: machine.port, identity }),
    probe: () => probeNode({ node, address, port, signal }),
  };
}

async function inMemory(): Promise<Reached> {
  const door = new MemoryDoor({ clock: systemClock, onDrop: () => undefined });
  const network = new Network({ clock: systemClock, laptop: "127.0.0.1" });
  const machine: Machine = labMachine({ door });
  network.add({
    address: machine.address,
    maintenanceAddress: machine.address,
    door,
    stage: () => machine.stage,
  });
  await machine.start();
  const { name: node, address } = machine;
  return {
    machine,
    connect: (identity) => network.connectNode({ node, address, identity }),
    probe: () => network.probeNode({ node, address, signal }),
  };
}

/** The transport of rehearsals gives what gRPC over TLS gives, from the same machine. */
describe.each([
  ["gRPC over TLS", overSockets],
  ["memory", inMemory],
])("a machine called over %s", (_name, reach) => {
  const open: { close: () => unknown }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });
  const start = async () => {
    const reached = await reach();
    open.push(reached.machine);
    const connect = (identity: NodeIdentity) => {
      const client = reached.connect(identity);
      open.push(client);
      return client;
    };
    return { ...reached, connect };
  };
  const configured = async () => {
    const reached = await start();
    const { machine, connect } = reached;
    const running = reaches(machine, "running");
    await connect({ kind: "maintenance" }).applyConfiguration({ config: labConfig(), redact }, { signal });
    await reaches(machine, "booting");
    await connect(labIdentity())
      .bootstrap({ signal })
      .catch(() => undefined);
    return { ...reached, running };
  };

  it("waits in maintenance, and says so to who comes with an identity", async () => {
    const { connect, probe } = await start();

    expect(await probe()).toMatchObject({ kind: "maintenance" });
    expect((await connect({ kind: "maintenance" }).disks({ signal })).map(({ devPath }) => devPath)).toEqual([
      "/dev/sda",
      "/dev/sr0",
    ]);
    await expect(connect(labIdentity()).version({ signal })).rejects.toMatchObject({ code: "NODE_IN_MAINTENANCE" });
  });

  it("refuses a config that is none, with Talos' words", async () => {
    const { connect } = await start();

    const apply = connect({ kind: "maintenance" }).applyConfiguration({ config: "machine: 1", redact }, { signal });

    await expect(apply).rejects.toMatchObject({ code: "TALOS_CONFIG_REJECTED", where: { node: "cp-1" } });
  });

  it("refuses strangers and readers once it is configured, and serves its admin", async () => {
    const { connect, probe } = await configured();
    await expect.poll(async () => (await probe()).kind, { timeout: 10_000 }).toBe("configured");

    expect(await connect(labIdentity()).version({ signal })).toMatchObject({ tag: "v1.13.9" });
    await expect(connect({ kind: "maintenance" }).version({ signal })).rejects.toMatchObject({
      code: "NODE_NOT_IN_MAINTENANCE",
    });
    await expect(connect(labIdentity("os:reader")).kubeconfig({ signal })).rejects.toMatchObject({
      code: "NODE_PERMISSION_DENIED",
    });
    const stranger = { ...labIdentity(), ca: testSecrets().certs.k8s.certificatePem };
    await expect(connect(stranger).version({ signal })).rejects.toMatchObject({ code: "NODE_IN_OTHER_CLUSTER" });
  });

  it("streams a kubeconfig and a log, and ends a call that hangs at its deadline", async () => {
    const { connect, probe } = await configured();
    await expect.poll(async () => (await probe()).kind, { timeout: 10_000 }).toBe("configured");
    const client = connect(labIdentity());

    expect(await client.kubeconfig({ signal })).toContain("kind: Config");
    expect(await client.clock({ signal })).toBeInstanceOf(Date);
    await expect(client.imageList("cri", { signal, deadlineMs: 1 })).rejects.toMatchObject({
      code: expect.stringMatching(/^(DEADLINE_EXCEEDED|NODE_UNREACHABLE)$/) as string,
    });
  });

  it("is unreachable without power, and stops a call with the caller's own reason", async () => {
    const { machine, connect, probe } = await start();
    const stop = new AbortController();
    const events = connect({ kind: "maintenance" }).events({ signal: stop.signal });
    const first = await events[Symbol.asyncIterator]().next();
    expect(first.value).toMatchObject({ kind: "hello" });
    const waiting = events[Symbol.asyncIterator]().next();
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");

    await machine.powerOff();

    expect(await probe()).toMatchObject({ kind: "unreachable" });
    await expect(connect({ kind: "maintenance" }).version({ signal })).rejects.toMatchObject({
      code: "NODE_UNREACHABLE",
    });
  });
});

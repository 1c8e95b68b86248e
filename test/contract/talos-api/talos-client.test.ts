import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Machine } from "../../../src/lab/machine/types.ts";
import { clientOf, labConfig, labIdentity, labMachine, reaches } from "../../support/lab/machine.ts";
import { askPeer } from "../../support/talos/peer.ts";

interface Answer {
  readonly code: string;
  readonly message?: string;
  readonly value?: unknown;
}

/** One call with Talos' own Go client. */
async function talosCalls(
  machine: Machine,
  calls: readonly object[],
  identity: object = {},
): Promise<readonly Answer[]> {
  const endpoint = `${machine.address}:${machine.port}`;
  return askPeer<Answer>(
    "client",
    calls.map((call) => ({ endpoint, ...identity, ...call })),
  );
}

const MACHINE_STATUS = { namespace: "runtime", type: "MachineStatuses.runtime.talos.dev", id: "machine" };

describe("a simulated machine, seen by Talos' own client", () => {
  const machine = labMachine();
  const config = labConfig();
  const admin = labIdentity();
  const signal = AbortSignal.timeout(110_000);

  beforeAll(() => machine.start());
  afterAll(() => machine.close());

  it("answers readers in maintenance and refuses what only admins may", async () => {
    const [version, services, disks, typed, status, watched, events, logs, bootstrap, unknown, missing, dryRun] =
      await talosCalls(machine, [
        { call: "version" },
        { call: "services" },
        { call: "disks" },
        { call: "typed" },
        { call: "get", ...MACHINE_STATUS },
        { call: "watch", namespace: "runtime", type: "Services.v1alpha1.talos.dev", count: 4 },
        { call: "events", count: 12 },
        { call: "logs", id: "machined" },
        { call: "bootstrap" },
        { call: "get", namespace: "runtime", type: "Nopes.runtime.talos.dev", id: "x" },
        { call: "get", ...MACHINE_STATUS, id: "nope" },
        { call: "apply", config, mode: "AUTO", dryRun: true },
      ]);

    expect(version?.value).toMatchObject({ messages: [{ version: { tag: "v1.13.9" }, platform: { mode: "metal" } }] });
    expect(services?.value).toMatchObject({
      messages: [{ services: [{ id: "apid", state: "Running" }, { id: "containerd" }, { id: "machined" }] }],
    });
    expect(disks?.value).toMatchObject({
      messages: [{ disks: [{ deviceName: "/dev/sda", serial: "S6B0NX0T", size: "256000000000" }, {}] }],
    });
    expect(typed?.value).toMatchObject({
      stage: "maintenance",
      ready: true,
      serials: ["S6B0NX0T", ""],
      role: "unknown",
    });
    expect(status).toMatchObject({ code: "OK", value: { id: "machine" } });
    expect(watched?.value).toEqual([
      { event: "Created", id: "apid" },
      { event: "Created", id: "containerd" },
      { event: "Created", id: "machined" },
      { event: "Bootstrapped", id: "" },
    ]);
    expect(events?.value).toHaveLength(12);
    expect(logs?.value).toContain("machined/authz");
    expect(bootstrap).toMatchObject({ code: "PermissionDenied" });
    expect(unknown).toMatchObject({ code: "PermissionDenied" });
    expect(missing).toMatchObject({ code: "NotFound" });
    expect(dryRun).toMatchObject({ code: "OK", value: { messages: [{ mode: "NO_REBOOT" }] } });
  });

  it("takes a config, installs, reboots, and then knows its cluster only", async () => {
    const [applied] = await talosCalls(machine, [{ call: "apply", config, mode: "AUTO" }]);
    expect(applied).toMatchObject({ code: "OK" });
    await reaches(machine, "booting");
    await clientUp(machine, admin, signal);

    const [bootstrap, again, members, kubeconfig, version, active, watched, pulled, images, disk] = await talosCalls(
      machine,
      [
        { call: "bootstrap" },
        { call: "bootstrap" },
        { call: "etcdMembers" },
        { call: "kubeconfig" },
        { call: "version" },
        { call: "get", namespace: "config", type: "MachineConfigs.config.talos.dev", id: "v1alpha1" },
        { call: "watch", ...MACHINE_STATUS, count: 1 },
        { call: "imagePull", namespace: "system", image: "registry.k8s.io/pause:3.10" },
        { call: "imageList", namespace: "system" },
        { call: "get", namespace: "runtime", type: "SystemDisks.block.talos.dev", id: "system-disk" },
      ],
      admin,
    );

    expect(bootstrap).toMatchObject({ code: "OK" });
    expect(again).toMatchObject({
      code: "AlreadyExists",
      message: expect.stringContaining("etcd data directory is not empty"),
    });
    expect(members?.value).toMatchObject({ messages: [{ members: [{ hostname: "cp-1" }] }] });
    expect(kubeconfig?.value).toContain("current-context: admin@windpark-7");
    expect(version?.value).toMatchObject({ messages: [{ features: { rbac: true } }] });
    expect(active).toMatchObject({ code: "OK" });
    expect(watched?.value).toEqual([{ event: "Created", id: "machine" }]);
    expect(pulled?.value).toMatch(/^registry\.k8s\.io\/pause@sha256:/);
    expect(images?.value).toEqual(["registry.k8s.io/pause:3.10"]);
    expect(disk).toMatchObject({ code: "OK", value: { id: "system-disk" } });
  });

  it("ends the handshake of callers without a certificate and of foreign ones", async () => {
    const [none] = await talosCalls(machine, [{ call: "version" }]);

    expect(none).toMatchObject({ code: "Unavailable", message: expect.stringContaining("tls: certificate required") });
  });

  it("says the same to our client", async () => {
    const client = clientOf(machine, admin);
    await reaches(machine, "running");

    expect(await client.version({ signal })).toEqual({ tag: "v1.13.9", arch: "amd64", platform: "metal" });
    expect(await client.bootstrap({ signal })).toBe("already");
    expect(await client.etcdMembers({ signal })).toMatchObject([{ hostname: "cp-1", isLearner: false }]);
    expect(await client.machineStatus({ signal })).toEqual({ stage: "running", ready: true, unmetConditions: [] });
    expect(await client.machineConfig({ signal })).toBe(config);
    expect(await client.kubeconfig({ signal })).toContain("current-context: admin@windpark-7");
    expect(await client.systemDisk({ signal })).toEqual({ name: "sda", devPath: "/dev/sda" });
    client.close();
  });
});

/** Waits until the machine's API listens with its cluster identity. */
async function clientUp(
  machine: Machine,
  identity: ReturnType<typeof labIdentity>,
  signal: AbortSignal,
): Promise<void> {
  const client = clientOf(machine, identity);
  await vi.waitFor(() => client.version({ signal }), { timeout: 30_000 });
  client.close();
}

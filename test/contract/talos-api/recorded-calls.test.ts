import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIdleInterior } from "../../../src/lab/machine/idle-interior.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { issueTalosClient, mintSecrets } from "../../../src/talos/pki/index.ts";
import { clientOf, labConfig, labIdentity, labMachine, reaches } from "../../support/lab/machine.ts";
import { rawClient } from "../../support/lab/raw-call.ts";
import { endsTheMachine, replayCalls } from "../../support/lab/replay.ts";

/** Where a machine of the lab answers differently from the recorded node, and why it may. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  "d machine.ImageService/List CONTAINERD/NS_SYSTEM": "recorded before the first pull into that store",
  "e machine.ImageService/List CONTAINERD/NS_SYSTEM": "recorded before the first pull into that store",
  "c machine.MachineService/Reboot (minimal)": "recorded in a container, which cannot reboot; the lab's machines do",
  "e machine.MachineService/Reboot (minimal)": "recorded in a container, which cannot reboot; the lab's machines do",
  "a machine.MachineService/Dmesg (minimal)": "the lab's kernel has one line to say",
  "b machine.MachineService/Dmesg (minimal)": "the lab's kernel has one line to say",
  "c machine.MachineService/Dmesg (minimal)": "the lab's kernel has one line to say",
  "d machine.MachineService/Dmesg (minimal)": "the lab's kernel has one line to say",
  "e machine.MachineService/Dmesg (minimal)": "the lab's kernel has one line to say",
  "c machine.ImageService/Pull missing image":
    "the idle interior has every image; the modelled interior's own test covers this",
  "e machine.ImageService/Pull missing image":
    "the idle interior has every image; the modelled interior's own test covers this",
  "c machine.ImageService/Import garbage":
    "the idle interior takes any bytes; the modelled interior's own test covers this",
};

describe("a simulated machine answers what a real node answered", () => {
  const interior = createIdleInterior();
  const bare = labMachine({ name: "bare" });
  const node = labMachine({ name: "node", interior });

  beforeAll(async () => {
    await Promise.all([bare.start(), node.start()]);
    const signal = AbortSignal.timeout(60_000);
    const client = clientOf(node, { kind: "maintenance" });
    await client.applyConfiguration({ config: labConfig(), redact: (text) => text }, { signal });
    client.close();
    await reaches(node, "booting");
    await interior.bootstrapEtcd({ recover: false, skipHashCheck: false });
    for (const store of ["cri", "system", "inmem"] as const)
      for (const image of ["registry.k8s.io/a:1", "registry.k8s.io/b:1"])
        await interior.pullImage(store, image, { signal, progress: () => undefined });
    await reaches(node, "running");
  });
  afterAll(() => Promise.all([bare.close(), node.close()]));

  it("call for call, in maintenance and for every role", async () => {
    const foreign = (await mintSecrets({ clock: systemClock, random: randomBytes })).certs.os;
    const stranger = issueTalosClient(foreign, {}, { clock: systemClock, random: randomBytes });
    const clients = {
      a: rawClient(bare),
      b: rawClient(bare, { ca: foreign.certificatePem, crt: stranger.certificatePem, key: stranger.keyPem }),
      c: rawClient(node, labIdentity("os:admin")),
      d: rawClient(node, labIdentity("os:reader")),
      e: rawClient(node, labIdentity("os:operator")),
    };
    const { differing, compared } = await replayCalls(clients);
    for (const client of Object.values(clients)) client.close();

    expect(Object.entries(differing).filter(([key]) => !(key in DIFFERENCES))).toEqual([]);
    expect(Object.keys(differing).sort()).toEqual(
      Object.keys(DIFFERENCES)
        .filter((key) => !endsTheMachine(key))
        .sort(),
    );
    expect(compared).toBeGreaterThan(260);
  });
});

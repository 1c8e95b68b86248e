import { randomBytes } from "node:crypto";
import { createIdleInterior } from "../../../src/lab/machine/idle-interior.ts";
import { createMachine } from "../../../src/lab/machine/machine.ts";
import { TrustBook } from "../../../src/lab/machine/trust-book.ts";
import type { Machine, MachineOptions, MachineTimings } from "../../../src/lab/machine/types.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { connectNode, type NodeClient } from "../../../src/talos/api/index.ts";
import { generateConfig, type NodeConfigInput } from "../../../src/talos/config/index.ts";
import { issueTalosClient, type TalosRole } from "../../../src/talos/pki/index.ts";
import { nodeInput } from "../talos/node-config.ts";
import { testSecrets } from "../talos/secrets.ts";

/** Everything in tens of milliseconds. */
export const quickTimings: MachineTimings = {
  bootMs: 20,
  installMs: 50,
  rebootMs: 20,
  drainMs: 500,
  listenGapMs: 20,
  failurePauseMs: 200,
};

/** A machine with an idle interior on a free port of loopback; the caller closes it. */
export function labMachine(overrides: Partial<MachineOptions> = {}): Machine {
  return createMachine({
    name: "cp-1",
    address: "127.0.0.1",
    port: 0,
    hardware: {
      uuid: "6f2e5a0c-0000-4000-8000-000000000001",
      serial: "LAB-1",
      mac: "52:54:00:12:34:56",
      disks: [
        { name: "sda", sizeBytes: 256e9, model: "LAB DISK", serial: "S6B0NX0T", transport: "sata", rotational: false },
        {
          name: "sr0",
          sizeBytes: 4e8,
          model: "CD",
          serial: "",
          transport: "sata",
          rotational: true,
          cdrom: true,
          readonly: true,
        },
      ],
    },
    interior: createIdleInterior(),
    clock: systemClock,
    timings: quickTimings,
    random: randomBytes,
    trust: new TrustBook(),
    ...overrides,
  });
}

/** A whole config for it; the clock is taken for right at once unless a test says otherwise. */
export function labConfig(overrides: Partial<NodeConfigInput> = {}): string {
  return generateConfig(nodeInput({ bootTimeout: "10ms", ...overrides }));
}

/** An identity, by default the admin, of the cluster that `labConfig` makes. */
export function labIdentity(role: TalosRole = "os:admin"): {
  readonly kind: "admin";
  readonly ca: string;
  readonly crt: string;
  readonly key: string;
} {
  const ca = testSecrets().certs.os;
  const { certificatePem, keyPem } = issueTalosClient(
    ca,
    { roles: [role] },
    { clock: systemClock, random: randomBytes },
  );
  return { kind: "admin", ca: ca.certificatePem, crt: certificatePem, key: keyPem };
}

/** A client of the machine; in maintenance without an identity. */
export function clientOf(machine: Machine, identity: Parameters<typeof connectNode>[0]["identity"]): NodeClient {
  return connectNode({ node: machine.name, address: machine.address, port: machine.port, identity });
}

/** Resolves when the machine is in the stage, or was there at the moment of the call. */
export function reaches(machine: Machine, stage: Machine["stage"]): Promise<void> {
  return new Promise((resolve) => {
    if (machine.stage === stage) return resolve();
    const unlisten = machine.onChange((now) => {
      if (now !== stage) return;
      unlisten();
      resolve();
    });
  });
}

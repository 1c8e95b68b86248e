import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Machine } from "../../../src/lab/machine/types.ts";
import { machinePb } from "../../../src/talos/api/index.ts";
import { maintenanceCases, runningCases } from "../../support/lab/apply-cases.ts";
import { clientOf, labConfig, labIdentity, labMachine, reaches } from "../../support/lab/machine.ts";
import { rawApply, rawClient } from "../../support/lab/raw-call.ts";
import { type RecordedApply, recordings } from "../../support/lab/recordings.ts";

/** Recorded cases that a machine of the lab cannot be put to, and why. */
const NOT_ASKED: Readonly<Record<string, string>> = {
  "hostDNS missing (container mode)": "a rule for containers; the lab's machines are metal",
  "hostDNS without forwardKubeDNSToHost (container mode)": "a rule for containers; the lab's machines are metal",
  "hostDNS disabled, forward true": "recorded with a rule for containers in the same answer",
  "machine.install missing (not required in container mode)": "required on metal",
  "worker config valid": "asked in the journey tests",
};

/** Where the answer differs, and why it may. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  "message larger than 32 MiB (33554442 data bytes)": "refused with the same code, in grpc-js' words instead of Go's",
};

describe("ApplyConfiguration on a simulated machine", () => {
  const bare = labMachine({ name: "bare" });
  const node = labMachine({ name: "node" });
  const base = labConfig();

  beforeAll(async () => {
    await Promise.all([bare.start(), node.start()]);
    const signal = AbortSignal.timeout(60_000);
    const client = clientOf(node, { kind: "maintenance" });
    await client.applyConfiguration({ config: base, redact: (text) => text }, { signal });
    client.close();
    await reaches(node, "booting");
  });
  afterAll(() => Promise.all([bare.close(), node.close()]));

  it("refuses and accepts in maintenance what a real node does, in its words", async () => {
    const { differing, asked } = await replay(bare, undefined, recordings.apply.maintenance, maintenanceCases, base);

    expect(differing).toEqual([]);
    expect(asked).toBeGreaterThan(65);
  });

  it("chooses modes on a configured node as a real one does", async () => {
    const recorded = recordings.apply.running.filter(({ request }) => request?.dry_run === true);
    const { differing, asked } = await replay(node, labIdentity(), recorded, runningCases, base);

    expect(differing).toEqual([]);
    expect(asked).toBeGreaterThan(30);
  });
});

async function replay(
  machine: Machine,
  identity: ReturnType<typeof labIdentity> | undefined,
  recorded: readonly RecordedApply[],
  cases: typeof maintenanceCases,
  base: string,
): Promise<{ readonly differing: readonly string[]; readonly asked: number }> {
  const client = rawClient(machine, identity);
  const differing: string[] = [];
  let asked = 0;
  for (const one of recorded) {
    const build = cases[one.case];
    if (one.case in NOT_ASKED || build === undefined) continue;
    asked += 1;
    const answer = await rawApply(client, build(base), modeNumber(one.request?.mode), one.request?.dry_run ?? true);
    const was =
      one.code === "OK"
        ? `OK ${modeNumber(one.response?.mode)} ${one.response?.details}`
        : `${one.code} ${comparable(one.message ?? "")}`;
    const is =
      answer.code === "OK" ? `OK ${answer.mode} ${answer.details}` : `${answer.code} ${comparable(answer.message)}`;
    if (was !== is && !(one.case in DIFFERENCES)) differing.push(`${one.case}\n  recorded ${was}\n  lab      ${is}`);
  }
  client.close();
  return { differing, asked };
}

/** Line numbers depend on the config's own length, and a diff on its contents. */
function comparable(message: string): string {
  return message.replace(/line \d+/g, "line N").replace(/diff:\n[\s\S]*$/, "diff:");
}

function modeNumber(mode: string | number | undefined): machinePb.ApplyConfigurationRequest_Mode {
  if (typeof mode === "number") return mode as machinePb.ApplyConfigurationRequest_Mode;
  const { ApplyConfigurationRequest_Mode: Mode } = machinePb;
  return Mode[mode as keyof typeof Mode] ?? Mode.REBOOT;
}

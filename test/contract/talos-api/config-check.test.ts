import { describe, expect, it } from "vitest";
import { checkConfig } from "../../../src/lab/config-check/check.ts";
import fields from "../../../src/lab/config-check/fields.json" with { type: "json" };
import { labConfig } from "../../support/lab/machine.ts";
import { askPeer } from "../../support/talos/peer.ts";

const EXTRA = (text: string) => `${labConfig()}---\napiVersion: v1alpha1\n${text}\n`;
const machine = (text: string) => labConfig().replace("machine:\n", `machine:\n    ${text}\n`);
const cluster = (text: string) => labConfig().replace("cluster:\n", `cluster:\n    ${text}\n`);

/** Configs that a person may write, right and wrong. */
const CASES: Readonly<Record<string, string>> = {
  "a control plane": labConfig(),
  "a worker": labConfig({ role: "worker", hostname: "w-1" }),
  "a disk selector": labConfig({
    install: { image: "ghcr.io/siderolabs/installer:v1.13.9", diskSelector: { serial: "S*" } },
  }),
  "no install section": labConfig().replace(/ {4}install:\n(?: {8}.*\n)+/, ""),
  "no disk": labConfig().replace(/ {8}disk: .*\n/, ""),
  "kernel arguments beside the UKI's": labConfig().replace(/( {8}disk: .*\n)/, "$1        extraKernelArgs: [a]\n"),
  "bad labels": machine('nodeAnnotations: {"bad key!": x}'),
  "bad taints": machine('nodeTaints: {"bad key!": "x:NoSchedule"}'),
  "a struct that is a text": machine("logging: x"),
  "a bool that is a text": machine(
    "systemDiskEncryption: {ephemeral: {provider: luks2, keys: [{slot: 0, nodeID: x}]}}",
  ),
  "a number that is a text": machine("pods: []\n    udev: {rules: x}"),
  "a map that is a text": machine("sysctls: x"),
  "a list that is a map": machine("kernel: {modules: {a: b}}"),
  "a list of structs that is a list of texts": machine("kernel: {modules: [x]}"),
  "a key twice": machine("sysctls: {}\n    sysctls: {}"),
  "a null": machine("logging:"),
  "an unknown key deep inside": machine("kernel: {modules: [{name: x, nope: [1, {a: b}]}]}"),
  "an unknown CNI": cluster("allowSchedulingOnControlPlanes: true").replace(
    "dnsDomain:",
    "cni: {name: foo}\n        dnsDomain:",
  ),
  "a CNI without URLs": labConfig().replace("dnsDomain:", "cni: {name: custom}\n        dnsDomain:"),
  "no hostname at all": EXTRA("kind: TimeSyncConfig\nbootTimeout: 5s").replace(
    /---\napiVersion: v1alpha1\nkind: HostnameConfig\n(?:.+\n)+/,
    "---\napiVersion: v1alpha1\nkind: HostnameConfig\n",
  ),
  "a duration that is none": EXTRA("kind: WatchdogTimerConfig\ndevice: /dev/watchdog0\ntimeout: 5x"),
  "a mirror without scheme": EXTRA("kind: RegistryMirrorConfig\nname: quay.io\nendpoints:\n    - url: quay.io"),
  "a mirror without name": EXTRA("kind: RegistryMirrorConfig\nendpoints:\n    - url: http://10.5.0.1:5000"),
  "an authority that is no PEM": EXTRA("kind: RegistryTLSConfig\nname: quay.io\nca: x"),
  "an unknown kind": EXTRA("kind: NopeConfig"),
  "a kind without version": `${labConfig()}---\nkind: HostnameConfig\n`,
  "a document twice": EXTRA("kind: HostnameConfig\nauto: stable"),
  "broken YAML": "a: b\n  c: d\n",
};

interface Judged {
  readonly error?: string;
  readonly invalid?: string;
  readonly warnings?: readonly string[];
}

describe("checkConfig(), held against Talos' own library", () => {
  it("refuses and accepts the same, in the same words", async () => {
    const judged = await askPeer<Judged>(
      "validate",
      Object.values(CASES).map((config) => ({ config })),
    );
    const ours = Object.values(CASES).map((config) => {
      const checked = checkConfig(config, { installed: false });
      return checked.refused ?? checked.warnings;
    });
    const theirs = judged.map(({ error, invalid, warnings }) => error ?? (invalid === "" ? warnings : invalid));

    const differing = Object.keys(CASES).flatMap((name, index) =>
      JSON.stringify(ours[index]) === JSON.stringify(theirs[index])
        ? []
        : [{ name, ours: ours[index], theirs: theirs[index] }],
    );
    expect(differing).toEqual([]);
  });

  it("has a table of keys and types that is Talos' own", async () => {
    const kinds = Object.keys(fields);
    const types = await askPeer<Readonly<Record<string, string>>>(
      "types",
      kinds.map((kind) => ({ kind })),
    );

    expect(Object.fromEntries(kinds.map((kind, index) => [kind, types[index]]))).toEqual(fields);
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { applyPatches, generateConfig, mirrorDocuments, publicNamesIn } from "../../../src/talos/config/index.ts";
import { differences, values } from "../../support/talos/compare.ts";
import { nodeInput } from "../../support/talos/node-config.ts";
import { askPeer, type PeerAnswer } from "../../support/talos/peer.ts";

const folder = join(import.meta.dirname, "../../../machineconfigs");
const read = (file: string): string => readFileSync(join(folder, file), "utf8");
/** Written by us, not composed by sites. */
const template = "registry-mirror.yaml";
const builtIns = readdirSync(folder).filter((file) => file !== template);
const roles = ["controlplane", "worker"] as const;
/** time-none is what a site without time servers gets anyway; it shows on one that has some. */
const serversFor = (file: string): readonly string[] => (file === "time-none.yaml" ? ["10.5.0.1"] : []);
const table = builtIns.flatMap((file) =>
  roles.map((role) => ({ file, role, config: generateConfig(nodeInput({ role, timeServers: serversFor(file) })) })),
);

describe("machineconfigs/", () => {
  let judged: readonly PeerAnswer[];
  let patched: readonly PeerAnswer[];
  const apply = ({ file, config }: (typeof table)[number]): string =>
    applyPatches(config, [{ file, text: read(file) }]);
  beforeAll(async () => {
    judged = await askPeer(
      "validate",
      table.map((row) => ({ config: apply(row) })),
    );
    patched = await askPeer(
      "patch",
      table.map(({ file, config }) => ({ config, patches: [read(file)] })),
    );
  });

  it.each(table.map((row, index) => ({ ...row, index })))("$file is accepted by Talos on a $role", (row) => {
    const { index } = row;
    expect(judged[index]).toMatchObject({ invalid: "", warnings: [] });
    expect(differences(values(judged[index]?.yaml), values(patched[index]?.yaml))).toEqual([]);
    expect(differences(values(judged[index]?.yaml), values(row.config))).not.toEqual([]);
  });

  it.each(builtIns)("%s dials nothing public and says when to use it", (file) => {
    const names = publicNamesIn(applyPatches(generateConfig(nodeInput()), [{ file, text: read(file) }]));

    expect(names.filter(({ at }) => !at.startsWith("images of"))).toEqual([]);
    expect(read(file)).toMatch(/^# .+\n# Use |^# .+\n# This is what/);
  });

  it("registry-mirror.yaml shows what mirrorDocuments() writes", () => {
    const caPem = "-----BEGIN CERTIFICATE-----\nMIIB...\n-----END CERTIFICATE-----\n";
    const registries = ["registry.k8s.io", "docker.io"];

    const written = mirrorDocuments({
      registries,
      mirrorUrl: "https://10.5.0.1:5443",
      caPem,
      contract: nodeInput().contract,
    });

    expect(values(read(template))).toEqual(values(written));
  });
});

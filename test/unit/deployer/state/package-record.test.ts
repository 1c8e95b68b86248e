import { describe, expect, it } from "vitest";
import {
  isSameRecord,
  type PackageRecord,
  packageRecordJson,
  parsePackageRecord,
  parseState,
} from "../../../../src/deployer/state/index.ts";

/** As Zarf v0.84.0 wrote it (fixture `upgrade`), its definition shortened. */
const written = {
  name: "upgrade",
  digest: "sha256:50c7",
  data: { kind: "ZarfPackageConfig", metadata: { name: "upgrade" } },
  cliVersion: "v0.84.0",
  generation: 2,
  deployedComponents: [
    {
      name: "keep",
      installedCharts: [
        { namespace: "up-ns", chartName: "c", status: "Succeeded" },
        {
          namespace: "up-ns",
          chartName: "zarf-b95c",
          connectStrings: { web: { description: "The web", url: "/x" } },
          status: "Succeeded",
        },
      ],
      status: "Succeeded",
      observedGeneration: 1,
    },
    { name: "files", installedCharts: [], status: "Deploying", observedGeneration: 2 },
  ],
  connectStrings: { web: { description: "The web", url: "/x" } },
  packageConnectivity: "airgap",
};

describe("the record of a package", () => {
  it("comes out byte for byte as it went in", () => {
    const read = parsePackageRecord(JSON.stringify(written));

    expect(JSON.stringify(packageRecordJson(read as PackageRecord))).toBe(JSON.stringify(written));
  });

  it.each(["", "null", "[]", "{}", "{", '{"name":3}'])("is none in %j", (json) => {
    expect(parsePackageRecord(json)).toBeUndefined();
  });

  it("is read with what other versions leave out or do not know", () => {
    const read = parsePackageRecord(
      '{"name":"old","componentWebhooks":{},"deployedComponents":[{"name":"a","installedCharts":[{"namespace":"n","chartName":"r"}]}]}',
    );

    expect(read).toMatchObject({
      generation: 0,
      packageConnectivity: "airgap",
      deployedComponents: [
        { name: "a", status: "Succeeded", installedCharts: [{ chartName: "r", status: "Succeeded" }] },
      ],
    });
  });

  it("is the same whatever its generation and the order of its charts, and no other", () => {
    const one = parsePackageRecord(JSON.stringify(written)) as PackageRecord;
    const [first, second] = one.deployedComponents;
    const turned = { ...first, installedCharts: first?.installedCharts.toReversed(), observedGeneration: 9 };

    expect(isSameRecord(one, { ...one, generation: 9, deployedComponents: [turned, second] } as PackageRecord)).toBe(
      true,
    );
    expect(isSameRecord(one, { ...one, digest: "sha256:other" })).toBe(false);
    expect(isSameRecord(undefined, one)).toBe(false);
  });
});

describe("parseState()", () => {
  it("knows the port of older versions, and the mode by the address", () => {
    const state = parseState(
      '{"registryInfo":{"address":"127.0.0.1:31999","nodePort":31999,"pushUsername":"p","pushPassword":"w"}}',
    );

    expect(state.registry).toMatchObject({ port: 31999, mode: "nodeport", pullUsername: "p", pullPassword: "w" });
    expect(state.git).toBeUndefined();
    expect(state.agent).toBeUndefined();
  });

  it("takes a registry elsewhere for an external one", () => {
    const state = parseState('{"registryInfo":{"address":"registry.example:5000","port":0,"pullUsername":"q"}}');

    expect(state.registry).toMatchObject({ mode: "external", pullUsername: "q" });
  });

  it.each(["", "[]", "null", '{"registryInfo":{"pushPassword":"hidden"}'])(
    "refuses %j without a word of it",
    (json) => {
      const refuse = () => parseState(json);

      expect(refuse).toThrow(expect.objectContaining({ code: "STATE_INVALID" }));
      expect(refuse).not.toThrow(/hidden/);
    },
  );
});

import { describe, expect, it } from "vitest";
import { nodeFiles } from "../../../../src/lab/contained/node/node-files.ts";
import { appliedConfig } from "../../../support/lab/applied-config.ts";

const filesOf = (config: Parameters<typeof appliedConfig>[0], nodeName = "cp-1") =>
  nodeFiles({ config: appliedConfig(config), nodeName, address: "10.5.0.2" });
const resolvers = (...addresses: readonly string[]) => ({
  kind: "ResolverConfig",
  nameservers: addresses.map((address) => ({ address })),
});
const machine = { network: { nameservers: ["10.0.0.1", "10.0.0.2"] } };

describe("nodeFiles()", () => {
  it("gives a node its name, its address and an id that stays and is its own", () => {
    const files = filesOf({});

    expect(files["/etc/hostname"]).toBe("cp-1\n");
    expect(files["/etc/hosts"]?.split("\n")).toEqual(["127.0.0.1 localhost", "::1 localhost", "10.5.0.2 cp-1", ""]);
    expect(files["/etc/machine-id"]).toMatch(/^[0-9a-f]{32}\n$/);
    expect(filesOf({ machine })["/etc/machine-id"]).toBe(files["/etc/machine-id"]);
    expect(filesOf({}, "cp-2")["/etc/machine-id"]).not.toBe(files["/etc/machine-id"]);
  });

  it.each([
    { rule: "none", config: {}, servers: [] },
    { rule: "of the v1alpha1 document", config: { machine }, servers: ["10.0.0.1", "10.0.0.2"] },
    {
      rule: "of ResolverConfig, which wins",
      config: { machine, documents: [resolvers("10.0.0.3", "10.0.0.4")] },
      servers: ["10.0.0.3", "10.0.0.4"],
    },
    {
      rule: "of ResolverConfig without a server: those before it",
      config: { machine, documents: [resolvers()] },
      servers: ["10.0.0.1", "10.0.0.2"],
    },
  ])("asks the name servers: $rule", ({ config, servers }) => {
    const files = filesOf(config);
    const expected = servers.map((server) => `nameserver ${server}\n`).join("");

    expect(files["/etc/resolv.conf"]).toBe(expected);
    expect(files["/system/resolved/resolv.conf"]).toBe(expected);
  });

  it("has pods ask the node itself where the config forwards to the host's DNS", () => {
    const files = filesOf({ machine: { ...machine, features: { hostDNS: { forwardKubeDNSToHost: true } } } });

    expect(files["/system/resolved/resolv.conf"]).toBe("nameserver 169.254.116.108\n");
    expect(files["/etc/resolv.conf"]).toBe("nameserver 10.0.0.1\nnameserver 10.0.0.2\n");
  });

  it("trusts the roots of every TrustedRootsConfig and no others", () => {
    const documents = ["PEM 1", "PEM 2"].map((certificates) => ({ kind: "TrustedRootsConfig", certificates }));

    expect(filesOf({ documents })["/etc/ssl/certs/ca-certificates.crt"]).toBe("PEM 1\nPEM 2");
    expect(filesOf({})["/etc/ssl/certs/ca-certificates.crt"]).toBe("");
  });
});

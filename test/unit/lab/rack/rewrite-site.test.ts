import { describe, expect, it } from "vitest";
import { addressesOfSlot, endpointAddress, MAX_NODES, nodeAddress } from "../../../../src/lab/rack/addresses.ts";
import { rewriteSite } from "../../../../src/lab/rack/rewrite-site.ts";
import { parseSite } from "../../../../src/site/index.ts";

const text = `# The wind park by the sea.
apiVersion: skerry.dev/v1alpha1
kind: Site
name: windpark-7
talos: v1.13.9
kubernetes: v1.36.3
endpoint: 10.5.0.100 # the load balancer
nodes:
  # the one in the basement
  - name: cp-1
    role: controlplane
    address: 10.5.0.2
    maintenanceAddress: 10.5.9.2
    fingerprint: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
    disk: {serial: S1}
    patches: [mine.yaml, not-a-file]
  - {name: w-1, role: worker, address: 10.5.0.3, disk: {path: /dev/sda}}
machineConfigs: {all: [hardening]}
trust: {keys: [keys/a.pub]}
`;

const rewritten = (source: string) =>
  rewriteSite(source, parseSite(source, "/sites/w7/site.yaml"), {
    addresses: addressesOfSlot(3),
    fileExists: (path) => ["/sites/w7/mine.yaml", "/sites/w7/keys/a.pub"].includes(path),
  });

describe("rewriteSite()", () => {
  it("gives every machine, the endpoint and the laptop the addresses of the slot", () => {
    const site = parseSite(rewritten(text), "/racks/r/site/site.yaml");

    expect(site.nodes.map((node) => node.address)).toEqual(["127.0.12.10", "127.0.12.11"]);
    expect(site.endpoint).toBe("127.0.12.5");
    expect(site.mirror).toEqual({ address: "127.5.0.1", port: 5443 });
  });

  it("drops what holds for the real machines alone", () => {
    const [node] = parseSite(rewritten(text), "/racks/r/site/site.yaml").nodes;

    expect(node).not.toHaveProperty("maintenanceAddress");
    expect(node).not.toHaveProperty("fingerprint");
  });

  it("keeps an endpoint that is a machine's own address on that machine", () => {
    const own = text.replace("endpoint: 10.5.0.100", "endpoint: 10.5.0.2");

    expect(parseSite(rewritten(own), "/racks/r/site/site.yaml").endpoint).toBe("127.0.12.10");
  });

  it("names files absolutely and leaves built-in names alone", () => {
    const site = parseSite(rewritten(text), "/racks/r/site/site.yaml");

    expect(site.nodes[0]?.patches).toEqual(["/sites/w7/mine.yaml", "not-a-file"]);
    expect(site.machineConfigs.all).toEqual(["hardening"]);
    expect(site.trust.keys).toEqual(["/sites/w7/keys/a.pub"]);
  });

  it("keeps comments", () => {
    expect(rewritten(text)).toContain("# The wind park by the sea.");
    expect(rewritten(text)).toContain("# the one in the basement");
    expect(rewritten(text)).toContain("# the load balancer");
  });

  it("keeps the port of a mirror section that is there", () => {
    const site = parseSite(rewritten(`${text}mirror: {port: 6000}\n`), "/racks/r/site/site.yaml");

    expect(site.mirror).toEqual({ address: "127.5.0.1", port: 6000 });
  });
});

describe("nodeAddress()", () => {
  it("fills the four nets of a slot without .0 and .255, each address once", () => {
    const addresses = Array.from({ length: MAX_NODES }, (_, index) => nodeAddress(60, index));

    expect(new Set(addresses).size).toBe(MAX_NODES);
    expect(addresses[0]).toBe("127.0.240.10");
    expect(addresses.at(-1)).toBe("127.0.243.254");
    expect(addresses.filter((address) => /\.(0|255)$/.test(address))).toEqual([]);
    expect(addresses).not.toContain(endpointAddress(60));
  });
});

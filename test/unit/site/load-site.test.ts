import { describe, expect, it } from "vitest";
import { isOperatorError, type OperatorError } from "../../../src/lib/errors/index.ts";
import { parseSite } from "../../../src/site/index.ts";

const head = `apiVersion: skerry.dev/v1alpha1
kind: Site
name: windpark-7
talos: v1.13.9
kubernetes: v1.36.3
endpoint: 10.5.0.100
`;
const node = (name: string, role: string, address: string) =>
  `  - {name: ${name}, role: ${role}, address: ${address}, disk: {serial: S-${name}}}\n`;

function problemsOf(text: string): OperatorError {
  try {
    parseSite(text, "site.yaml");
  } catch (error) {
    if (isOperatorError(error, "DOCUMENT_INVALID")) return error;
    throw error;
  }
  throw new Error("was accepted");
}

describe("parseSite()", () => {
  it("applies the defaults", () => {
    const site = parseSite(`${head}nodes:\n${node("cp-1", "controlplane", "10.5.0.2")}`, "/site/site.yaml");

    expect(site.mirror.port).toBe(5443);
    expect(site.network).toMatchObject({ prefix: 24, podSubnets: ["10.244.0.0/16"], timeServers: [] });
    expect(site.cni).toBe("flannel");
    expect(site.trust.allowUnsigned).toBe(false);
    expect(site.folder).toBe("/site");
  });

  it("names an unknown key with its line and what was probably meant", () => {
    const error = problemsOf(`${head}endpiont: x\nnodes:\n${node("cp-1", "controlplane", "10.5.0.2")}`);

    expect(error.problems[0]?.where?.file).toBe("site.yaml:7:1");
    expect(error.problems[0]?.message).toContain("endpoint");
  });

  it("reports every problem in one go", () => {
    const error = problemsOf(`${head}cni: calico\nnodes:\n${node("cp-1", "boss", "10.5.0.2")}`);

    expect(error.problems.map((problem) => problem.where?.file)).toEqual([
      "site.yaml:7:6",
      expect.stringMatching(/^site\.yaml:9:/),
    ]);
  });

  it.each([
    [
      "two nodes with one address",
      node("cp-1", "controlplane", "10.5.0.2") + node("w-1", "worker", "10.5.0.2"),
      /w-1 has the address 10\.5\.0\.2 of cp-1/,
    ],
    [
      "two nodes with one name",
      node("cp-1", "controlplane", "10.5.0.2") + node("cp-1", "worker", "10.5.0.3"),
      /two nodes are named cp-1/,
    ],
    ["no control plane", node("w-1", "worker", "10.5.0.2"), /no node has the role controlplane/],
    [
      "one of three control planes as the endpoint",
      node("cp-1", "controlplane", "10.5.0.100") + node("cp-2", "controlplane", "10.5.0.3"),
      /one control plane's own address/,
    ],
  ])("refuses %s", (_title, nodes, message) => {
    const error = problemsOf(`${head}nodes:\n${nodes}`);

    expect(error.problems.some((problem) => message.test(problem.message))).toBe(true);
    expect(error.problems[0]?.where?.file).toMatch(/^site\.yaml:\d+:\d+$/);
  });

  it("accepts a free endpoint for three control planes", () => {
    const nodes = ["2", "3", "4"].map((last) => node(`cp-${last}`, "controlplane", `10.5.0.${last}`)).join("");

    expect(parseSite(`${head}nodes:\n${nodes}`, "site.yaml").nodes).toHaveLength(3);
  });

  it("needs links where the endpoint is a virtual IP", () => {
    const error = problemsOf(`${head}virtualIP: true\nnodes:\n${node("cp-1", "controlplane", "10.5.0.2")}`);

    expect(error.problems[0]?.message).toContain("needs its link");
  });
});

import { describe, expect, it } from "vitest";
import { parseWaitArguments } from "../../../src/cli/wait-arguments.ts";

const waitOf = (line: string) => parseWaitArguments(line.split(" ").filter((word) => word !== ""));
const cluster = (kind: string, name: string, condition: string, more: object = {}) => ({
  kind,
  name,
  condition,
  ...more,
});

describe("parseWaitArguments()", () => {
  it.each([
    ["pod web ready -n shop", { cluster: cluster("pod", "web", "ready", { namespace: "shop" }), unsaid: "exists" }],
    ["svc web --namespace=shop", { cluster: cluster("svc", "web", "", { namespace: "shop" }), unsaid: "exists" }],
    ["-n=shop p app=web ready", { cluster: cluster("p", "app=web", "ready", { namespace: "shop" }), unsaid: "exists" }],
    ["pvc", { cluster: cluster("pvc", "", ""), unsaid: "exists" }],
    [
      "sts db '{.status.availableReplicas}'=23",
      { cluster: cluster("sts", "db", "'{.status.availableReplicas}'=23"), unsaid: "exists" },
    ],
    ["resource deployment web", { cluster: cluster("deployment", "web", ""), unsaid: "ready" }],
    ["resource svc web delete -l debug", { cluster: cluster("svc", "web", "delete"), unsaid: "ready" }],
    ["-n shop resource pvc", { cluster: cluster("pvc", "", "", { namespace: "shop" }), unsaid: "ready" }],
    ["tcp localhost:8080", { network: { protocol: "tcp", address: "localhost:8080" } }],
    ["network tcp localhost:8080 200", { network: { protocol: "tcp", address: "localhost:8080" } }],
    ["http localhost:8080 201", { network: { protocol: "http", address: "localhost:8080", code: 201 } }],
    ["network http web.example", { network: { protocol: "http", address: "web.example", code: "success" } }],
    [
      "network https web.example SUCCESS --insecure-skip-tls-verify",
      { network: { protocol: "https", address: "web.example", code: "success" } },
    ],
    // Zarf knows protocols in small letters only.
    ["HTTP web.example", { cluster: cluster("HTTP", "web.example", ""), unsaid: "exists" }],
  ])("reads %s", (line, wait) => {
    expect(waitOf(line)).toEqual({ wait, timeoutMs: 300_000 });
  });

  it("reads how long", () => {
    expect(waitOf("pod web --timeout 1m30s")).toMatchObject({ timeoutMs: 90_000 });
    expect(waitOf("--timeout=2s network tcp a:1")).toMatchObject({ timeoutMs: 2000 });
  });

  it.each(["--help", "resource -h", "network tcp --help"])("knows that %s asks for help", (line) => {
    expect(waitOf(line)).toBeUndefined();
  });

  it.each([
    "",
    "a b c d",
    "resource",
    "resource a b c d",
    "network",
    "network tcp",
    "network tcp a:1 200 more",
    "network http a:1 abc",
    "network http a:1 99",
    "network tcp a:1 -n web",
    "tcp",
    "pod web --timeout 5",
    "pod web --timeout",
    "pod web --colour",
  ])("refuses %j", (line) => {
    expect(() => waitOf(line)).toThrow(expect.objectContaining({ code: "USAGE_INVALID" }));
  });
});

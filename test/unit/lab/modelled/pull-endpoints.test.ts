import { describe, expect, it } from "vitest";
import { pullEndpoints } from "../../../../src/lab/node/images/pull-endpoints.ts";
import { appliedConfig, mirrorConfig } from "../../../support/lab/applied-config.ts";

const roots = (config: ReturnType<typeof appliedConfig>, registry: string) =>
  pullEndpoints(config, registry).map(({ root, namespace }) =>
    namespace === undefined ? root : `${root}?ns=${namespace}`,
  );

describe("pullEndpoints()", () => {
  it.each([
    {
      rule: "goes to the registry itself without an entry",
      documents: [],
      registry: "ghcr.io",
      expected: ["https://ghcr.io/v2"],
    },
    {
      rule: "goes to the host that serves docker.io, without ns",
      documents: [],
      registry: "docker.io",
      expected: ["https://registry-1.docker.io/v2"],
    },
    {
      rule: "asks the endpoints in order, then the registry",
      documents: [mirrorConfig("ghcr.io", ["http://127.0.0.1:1", "http://127.0.0.1:2"], {})],
      registry: "ghcr.io",
      expected: ["http://127.0.0.1:1/v2?ns=ghcr.io", "http://127.0.0.1:2/v2?ns=ghcr.io", "https://ghcr.io/v2"],
    },
    {
      rule: "leaves the registry out with skipFallback",
      documents: [mirrorConfig("ghcr.io", ["http://127.0.0.1:1"], { skipFallback: true })],
      registry: "ghcr.io",
      expected: ["http://127.0.0.1:1/v2?ns=ghcr.io"],
    },
    {
      rule: "goes to the registry where skipFallback stands without endpoints",
      documents: [mirrorConfig("ghcr.io", [], { skipFallback: true })],
      registry: "ghcr.io",
      expected: ["https://ghcr.io/v2"],
    },
    {
      rule: "takes the path of an endpoint in front of /v2",
      documents: [mirrorConfig("ghcr.io", ["http://127.0.0.1:1/proxy/"], { skipFallback: true })],
      registry: "ghcr.io",
      expected: ["http://127.0.0.1:1/proxy/v2?ns=ghcr.io"],
    },
    {
      rule: "takes the path as the whole API root with overridePath",
      documents: [
        mirrorConfig("ghcr.io", ["https://127.5.0.1:5443/v2/ghcr.io"], { skipFallback: true, overridePath: true }),
      ],
      registry: "ghcr.io",
      expected: ["https://127.5.0.1:5443/v2/ghcr.io?ns=ghcr.io"],
    },
    {
      rule: "uses * for a registry without an entry of its own",
      documents: [mirrorConfig("*", ["http://127.0.0.1:1"], { skipFallback: true })],
      registry: "quay.io",
      expected: ["http://127.0.0.1:1/v2?ns=quay.io"],
    },
    {
      rule: "lets an entry of its own hide *",
      documents: [
        mirrorConfig("*", ["http://127.0.0.1:1"], { skipFallback: true }),
        mirrorConfig("quay.io", ["http://127.0.0.1:2"], { skipFallback: true }),
      ],
      registry: "quay.io",
      expected: ["http://127.0.0.1:2/v2?ns=quay.io"],
    },
    {
      rule: "sends no ns to the registry that the image names",
      documents: [mirrorConfig("127.0.0.1:31999", ["http://127.0.0.1:31999"], { skipFallback: true })],
      registry: "127.0.0.1:31999",
      expected: ["http://127.0.0.1:31999/v2"],
    },
  ])("$rule", ({ documents, registry, expected }) => {
    expect(roots(appliedConfig({ documents }), registry)).toEqual(expected);
  });

  it("reads the older form in the same way", () => {
    const config = appliedConfig({
      machine: {
        registries: {
          mirrors: { "docker.io": { endpoints: ["https://10.0.0.5:5000"], skipFallback: true } },
          config: {
            "10.0.0.5:5000": {
              auth: { username: "u", password: "p" },
              tls: { ca: Buffer.from("PEM of a CA").toString("base64") },
            },
          },
        },
      },
    });

    expect(pullEndpoints(config, "docker.io")).toEqual([
      {
        root: "https://10.0.0.5:5000/v2",
        host: "10.0.0.5:5000",
        namespace: "docker.io",
        upstream: false,
        overridePath: false,
        tls: { ca: "PEM of a CA", insecureSkipVerify: false },
        auth: { username: "u", password: "p" },
      },
    ]);
  });

  it("keys TLS and credentials by the endpoint's host, never by the registry", () => {
    const config = appliedConfig({
      documents: [
        mirrorConfig("ghcr.io", ["https://127.5.0.1:5443"], { skipFallback: true }),
        { kind: "RegistryTLSConfig", name: "ghcr.io", ca: "wrong" },
        { kind: "RegistryTLSConfig", name: "127.5.0.1:5443", ca: "right" },
        { kind: "RegistryAuthConfig", name: "127.5.0.1:5443", auth: Buffer.from("me:se:cret").toString("base64") },
      ],
    });

    expect(pullEndpoints(config, "ghcr.io")).toMatchObject([
      { tls: { ca: "right" }, auth: { username: "me", password: "se:cret" } },
    ]);
  });
});

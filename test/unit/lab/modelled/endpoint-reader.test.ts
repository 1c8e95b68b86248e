import { describe, expect, it } from "vitest";
import { openEndpoint } from "../../../../src/lab/modelled/images/endpoint-reader.ts";
import { pullEndpoints } from "../../../../src/lab/node/images/pull-endpoints.ts";
import { appliedConfig, mirrorConfig } from "../../../support/lab/applied-config.ts";

describe("openEndpoint()", () => {
  it.each(["ghcr.io", "docker.io", "10.1.2.3:5000", "localhost.example.org"])(
    "dials nothing that is not loopback: %s",
    async (registry) => {
      const [endpoint] = pullEndpoints(appliedConfig({}), registry);
      if (endpoint === undefined) throw new Error("no endpoint");
      const reader = openEndpoint(endpoint);

      const asked = reader.manifest("team/app", "1", { signal: AbortSignal.timeout(1000) });

      await expect(asked).rejects.toMatchObject({
        kind: "unreachable",
        message: expect.stringContaining("connect: no route to host") as string,
      });
    },
  );

  it("refuses TLS settings for an endpoint without TLS, as Talos does", async () => {
    const documents = [
      mirrorConfig("ghcr.io", ["http://127.0.0.1:1"], { skipFallback: true }),
      { kind: "RegistryTLSConfig", name: "127.0.0.1:1", ca: "PEM" },
    ];
    const [endpoint] = pullEndpoints(appliedConfig({ documents }), "ghcr.io");
    if (endpoint === undefined) throw new Error("no endpoint");

    const asked = openEndpoint(endpoint).manifest("team/app", "1", { signal: AbortSignal.timeout(1000) });

    await expect(asked).rejects.toThrow("TLS config specified for non-HTTPS registry");
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../../../src/kube/index.ts";
import { componentUsers, staticPods } from "../../../../src/lab/contained/node/static-pods.ts";
import { clusterFacts } from "../../../../src/lab/node/cluster-facts.ts";
import { releaseImages } from "../../../../src/lab/rack/release-images.ts";
import { generateConfig } from "../../../../src/talos/config/index.ts";
import { parseApplied } from "../../../support/lab/applied-config.ts";
import { nodeInput } from "../../../support/talos/node-config.ts";

/** From a real node, see `about` in the file. */
const recorded = JSON.parse(
  readFileSync(new URL("../../../fixtures/lab/node-1.13.9.json", import.meta.url), "utf8"),
) as { readonly staticPods: Readonly<Record<string, KubeObject>> };

const places = {
  address: "10.5.0.2",
  secrets: "/system/secrets/kubernetes",
  config: "/system/config/kubernetes",
  audit: "/var/log/audit/kube",
  network: "own",
} as const;
const podsOf = (overrides: Parameters<typeof nodeInput>[0] = {}) =>
  staticPods(
    clusterFacts(parseApplied(generateConfig(nodeInput(overrides))), releaseImages("v1.13.9", "v1.36.3")),
    places,
  );

/**
 * As recorded, but for annotations (versions of Talos' own resources), the empty status of Go's marshaller, and `--flag`, which is
 * `--flag=true`; arguments in one order.
 */
function comparable(pod: KubeObject) {
  const { annotations: _annotations, ...metadata } = pod.metadata as Readonly<Record<string, unknown>>;
  const { status: _status, ...rest } = pod as unknown as Readonly<Record<string, unknown>>;
  const spec = rest["spec"] as { readonly containers: readonly [{ readonly command: readonly string[] }] };
  const [container] = spec.containers;
  const command = container.command.map((word) => (/^--[^=]+$/.test(word) ? `${word}=true` : word)).sort();
  return { ...rest, metadata, spec: { ...spec, containers: [{ ...container, command }] } };
}

describe("staticPods()", () => {
  // The real node was its cluster's endpoint.
  it.each(podsOf({ endpoint: "https://10.5.0.2:6443" }).map((pod) => ({ name: pod.metadata.name ?? "", pod })))(
    "gives the kubelet $name as a real node does",
    ({ name, pod }) => {
      expect(comparable(pod)).toEqual(comparable(recorded.staticPods[name] as KubeObject));
    },
  );

  it("are all that a real node has, each for the user that its secrets are given to", () => {
    const users = podsOf().map((pod) => [
      pod.metadata.name,
      (pod["spec"] as { readonly securityContext: { readonly runAsUser: number } }).securityContext.runAsUser,
    ]);

    expect(Object.fromEntries(users)).toEqual(componentUsers);
    expect(Object.keys(componentUsers)).toEqual(Object.keys(recorded.staticPods));
  });

  it("passes on each value of an extra argument that is a list", () => {
    const config = parseApplied(generateConfig(nodeInput()));
    const facts = clusterFacts(config, releaseImages("v1.13.9", "v1.36.3"));
    const extraArgs = { ...facts.extraArgs, scheduler: { "feature-gates": ["A=true", "B=true"] } };

    const scheduler = staticPods({ ...facts, extraArgs }, places).at(-1);

    expect(JSON.stringify(scheduler)).toContain('"--feature-gates=A=true","--feature-gates=B=true"');
  });
});

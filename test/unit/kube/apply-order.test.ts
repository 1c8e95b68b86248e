import { describe, expect, it } from "vitest";
import { inApplyOrder, type KubeObject } from "../../../src/kube/index.ts";

const object = (kind: string, name = "x"): KubeObject => ({ apiVersion: "v1", kind, metadata: { name } });

describe("inApplyOrder()", () => {
  it("puts namespaces and definitions first, custom kinds late, webhooks last", () => {
    const kinds = [
      "ValidatingWebhookConfiguration",
      "Thing",
      "Deployment",
      "Service",
      "ConfigMap",
      "CustomResourceDefinition",
      "Namespace",
    ];

    expect(inApplyOrder(kinds.map((kind) => object(kind))).map(({ kind }) => kind)).toEqual(kinds.toReversed());
  });

  it("keeps the order of equals", () => {
    const objects = [object("Pod", "b"), object("Pod", "a"), object("Thing", "d"), object("Other", "c")];

    expect(inApplyOrder(objects)).toEqual(objects);
  });
});

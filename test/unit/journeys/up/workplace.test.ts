import { describe, expect, it } from "vitest";
import type { UpContext } from "../../../../src/journeys/up/context.ts";
import { workplaceOf } from "../../../../src/journeys/up/workplace.ts";

const contextOf = (ports: object): UpContext =>
  ({ ports, world: { self: ["node", "skerry.js"] }, stateFolder: "/state/sites/demo" }) as unknown as UpContext;

describe("workplaceOf()", () => {
  it("gives commands of a site's packages the site's own kubeconfig, and our stand-in", () => {
    expect(workplaceOf(contextOf({}))).toMatchObject({
      environment: { KUBECONFIG: "/state/sites/demo/kubeconfig" },
      program: ["node", "skerry.js", "tools"],
    });
  });

  it("leaves a rehearsal its own", () => {
    const workplace = { isPretended: true };

    expect(workplaceOf(contextOf({ workplace }))).toBe(workplace);
  });
});

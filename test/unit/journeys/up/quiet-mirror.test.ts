import { describe, expect, it } from "vitest";
import type { UpContext } from "../../../../src/journeys/up/context.ts";
import { quietMirror } from "../../../../src/journeys/up/quiet-mirror.ts";
import { contextOf, siteOf } from "../up-context.ts";

/** A mirror that has seen these requests (address to time) and answers `active` of them now. */
function mirrorWith(
  requests: Readonly<Record<string, number>>,
  active = 0,
): NonNullable<UpContext["memory"]["mirror"]> {
  return {
    mirror: {
      url: "https://10.5.0.1:5443",
      port: 5443,
      stats: () => ({ requests: 0, bytes: 0, active }),
      close: async () => {},
    },
    url: "https://10.5.0.1:5443",
    lastRequestMs: (client) => requests[client],
    problem: () => undefined,
    tally: () => ({ requests: 0, images: 0, bytes: 0 }),
    close: async () => {},
  };
}

async function reasonAfter(seconds: number, mirror: UpContext["memory"]["mirror"]): Promise<string> {
  const context = contextOf(siteOf("cp-1 w-1"), {
    mirrorUrl: "https://10.5.0.1:5443",
    ...(mirror === undefined ? {} : { mirror }),
  });
  const node = context.site.nodes[1];
  if (node === undefined) throw new Error("the site has two nodes");
  const reason = quietMirror(context, node);
  await context.world.clock.sleep(seconds * 1000, { signal: new AbortController().signal });
  return reason();
}

describe("quietMirror()", () => {
  it("says nothing for half a minute", async () => {
    expect(await reasonAfter(29, mirrorWith({}))).toBe("");
  });

  it("names likely causes once a node has asked for nothing for 30 s", async () => {
    const reason = await reasonAfter(31, mirrorWith({ "10.5.0.10": Date.now() }));

    expect(reason).toContain("no request from 10.5.0.11 reached the mirror for 30 s");
    expect(reason).toContain("firewall");
    expect(reason).toContain("https://10.5.0.1:5443");
  });

  it("does not suspect a firewall when the node has pulled before", async () => {
    expect(await reasonAfter(40, mirrorWith({ "10.5.0.11": 0 }))).toBe("; no request to the mirror for 30 s");
  });

  it("says another reason every half minute and not every second", async () => {
    const reasons = await Promise.all([61, 75, 89, 90].map((seconds) => reasonAfter(seconds, mirrorWith({}))));

    expect(new Set(reasons).size).toBe(2);
    expect(reasons[2]).toContain("for 60 s");
    expect(reasons[3]).toContain("for 90 s");
  });

  it("calls nobody quiet while a layer is on its way", async () => {
    expect(await reasonAfter(60, mirrorWith({}, 1))).toBe("");
  });

  it("says nothing where no mirror is served", async () => {
    expect(await reasonAfter(60, undefined)).toBe("");
  });
});

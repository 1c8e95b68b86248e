import { describe, expect, it } from "vitest";
import { hopeless } from "../../../../src/journeys/up/pull-trouble.ts";
import { contextOf, siteOf } from "../up-context.ts";

const untrusted =
  'failed to pull image "x": tls: failed to verify certificate: x509: certificate signed by unknown authority';

describe("hopeless()", () => {
  const context = contextOf(siteOf("cp-1 w-1"));
  const node = context.site.nodes[1];
  if (node === undefined) throw new Error("a site of two nodes");
  const now = context.world.clock.now().getTime();
  const serving = { mirrorUrl: "https://10.5.0.1:5443", mirrorSinceMs: now - 10_000 };

  it.each([
    ["that it has just met", 500],
    ["that it met before this run: no image comes or goes by itself", 3_600_000],
    ["of an age that it does not tell", undefined],
  ])("ends the wait for a machine with a full disk %s", (_what, ageMs) => {
    const error = hopeless(contextOf(siteOf("cp-1 w-1"), serving), node, {
      words: 'failed to pull image "x": write /var/lib/y: no space left on device',
      ageMs,
    });

    expect(error).toMatchObject({ code: "NODE_DISK_FULL", where: { node: "w-1" } });
    expect(error?.message).toContain("the disk {path: /dev/sda} of w-1 is full");
  });

  it("ends the wait for one that met another authority since the mirror is served", () => {
    const error = hopeless(contextOf(siteOf("cp-1 w-1"), serving), node, { words: untrusted, ageMs: 500 });

    expect(error).toMatchObject({ code: "MIRROR_NOT_TRUSTED", where: { node: "w-1" } });
    expect(error?.message).toContain("https://10.5.0.1:5443");
  });

  it.each([
    ["met another authority before that: it may be mended", untrusted, 60_000, serving],
    ["does not tell when", untrusted, undefined, serving],
    ["finds nobody at the mirror's address", 'failed to pull image "x": connect: connection refused', 500, serving],
    ["has no mirror to ask in this run", untrusted, 500, {}],
  ])("lets the wait for one go on that %s", (_what, words, ageMs, memory) => {
    expect(hopeless(contextOf(siteOf("cp-1 w-1"), memory), node, { words, ageMs })).toBeUndefined();
  });
});

import { describe, expect, it } from "vitest";
import { withoutIdleRevisions } from "../../../support/recordings/releases.ts";
import type { ClusterState, JsonObject } from "../../../support/recordings/state.ts";

interface Revision {
  readonly manifest: string;
  readonly status: string;
  readonly description: string;
}

/** A state with the release `web` in this history. */
function history(...revisions: readonly Revision[]): ClusterState {
  return new Map(
    revisions.map(({ manifest, status, description }, index) => {
      const version = index + 1;
      const name = `sh.helm.release.v1.web.v${version}`;
      const object: JsonObject = {
        kind: "Secret",
        apiVersion: "v1",
        type: "helm.sh/release.v1",
        metadata: { name, namespace: "ns", labels: { name: "web", status, version: String(version) } },
        data: { release: { value: { manifest, version, info: { status, description } } } },
      };
      return [`Secret.v1/ns/${name}`, object];
    }),
  );
}
const installed = { manifest: "a", status: "superseded", description: "Install complete" };

describe("withoutIdleRevisions()", () => {
  it("leaves out a revision that is the one before it again, and keeps how it stands", () => {
    const recorded = history(installed, { manifest: "a", status: "deployed", description: "Upgrade complete" });

    const { state, idle } = withoutIdleRevisions(recorded);

    expect([...state]).toEqual([...history({ ...installed, status: "deployed" })]);
    expect(idle).toEqual(["Secret.v1/ns/sh.helm.release.v1.web.v2"]);
  });

  it("numbers the revisions after it anew, and what they roll back to", () => {
    const recorded = history(
      installed,
      { manifest: "a", status: "superseded", description: "Upgrade complete" },
      { manifest: "b", status: "failed", description: "Upgrade failed" },
      { manifest: "a", status: "deployed", description: "Rollback to 2" },
    );

    const { state } = withoutIdleRevisions(recorded);

    expect([...state]).toEqual([
      ...history(
        installed,
        { manifest: "b", status: "failed", description: "Upgrade failed" },
        { manifest: "a", status: "deployed", description: "Rollback to 1" },
      ),
    ]);
  });

  it("keeps a revision that failed, and the one that repeats what failed", () => {
    const recorded = history(
      { ...installed, description: 'Release "web" failed: context deadline exceeded' },
      { manifest: "a", status: "deployed", description: "Upgrade complete" },
    );

    expect(withoutIdleRevisions(recorded)).toEqual({ state: recorded, idle: [] });
  });
});

import { describe, expect, it } from "vitest";
import { withoutNeedlessRevisions } from "../../../support/recordings/releases.ts";
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

describe("withoutNeedlessRevisions()", () => {
  it("leaves out a revision that is the one before it again, and keeps how it stands", () => {
    const recorded = history(installed, { manifest: "a", status: "deployed", description: "Upgrade complete" });

    const { state, reasons } = withoutNeedlessRevisions(recorded);

    expect([...state]).toEqual([...history({ ...installed, status: "deployed" })]);
    expect(reasons).toEqual(["idle-revision"]);
  });

  it("numbers the revisions after it anew, and what they roll back to", () => {
    const recorded = history(
      installed,
      { manifest: "a", status: "superseded", description: "Upgrade complete" },
      { manifest: "b", status: "failed", description: "Upgrade failed" },
      { manifest: "a", status: "deployed", description: "Rollback to 2" },
    );

    const { state } = withoutNeedlessRevisions(recorded);

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

    expect(withoutNeedlessRevisions(recorded)).toEqual({ state: recorded, reasons: [] });
  });

  it("leaves out what the API server refused, and takes what comes first then for installed", () => {
    const refused = 'Release "web" failed: conflict occurred while applying object ns/web';
    const recorded = history(
      { ...installed, description: refused },
      { manifest: "a", status: "deployed", description: "Upgrade complete" },
    );

    expect(withoutNeedlessRevisions(recorded)).toEqual({
      state: history({ ...installed, status: "deployed" }),
      reasons: ["refused-before"],
    });
  });

  it("leaves out a rollback to the newest revision that stays", () => {
    const recorded = history(installed, { manifest: "a", status: "deployed", description: "Rollback to 1" });

    expect(withoutNeedlessRevisions(recorded)).toEqual({
      state: history({ ...installed, status: "deployed" }),
      reasons: ["rollback-of-nothing"],
    });
  });
});

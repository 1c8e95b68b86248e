import { beforeAll, describe, expect, it } from "vitest";
import type { InteriorKind } from "../../src/lab/index.ts";
import { interiors, observeBehaviours } from "../support/lab/interiors.ts";
import type { Replay } from "../support/lab/replay.ts";

const signal = AbortSignal.timeout(880_000);
const OK = { code: "OK" };
const refused = { code: "PERMISSION_DENIED", message: "not authorized" };
const ON_EVERY = ["modelled", "contained"] as const;

/** Where a machine answers otherwise than the real node of the recordings did, inside which interiors, and why it may. */
const DIFFERENCES: readonly (readonly [call: string, where: readonly InteriorKind[], reason: string])[] = [
  ...["a", "b", "c", "d", "e"].map(
    (state) =>
      [`${state} machine.MachineService/Dmesg (minimal)`, ON_EVERY, "the lab's kernel has one line to say"] as const,
  ),
  ...["c", "d", "e"].map(
    (state) =>
      [
        `${state} machine.ImageService/List CONTAINERD/NS_SYSTEM`,
        ON_EVERY,
        "recorded in a container without a reboot since its first pull; the store is memory",
      ] as const,
  ),
  ...["c", "e"].flatMap((state) =>
    ["Pull pause", "Pull pause again"].map(
      (call) =>
        [
          `${state} machine.ImageService/${call}`,
          ON_EVERY,
          "tells the progress of layers that the recorded node had already; here a pod may or may not have brought them",
        ] as const,
    ),
  ),
  ...["a", "b"].map(
    (state) =>
      [
        `${state} machine.ImageService/List CONTAINERD/NS_SYSTEM`,
        ["contained"],
        "containerd starts with the first config; a real one runs in maintenance",
      ] as const,
  ),
  ...["c machine.ImageService/Import containerd only", "c machine.ImageService/Import garbage"].map(
    (call) => [call, ["contained"], "the reason comes by way of ctr, which warns of deprecations first"] as const,
  ),
  ...["c machine.ImageService/Pull missing image", "e machine.ImageService/Pull missing image"].map(
    (call) =>
      [call, ["contained"], "containerd 2.2 says 'resolve image' where Talos' own client says 'reference'"] as const,
  ),
];

describe.each(interiors)("a machine that is %s inside", (interior) => {
  let seen: ReadonlyMap<string, unknown> = new Map();
  beforeAll(async () => {
    seen = await observeBehaviours(interior, { signal });
  });
  const saw = (step: string) => {
    if (!seen.has(step)) throw new Error(`nothing was seen of "${step}"`);
    return seen.get(step);
  };

  it("answers the recorded calls as a real node did, or the difference has a reason", () => {
    const replays = ["in maintenance", "of a running machine"].map((when) => saw(`recorded answers ${when}`) as Replay);
    const differing = replays.flatMap((replay) => Object.keys(replay.differing));
    const reasoned = DIFFERENCES.filter(([, where]) => where.includes(interior)).map(([call]) => call);

    expect(differing.filter((call) => !reasoned.includes(call))).toEqual([]);
    expect(replays.reduce((sum, { compared }) => sum + compared, 0)).toBeGreaterThan(290);
  });

  it("takes a config in maintenance and nothing that only an admin may", () => {
    expect(saw("version in maintenance")).toEqual({ tag: "v1.13.9", features: false });
    expect(saw("Bootstrap in maintenance")).toEqual(refused);
    expect(saw("Reset in maintenance")).toEqual(refused);
    expect(saw("EtcdSnapshot in maintenance")).toEqual(refused);
    expect(saw("ApplyConfiguration")).toEqual({ mode: "no-reboot" });
  });

  it("installs, boots, and waits with everything but etcd", () => {
    expect(saw("services before Bootstrap")).toMatchObject({
      apid: "Running healthy",
      containerd: "Running healthy",
      cri: "Running healthy",
      etcd: "Preparing",
      kubelet: "Running healthy",
      machined: "Running healthy",
      trustd: "Running healthy",
    });
    expect(saw("members before Bootstrap")).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });

  it("begins a cluster once", () => {
    expect(saw("Bootstrap")).toEqual(OK);
    expect(saw("Bootstrap again")).toEqual({
      code: "ALREADY_EXISTS",
      message: "etcd data directory is not empty",
    });
    expect(saw("members")).toMatchObject([
      {
        hostname: "cp-1",
        peerUrls: [expect.stringMatching(/^https:\/\/[\d.]+:2380$/)],
        clientUrls: [expect.stringMatching(/^https:\/\/[\d.]+:2379$/)],
        isLearner: false,
        id: true,
      },
    ]);
  });

  it("hands out a kubeconfig that works, and becomes ready", () => {
    expect(saw("kubeconfig")).toEqual({ context: "admin@rehearsal" });
    expect(saw("status when all is up")).toEqual({ stage: "running", ready: true, unmetConditions: [] });
    expect(saw("services when all is up")).toMatchObject({ etcd: "Running healthy", kubelet: "Running healthy" });
  });

  it("has the logs of its services, and says so where it has none", () => {
    for (const id of ["kubelet", "etcd", "containerd", "cri", "machined"]) expect(saw(`log of ${id}`), id).toEqual(OK);
    expect(saw("log of kubelet has lines")).toBe(true);
    expect(saw("log of a stranger")).toEqual({ code: "UNKNOWN", message: 'log "stranger" was not registered' });
    expect(saw("log without a namespace")).toEqual({
      code: "INVALID_ARGUMENT",
      message: "namespace can't be empty",
    });
  });

  it("keeps the events of its boot and goes on telling", () => {
    expect(saw("events")).toEqual({
      ends: "DEADLINE_EXCEEDED",
      kinds: ["machine.SequenceEvent", "machine.ServiceStateEvent", "machine.MachineStatusEvent"],
    });
  });

  describe("pulls images", () => {
    const digestOf = (name: string) => (saw("digests") as Readonly<Record<string, string>>)[name];
    const pulled = (name: string) => ({ code: "OK", names: [`${name}/app@${digestOf(name)}`] });

    it("along mirrors, with the registry's name in the query", () => {
      expect(saw("pull by name")).toEqual({
        ...pulled("plain.test"),
        asked: ["/v2/app/manifests/1?ns=plain.test"],
      });
      expect(saw("pull along a whole path")).toEqual({
        ...pulled("own-path.test"),
        asked: ["/v2/own-path.test/app/manifests/1?ns=own-path.test"],
      });
      expect(saw("pull from the second endpoint")).toEqual({ ...pulled("second.test"), asked: [1, 1] });
      expect(saw("pull with credentials")).toEqual(pulled("auth.test"));
    });

    it("by digest, and not again when it is there", () => {
      expect(saw("pull by digest")).toEqual(pulled("own-path.test"));
      expect(saw("pull of what is there")).toEqual({ requests: 0 });
    });

    it("and says not found only where every mirror said so", () => {
      expect(saw("pull of what no mirror has")).toMatchObject({ code: "NOT_FOUND" });
      expect(saw("pull of another digest")).toMatchObject({ code: "NOT_FOUND" });
      // containerd holds what a mirror said for more telling than a registry that it cannot reach.
      expect(saw("pull with a fallback that leads nowhere")).toMatchObject({
        code: interior === "contained" ? "NOT_FOUND" : "UNKNOWN",
      });
    });

    it("from no registry whose certificate another CA issued", () => {
      expect(saw("pull from a registry of another CA")).toMatchObject({
        code: "UNKNOWN",
        message: expect.stringContaining("x509: certificate signed by unknown authority") as string,
      });
    });

    it("again after a mirror that stopped in the middle of a layer", () => {
      // containerd asks for the rest at once; the modelled one begins anew with the next attempt.
      expect(saw("pull cut once in the middle of a layer")).toMatchObject({
        code: interior === "contained" ? "OK" : "UNKNOWN",
      });
      expect(saw("pull cut once, again")).toEqual(pulled("cut-once.test"));
      expect(saw("pull always cut in the middle of a layer")).toMatchObject({ code: "UNKNOWN" });
    });

    it("and keeps nothing of what is broken", () => {
      expect(saw("pull of other bytes than promised")).toMatchObject({ code: "UNKNOWN" });
      expect(saw("pull of a bad reference")).toEqual({
        code: "UNKNOWN",
        message: 'failed to parse image reference "NOT A REFERENCE": invalid reference format',
      });
      const kept = ["auth.test", "cut-once.test", "own-path.test", "plain.test", "second.test"];
      const images = saw("images after the pulls") as readonly string[];
      expect(images.filter((name) => name.endsWith(":1"))).toEqual(kept.map((name) => `${name}/app:1`));
      expect(images).toContain(`own-path.test/app@${digestOf("own-path.test")}`);
    });
  });

  it("imports an archive, and none that is none", () => {
    expect(saw("import of a layout")).toEqual({ code: "OK", name: "imported.test/app:1" });
    expect(saw("import of garbage")).toEqual({
      code: "INTERNAL",
      message: expect.stringMatching(/^failed to import image: [\s\S]*unexpected EOF$/) as string,
    });
    expect(saw("images after the imports")).toContain("imported.test/app:1");
  });

  it("streams a snapshot of etcd with its hash at the end", () => {
    expect(saw("EtcdSnapshot")).toEqual({
      pieceBytes: [1024, 32],
      boltMagic: "ed0cdaed",
      hashIsRight: true,
      restBytes: 32,
    });
  });

  it("comes back from a reboot with its images and its cluster", () => {
    expect(saw("Reboot")).toEqual({ actorId: true });
    expect(saw("images after a reboot")).toBe(true);
    expect(saw("marks after a reboot")).toEqual(["mark-after", "mark-before"]);
  });

  it("does not leave etcd as its last member", () => {
    expect(saw("graceful Reset of the last control plane")).toEqual({ code: "OK", members: 1 });
  });

  it("keeps its config when only EPHEMERAL is wiped, and starts from a snapshot", () => {
    expect(saw("Reset of EPHEMERAL")).toEqual(OK);
    expect(saw("images after EPHEMERAL was wiped")).toBe(false);
    expect(saw("EtcdRecover of garbage")).toEqual(OK);
    expect(saw("Bootstrap from garbage")).toEqual(OK);
    expect(saw("etcd after Bootstrap from garbage")).toMatch(
      /^Failed: Failed to run pre stage: error verifying snapshot: ./,
    );
    expect(saw("EtcdRecover")).toEqual(OK);
    expect(saw("Bootstrap from the snapshot")).toEqual(OK);
    expect(saw("marks after the recovery")).toEqual(["mark-before"]);
    expect(saw("members after the recovery")).toEqual(["cp-1"]);
  });

  it("waits in maintenance, not installed, after a Reset", () => {
    expect(saw("Reset")).toEqual(OK);
    expect(saw("after the Reset")).toMatchObject({ version: { tag: "v1.13.9" }, installed: false });
  });
});

import { readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Rehearsal, RehearsalRequest } from "../../../src/cli/rehearse/rehearse.ts";
import type { RehearsalReport } from "../../../src/cli/rehearse/report.ts";
import { reportOf } from "../../../src/cli/rehearse/report.ts";
import { parseFault } from "../../../src/lab/rehearsal/faults.ts";
import { openRehearsalDesk, type RehearsalDesk } from "../../support/rehearsal-desk.ts";

let desk: RehearsalDesk;

beforeAll(async () => {
  desk = await openRehearsalDesk();
});
afterAll(async () => {
  await desk?.[Symbol.asyncDispose]();
});

const reportFrom = (rehearsal: Rehearsal, seed: number): RehearsalReport =>
  reportOf(rehearsal, { seed, bundle: desk.bundle, repeat: "skerry rehearse up" });

async function report(request: Partial<RehearsalRequest> = {}): Promise<RehearsalReport> {
  return reportFrom(await desk.rehearse(request), request.seed ?? 1);
}

/** With exactly these faults. */
async function struckBy(...faults: readonly string[]): Promise<RehearsalReport> {
  const parsed = faults.map((text) => parseFault(text)).filter((fault) => fault !== undefined);
  expect(parsed).toHaveLength(faults.length);
  return await report({ faults: parsed });
}

describe("a rehearsal of up", () => {
  it("brings a site up: every phase done, every node Ready, every workload Available", async () => {
    const { end, faults, nodes, workloads, story, mirror, toDo } = await report({ level: "none" });

    expect(end).toMatchObject({ exitCode: 0, outcome: "succeeded" });
    expect(faults).toEqual([]);
    expect(toDo).toEqual([]);
    expect(story.phases.every(({ outcome }) => outcome === "done")).toBe(true);
    expect(nodes?.map(({ name, stage, ready }) => `${name} ${stage} ${ready}`)).toEqual(
      ["cp-1", "cp-2", "cp-3", "w-1", "w-2"].map((name) => `${name} running true`),
    );
    expect(workloads?.map(({ object, state }) => `${object} ${state}`)).toEqual([
      "DaemonSet/kube-system/kube-flannel Available",
      "DaemonSet/kube-system/kube-proxy Available",
      "Deployment/kube-system/coredns Available",
      "Deployment/web/web Available",
    ]);
    expect(mirror?.imagesServed).toBeGreaterThan(8);
    // Minutes at a site: installation and reboot of real machines.
    expect(end.durationMs).toBeGreaterThan(60_000);
  });

  it("gives the same bytes for the same seed, also while the computer is busy, and others for another seed", async () => {
    const seeds = [1, 5, 107];
    const texts = async () =>
      await Promise.all(seeds.map(async (seed) => JSON.stringify(await report({ seed, level: "many" }))));
    const quiet: string[] = [];
    for (const seed of seeds) quiet.push(JSON.stringify(await report({ seed, level: "many" })));

    const busy = busyLoop();
    // Three at once in one process, beside timers and sockets of others.
    const loaded = await texts().finally(busy.stop);

    expect(loaded).toEqual(quiet);
    expect(new Set(quiet).size).toBe(seeds.length);
  });

  it("lets nothing real happen while virtual time passes, opens no port and leaves no file", async () => {
    const before = await readdir(desk.folder, { recursive: true });
    const sockets = openSockets();
    const seen = new Set<string>();

    await desk.rehearse(
      { seed: 3, level: "many" },
      {
        again: 1,
        onLeap: () => {
          for (const resource of realWork()) seen.add(resource);
        },
      },
    );

    expect([...seen]).toEqual([]);
    // The look itself sees what it looks for.
    const reading = readdir(desk.folder);
    expect(realWork()).not.toEqual([]);
    await reading;
    expect(openSockets()).toEqual(sockets);
    expect(await readdir(desk.folder, { recursive: true })).toEqual(before);
  });

  it("neither reads nor makes the site's secrets", async () => {
    const secrets = async () => (await readdir(desk.folder)).filter((name) => name.includes("secrets"));
    expect((await report({ level: "none" })).end.exitCode).toBe(0);
    expect(await secrets()).toEqual([]);

    const file = join(desk.folder, "secrets.yaml");
    await writeFile(file, "this is no secrets file");
    try {
      expect((await report({ level: "none" })).end.exitCode).toBe(0);
      expect(await secrets()).toEqual(["secrets.yaml"]);
    } finally {
      await rm(file);
    }
  });

  it("finds nothing to do when up is run again", async () => {
    const { up, again } = await desk.rehearse({ level: "none" }, { again: 1 });

    expect(up.result.changed).toBeGreaterThan(5);
    expect(again[0]?.result).toMatchObject({ changed: 0, setAside: [] });
    expect(again[0]?.story.error).toBeUndefined();
  });

  it("takes a stop at once", async () => {
    const stop = new AbortController();
    const stopped = desk.rehearse(
      { level: "none" },
      { signal: stop.signal, onEvent: (event) => event.kind === "step.started" && stop.abort(new Error("enough")) },
    );

    expect((await stopped).up.result.failed).toMatchObject({ message: "enough" });
  });

  it("does the same with another number of nodes worked on at once, but for the time it takes", async () => {
    const one = await report({ seed: 2, level: "many", concurrency: 1 });
    const many = await report({ seed: 2, level: "many", concurrency: 32 });

    expect(one.end.outcome).toBe(many.end.outcome);
    expect(one.faults.map(({ fault }) => fault)).toEqual(many.faults.map(({ fault }) => fault));
    expect(JSON.stringify(await report({ seed: 2, level: "many", concurrency: 1 }))).toBe(JSON.stringify(one));
  });
});

describe("a fault in a rehearsal", () => {
  it.each([
    ["dead=w-1", 9, "w-1", "CONDITION_TIMED_OUT"],
    ["wrong-serial=w-2", 9, "w-2", "NODE_DISK_NOT_FOUND"],
    ["clock=w-1:3600", 9, "w-1", "NODE_CLOCK_WRONG"],
    ["refuse-install=w-1", 9, "w-1", "NODE_INSTALL_FAILED"],
  ])("%s costs up the worker: exit code %i", async (fault, exitCode, node, code) => {
    const { end, faults, story, toDo } = await struckBy(fault);

    expect(end).toMatchObject({ exitCode, outcome: "nodes set aside" });
    expect(faults).toEqual([{ fault, struckMs: expect.any(Number) as number }]);
    expect(story.setAside.map((each) => [each.node, each.error.code])).toEqual([[node, code]]);
    expect(toDo[0]?.next.at(-1)).toContain("skerry up");
  });

  it.each([
    ["dead=cp-1", "CONDITION_TIMED_OUT"],
    ["wrong-serial=cp-2", "NODE_DISK_NOT_FOUND"],
    ["clock=cp-3:-3600", "NODE_CLOCK_WRONG"],
    ["image-missing=registry.k8s.io/kube-apiserver:v1.36.3", "CONDITION_TIMED_OUT"],
  ])("%s stops up", async (fault, code) => {
    const { end, story, toDo } = await struckBy(fault);

    expect(end.outcome).toBe("failed");
    expect(end.exitCode).toBeGreaterThan(2);
    expect(story.error?.code).toBe(code);
    expect(toDo[0]?.code).toBe(code);
  });

  it.each([
    "drop-connections=cp-1:5",
    "lose-power=cp-1:installing",
    "lose-power=w-1:installing",
    "lose-power=cp-2:booting",
    "lose-power=cp-1:running",
    "lose-power=w-1:rebooting",
  ])("%s is got over", async (fault) => {
    const { end, faults } = await struckBy(fault);

    expect(end).toMatchObject({ exitCode: 0, outcome: "succeeded" });
    expect(faults[0]?.struckMs).toBeGreaterThanOrEqual(0);
  });

  it("makes a slow disk cost the time it takes", async () => {
    const usual = await report({ level: "none" });
    const slow = await struckBy("slow-disk=w-1:20");

    expect(slow.end.outcome).toBe("succeeded");
    expect(slow.end.durationMs - usual.end.durationMs).toBeGreaterThan(200_000);
  });

  it("names the image that the mirror refused under the workload that lacks it", async () => {
    const { end, story } = await struckBy("image-missing=docker.io/library/web:1");

    expect(end.outcome).toBe("failed");
    expect(story.error?.message).toContain("Deployment/web/web");
    expect(story.error?.message).toContain("docker.io/library/web:1");
  });

  it.each([
    ["ghcr.io/siderolabs/flannel:0.28.8", "nodes-ready", "Pod/kube-system/kube-flannel"],
    ["registry.k8s.io/etcd:v3.6.12", "bootstrap-etcd", "failed to pull image"],
  ])("names %s, for lack of which it waits, in the reason of the wait", async (image, phase, words) => {
    const { story } = await struckBy(`image-missing=${image}`);

    expect(story.error?.where.phase).toBe(phase);
    const reasons = story.phases.find(({ id }) => id === phase)?.waits.flatMap((wait) => wait.reasons) ?? [];
    expect(reasons.find((reason) => reason.includes(words))).toContain(image);
  });

  it.each(["dead=cp-1", "image-missing=docker.io/library/web:1", "image-missing=registry.k8s.io/etcd:v3.6.12"])(
    "ends a wait for %s with what to do next",
    async (fault) => {
      const { story } = await struckBy(fault);

      expect(story.error?.next).not.toEqual([]);
    },
  );

  it("names the workers that were set aside where a package has no node to run on", async () => {
    const { story } = await struckBy("refuse-install=w-1", "refuse-install=w-2");

    expect(story.error?.where.phase).toBe("packages-after-ready");
    expect(story.error?.message).toContain("w-1, w-2 were set aside");
  });

  it("says of one that came to nothing that it never struck", async () => {
    const { faults } = await struckBy("wrong-serial=cp-1", "lose-power=w-1:running");

    expect(faults).toEqual([{ fault: "wrong-serial=cp-1", struckMs: 0 }, { fault: "lose-power=w-1:running" }]);
  });
});

describe("thirty seeds", () => {
  it("all end, in each of the three ways", async () => {
    const ends = new Map<string, number>();
    for (let seed = 1; seed <= 30; seed++) {
      const first = await report({ seed, level: "many" });
      ends.set(first.end.outcome, (ends.get(first.end.outcome) ?? 0) + 1);
      expect(first.story.error?.code).not.toBe("BUG");
      expect(first.end.exitCode, `seed ${seed}`).toBe(
        { succeeded: 0, "nodes set aside": 9, failed: first.end.exitCode }[first.end.outcome],
      );
    }

    expect([...ends.keys()].sort()).toEqual(["failed", "nodes set aside", "succeeded"]);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    "faults that pass (%i): the next up does the rest, the one after it nothing",
    async (seed) => {
      const at = ["applying", "installing", "rebooting", "booting", "running"];
      const faults = [
        `lose-power=w-${1 + (seed % 2)}:${at[seed % 5]}`,
        `lose-power=cp-${1 + (seed % 3)}:${at[(seed + 3) % 5]}`,
      ];
      const parsed = faults.map((text) => parseFault(text)).filter((fault) => fault !== undefined);

      const { again } = await desk.rehearse({ seed, faults: parsed }, { again: 2 });

      expect(again.map(({ story }) => story.error)).toEqual([undefined, undefined]);
      expect(again[0]?.story.setAside).toEqual([]);
      expect(again[1]?.result).toMatchObject({ changed: 0, setAside: [] });
    },
  );
});

/** Keeps the event loop and this core busy until stopped. */
function busyLoop(): { readonly stop: () => void } {
  const server = createServer().listen(0, "127.0.0.1");
  const timer = setInterval(() => {
    const until = performance.now() + 7;
    while (performance.now() < until);
  }, 10);
  return {
    stop: () => {
      clearInterval(timer);
      server.close();
    },
  };
}

/** File, network and thread-pool work of this process that is under way. */
function realWork(): readonly string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /^(FS|TCP|UDP|GetAddrInfo|Zlib|RandomBytes|PBKDF2|Sign|KeyPair|HTTP|TLS|Process)/.test(name));
}

function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => /TCP|UDP|TLS/.test(name)).length;
}

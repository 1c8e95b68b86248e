import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type InjectionProgress, type InjectRequest, injectData } from "../../../../src/deployer/injections/index.ts";
import type { ExecRequest, KubeObject, KubeStreams } from "../../../../src/kube/index.ts";
import { OperatorError } from "../../../../src/lib/errors/index.ts";
import { componentOfFolder, componentOfTar } from "../../../support/component-files.ts";
import { leapingClock } from "../../../support/leaping-clock.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { readZarfArchive } from "../../../support/zarf-archive.ts";

const { signal } = new AbortController();
const marker = ".zarf-injection-1795370840";
const fixture = join(import.meta.dirname, "..", "..", "..", "fixtures", "zarf", "public", "data-injection");
let folder: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  const temporary = await temporaryFolder();
  folder = temporary.path;
  remove = async () => await temporary[Symbol.asyncDispose]();
});
afterEach(() => remove());

const holder = (
  name: string,
  changed: { state?: object; phase?: string; waitsFor?: string; created?: string } = {},
): KubeObject => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace: "inject", creationTimestamp: changed.created ?? "2026-01-01T00:00:00Z" },
  spec: { initContainers: [{ name: "loader", command: ["sh", "-c", `until [ -f ${changed.waitsFor ?? marker} ]`] }] },
  status: {
    phase: changed.phase ?? "Pending",
    initContainerStatuses: [{ name: "loader", state: changed.state ?? { running: {} } }],
  },
});

/** A cluster whose pods are given by what was executed so far; commands run here, with the real programs. */
function stage(pods: (executed: number) => readonly KubeObject[], run: KubeStreams["exec"] = runHere) {
  const executed: ExecRequest[] = [];
  const selected: unknown[] = [];
  const streams: KubeStreams = {
    portForward: () => expect.unreachable(),
    exec: async (request, call) => {
      executed.push(request);
      return await run(request, call);
    },
  };
  return {
    executed,
    selected,
    cluster: {
      list: async (selection: unknown) => {
        selected.push(selection);
        return { items: pods(executed.length), resourceVersion: "1" };
      },
    } satisfies InjectRequest["cluster"],
    streams,
  };
}

/** What a container would do. */
const runHere: KubeStreams["exec"] = async ({ command, stdin }) => {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: ["pipe", "ignore", "pipe"] });
  const said = text(child.stderr);
  const ended = once(child, "close");
  await pipeline(Readable.from(stdin ?? []), child.stdin);
  const [exitCode] = (await ended) as [number];
  return { exitCode, stdout: "", stderr: await said };
};

const started = (executed: number, all: number): readonly KubeObject[] => [
  executed < all ? holder("web-1") : holder("web-1", { phase: "Running", state: { terminated: {} } }),
];

function request(given: ReturnType<typeof stage>, changed: Partial<InjectRequest> = {}): Omit<InjectRequest, "files"> {
  return {
    cluster: given.cluster,
    streams: given.streams,
    injection: {
      target: { namespace: "inject", selector: "app=holder", container: "loader", path: join(folder, "target") },
      compress: true,
    },
    index: 0,
    marker,
    clock: leapingClock(),
    signal,
    ...changed,
  };
}

async function fixtureComponent() {
  const archive = await readZarfArchive(
    join(fixture, (await readdir(fixture)).find((name) => name.endsWith(".tar.zst")) ?? ""),
  );
  const tar = archive.find(({ name }) => name === "components/inject.tar");
  return await componentOfTar(tar?.bytes ?? Buffer.alloc(0), "inject");
}

/** Data of a component of ours. */
async function dataOf(files: Record<string, string>) {
  const base = join(folder, "component", "data", "0", "target");
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(base, name, ".."), { recursive: true });
    await writeFile(join(base, name), content);
  }
  return await componentOfFolder(join(folder, "component"));
}

describe("injectData()", () => {
  it.each([true, false])("unpacks the folder of a real package, then the marker (compressed: %s)", async (compress) => {
    const given = stage((executed) => started(executed, 3));
    const plain = request(given);

    const injected = await injectData({
      ...plain,
      files: await fixtureComponent(),
      injection: { ...plain.injection, compress },
    });

    const target = join(folder, "target");
    expect((await readdir(target, { recursive: true })).sort()).toEqual([marker, "d", "d/two", "one"]);
    expect(await readFile(join(target, "d", "two"), "utf8")).toBe("2\n");
    expect(await readFile(join(target, marker), "utf8")).toBe("🦄");
    expect(injected).toEqual({ pods: ["Pod/inject/web-1"], sentBytes: 4 });
    expect(given.selected[0]).toMatchObject({ kind: "Pod", namespace: "inject", labelSelector: "app=holder" });
    expect(given.executed.every(({ container, pod }) => container === "loader" && pod === "web-1")).toBe(true);
    expect(given.executed.map(({ command }) => command.includes("-z"))).toEqual([false, compress, compress]);
  });

  it("puts a single file into the target folder", async () => {
    const given = stage((executed) => started(executed, 3));

    await injectData({ ...request(given, { index: 1 }), files: await fixtureComponent() });

    expect((await readdir(join(folder, "target"))).sort()).toEqual([marker, "single"]);
  });

  it("keeps modes, empty files and large ones", async () => {
    const large = "many bytes ".repeat(300_000);
    const files = await dataOf({ "bin/run.sh": "#!/bin/sh\n", empty: "", large });
    const given = stage((executed) => started(executed, 3));
    const events: InjectionProgress[] = [];

    await injectData({ ...request(given, { onProgress: (event) => events.push(event) }), files });

    expect(await readFile(join(folder, "target", "large"), "utf8")).toBe(large);
    expect((await stat(join(folder, "target", "empty"))).size).toBe(0);
    expect(events.map(({ stage: name }) => name).filter((name, place, all) => name !== all[place - 1])).toEqual([
      "sending",
      "done",
    ]);
    expect(events.at(-1)?.sentBytes).toBe(large.length + "#!/bin/sh\n".length);
    expect(events.every(({ sentBytes, totalBytes }) => sentBytes <= totalBytes)).toBe(true);
  });

  it("gives it to every pod that waits, the newest first, and to no other", async () => {
    const waiting = [
      holder("old", { created: "2026-01-01T00:00:00Z" }),
      holder("new", { created: "2026-01-02T00:00:00Z" }),
      holder("of-another-run", { waitsFor: ".zarf-injection-1" }),
      holder("not-yet", { state: { waiting: { reason: "PodInitializing" } } }),
    ];
    const given = stage((executed) => (executed < 6 ? waiting : [holder("new", { phase: "Running" })]));

    const { pods } = await injectData({ ...request(given), files: await dataOf({ a: "a" }) });

    expect(pods).toEqual(["Pod/inject/new", "Pod/inject/old"]);
    expect(given.executed.map(({ pod }) => pod)).toEqual(["new", "new", "new", "old", "old", "old"]);
  });

  it("waits for pods, and tells why", async () => {
    const steps: (readonly KubeObject[])[] = [
      [],
      [holder("web", { waitsFor: "other" })],
      [holder("web", { state: { waiting: { reason: "PodInitializing" } } })],
    ];
    const reasons: unknown[] = [];
    const given = stage((executed) =>
      executed === 0 ? (steps.shift() ?? [holder("web")]) : [holder("web", { phase: "Running" })],
    );

    await injectData({
      ...request(given, { onProgress: ({ reason }) => reasons.push(reason) }),
      files: await dataOf({ a: "a" }),
    });

    expect(reasons.slice(0, 3)).toEqual([
      "no pod in inject has the labels app=holder",
      `none of 1 pods waits for the file ${marker}`,
      "container loader of Pod/inject/web is waiting (PodInitializing)",
    ]);
  });

  it("gives up when nobody waits in time, with the last reason", async () => {
    const given = stage(() => [holder("web", { state: { waiting: { reason: "ImagePullBackOff" } } })]);
    const clock = leapingClock();
    const began = clock.now().getTime();

    const tried = injectData({ ...request(given, { clock }), files: await dataOf({ a: "a" }) });

    await expect(tried).rejects.toMatchObject({
      code: "INJECTION_NO_TARGET",
      message: expect.stringContaining("ImagePullBackOff") as string,
    });
    expect((clock.now().getTime() - began) / 1000).toBeCloseTo(90, -1);
    expect(given.executed).toEqual([]);
  });

  it("gives up when no pod runs afterwards", async () => {
    const given = stage(() => [holder("web")]);

    const tried = injectData({ ...request(given, { readyTimeoutMs: 5000 }), files: await dataOf({ a: "a" }) });

    await expect(tried).rejects.toMatchObject({
      code: "INJECTION_NOT_READY",
      message: expect.stringContaining("Pod/inject/web is Pending") as string,
    });
  });

  it("says what the container said, three tries later, and writes no marker", async () => {
    const given = stage(() => [holder("web")]);
    const files = await dataOf({ a: "a" });
    await writeFile(join(folder, "target"), "a file where a folder should be");

    const tried = injectData({ ...request(given), files });

    await expect(tried).rejects.toMatchObject({
      code: "INJECTION_FAILED",
      problems: [{ message: expect.stringContaining("mkdir") as string }],
      where: { object: "Pod/inject/web" },
    });
    expect(given.executed.map(({ command }) => command[0])).toEqual(["mkdir", "mkdir", "mkdir"]);
  });

  it("tries again with the pods that are there then", async () => {
    let failures = 1;
    const given = stage(
      (executed) =>
        executed === 0 ? [holder("gone")] : executed < 4 ? [holder("next")] : [holder("next", { phase: "Running" })],
      async (wanted, call) => {
        if (failures-- > 0) throw new OperatorError("KUBE_STREAM_BROKEN", "the node went away", { retry: "same" });
        return await runHere(wanted, call);
      },
    );

    const { pods } = await injectData({ ...request(given), files: await dataOf({ a: "a" }) });

    expect(pods).toEqual(["Pod/inject/next"]);
  });

  it("explains a container without tar", async () => {
    const given = stage(
      () => [holder("web")],
      async () => {
        throw new OperatorError("KUBE_UNAVAILABLE", 'exec: "mkdir": executable file not found', { retry: "same" });
      },
    );

    const tried = injectData({ ...request(given), files: await dataOf({ a: "a" }) });

    await expect(tried).rejects.toMatchObject({
      code: "INJECTION_FAILED",
      problems: [{ message: expect.stringContaining("executable file not found") as string }],
    });
  });

  it("does not try again what is not allowed", async () => {
    const given = stage(
      () => [holder("web")],
      async () => {
        throw new OperatorError("KUBE_FORBIDDEN", "pods/exec is forbidden", { retry: "later" });
      },
    );

    await expect(injectData({ ...request(given), files: await dataOf({ a: "a" }) })).rejects.toMatchObject({
      code: "KUBE_FORBIDDEN",
    });
    expect(given.executed.length).toBe(1);
  });

  it("refuses a component without the data", async () => {
    const given = stage(() => [holder("web")]);

    await expect(
      injectData({ ...request(given, { index: 3 }), files: await dataOf({ a: "a" }) }),
    ).rejects.toMatchObject({
      code: "INJECTION_INVALID",
    });
  });

  it("fails with the error of the package's own bytes", async () => {
    const files = await dataOf({ a: "a" });
    const error = new OperatorError("PACKAGE_DAMAGED", "the stick was pulled out");
    const given = stage(() => [holder("web")]);
    const damaged: typeof files = {
      ...files,
      // biome-ignore lint/correctness/useYield: it fails before its first byte
      open: async function* (): AsyncGenerator<Uint8Array> {
        throw error;
      },
    };

    await expect(injectData({ ...request(given), files: damaged })).rejects.toBe(error);
  });

  it("ends with the signal's reason while it waits", async () => {
    const stop = new AbortController();
    const reason = new Error("interrupted");
    const given = stage(() => []);

    const tried = injectData({
      ...request(given, { signal: stop.signal, onProgress: () => stop.abort(reason) }),
      files: await dataOf({ a: "a" }),
    });

    await expect(tried).rejects.toBe(reason);
  });
});

import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { zarfDifferences } from "../../docs/reference/generator/zarf-differences.ts";
import { ensureParts } from "../../parts/ensure-parts.ts";
import { startRegistry } from "../../parts/registry-process.ts";
import { type ChartEngine, createChartEngine, listPackages, removePackage } from "../../src/deployer/index.ts";
import { startGitServer, type TestGitServer } from "../support/git-server.ts";
import { describeDifference } from "../support/recordings/differences.ts";
import {
  asOurs,
  filesAsOurs,
  metDifferences,
  reasonsOf,
  refusalReasons,
  withoutNeedless,
} from "../support/recordings/known-differences.ts";
import { ourProgram } from "../support/recordings/our-program.ts";
import { type Recording, readRecording } from "../support/recordings/recorded.ts";
import { type RecordingCase, withoutState, withState } from "../support/recordings/recording-cases.ts";
import { type RecordingCluster, startRecordingCluster } from "../support/recordings/recording-cluster.ts";
import { type RegistryContent, registryContent } from "../support/recordings/registry-content.ts";
import { replayRecording, type StepReport } from "../support/recordings/replay.ts";
import { placeInputs } from "../support/recordings/work-folder.ts";
import { putZarfState, recordedGitServer, recordedRegistry, zarfNamespace } from "../support/recordings/zarf-state.ts";

/** Every deployment of real Zarf that was recorded, done again by our own deployer, step by step, in one cluster. */
let running: RecordingCluster;
let engine: ChartEngine;
let registryBinary: string;
let folder: string;
let kubeconfigFile: string;
const environmentPath = process.env["PATH"];
const { signal } = new AbortController();

beforeAll(async () => {
  const parts = await ensureParts({ only: ["registry", "kubectl"], signal });
  registryBinary = parts.registry;
  running = await startRecordingCluster();
  engine = createChartEngine();
  folder = await mkdtemp(path.join(tmpdir(), "skerry-recordings-"));
  kubeconfigFile = path.join(folder, "kubeconfig");
  await writeFile(kubeconfigFile, running.api.kubeconfigYaml, { mode: 0o600 });
  // What actions write gets the permissions that it had when it was recorded, and `./zarf tools kubectl` is found.
  process.umask(0o022);
  process.env["PATH"] = `${path.dirname(parts.kubectl)}:${environmentPath}`;
});

afterAll(async () => {
  process.env["PATH"] = environmentPath;
  await engine?.close();
  await running?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe.each([
  ["a cluster without state of Zarf", withoutState, false],
  ["a cluster that zarf init was in", withState, true],
] as const)("in %s", (_, cases, hasState) => {
  it.each(cases.map((each) => [`${each.name}${each.prunes === false ? ", nothing pruned" : ""}`, each] as const))(
    "does what Zarf did: %s",
    async (_name, each) => {
      const recording = readRecording(each.name);
      const servers = await startServers();
      try {
        await awaitEndOf(recording);
        if (hasState) await putZarfState(running.cluster, servers);
        else if (!each.isFirst)
          await running.cluster.apply(zarfNamespace, { signal, fieldManager: "zarf", force: true });

        const reports = await replay(each, recording, servers);

        expect(surprises(each.name, reports).join("\n")).toBe("");
        if (hasState) {
          if (each.hasImagesThere !== true) expect(await servers.pushed()).toEqual(recording.registryContentAdded);
          for (const name of repositoriesOf(recording))
            expect(await servers.git.references(`${servers.git.username}/${name}`)).toEqual(
              inOrder(recording.gitRefsAdded?.[name]),
            );
        }
      } finally {
        await servers.stop();
        await cleanUp();
      }
    },
  );
});

it("gives no reason for what is no difference any more", ({ task }) => {
  const repeated = task.file.tasks.flatMap((suite) => ("tasks" in suite ? suite.tasks : []));
  // Some alone, chosen by a person, need not meet them all.
  if (repeated.some(({ mode }) => mode !== "run")) return;

  expect([...metDifferences()].sort()).toEqual(zarfDifferences.map(({ id }) => id).sort());
});

/** A registry and a Git server for one recording, both empty. */
interface Servers {
  readonly registry: string;
  readonly gitServer: string;
  readonly pushed: () => Promise<RegistryContent>;
  readonly git: TestGitServer;
  readonly stop: () => Promise<void>;
}

async function startServers(): Promise<Servers> {
  const storageDir = await mkdtemp(path.join(folder, "registry-"));
  const registry = await startRegistry({ binary: registryBinary, storageDir, signal });
  const git = await startGitServer({ password: "git-pw" });
  return {
    registry: new URL(registry.url).host,
    gitServer: new URL(git.url).host,
    pushed: () => registryContent(registry.url),
    git,
    stop: async () => {
      await git.close();
      await registry.stop();
    },
  };
}

/** Every Git server takes a repository for the same with and without `.git`; the one of the recording took them for two. */
function repositoriesOf({ gitRefsAdded = {} }: Recording): readonly string[] {
  const names = Object.keys(gitRefsAdded);
  return names.filter((name) => !(name.endsWith(".git") && names.includes(name.slice(0, -".git".length))));
}

async function replay(each: RecordingCase, recording: Recording, servers: Servers): Promise<readonly StepReport[]> {
  const { registry, gitServer, git } = servers;
  for (const name of repositoriesOf(recording)) {
    await git.create(`${git.username}/${name}`);
    if (!name.endsWith(".git")) await git.alias(`${git.username}/${name}`, `${name}.git`);
  }
  // Of a name that an action writes down.
  const work = path.join(await mkdtemp(path.join(folder, "work-")), "dep");
  await mkdir(work);
  const given = each.given ?? {};
  for (const [name, text] of Object.entries(given)) await writeFile(path.join(work, name), text);
  await placeInputs(
    work,
    (recording.steps[0]?.files ?? []).filter((file) => each.inputs?.includes(file.path)),
  );
  await using _waitedFor = each.waitsForRegistry === true ? await listenAsRecorded() : undefined;
  return await replayRecording({
    recording,
    program: ourProgram({
      running,
      setFolder: path.resolve("test/fixtures/zarf", path.dirname(recording.package)),
      folder: work,
      privateFolder: folder,
      kubeconfigFile,
      engine,
      prunes: each.prunes !== false,
      signal,
    }),
    read: running.read,
    ending: new Set(await namespaces()),
    folder: work,
    replace: { [registry]: recordedRegistry, [gitServer]: recordedGitServer },
    asOurs,
    withoutNeedless,
    leavesOutIdle: each.hasNoIdleRevisions !== true,
    unlisted: new Set(Object.keys(given)),
    isKnown: (difference, { label }) => reasonsOf(difference, { recording: each.name, label }).length > 0,
    ...(each.before === undefined ? {} : { before: each.before(running.cluster) }),
  });
}

/** Answers like a registry where the recorded package waits for one: the address is in the package. */
async function listenAsRecorded(): Promise<AsyncDisposable> {
  const server = createServer((request, response) => response.writeHead(request.url === "/v2/" ? 200 : 404).end("{}"));
  server.listen(5055, "127.0.0.1");
  await once(server, "listening");
  return {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** What is otherwise than recorded, and for what nobody has given a reason, each where it is first met; for people. */
function surprises(recording: string, reports: readonly StepReport[]): readonly string[] {
  const told = new Set<string>();
  return reports.flatMap(({ label, outcome, differences, files }) => {
    const ended = outcome.isDone ? "succeeded" : `failed: ${outcome.said ?? ""}`;
    const lying = filesAsOurs(files);
    const [recorded, ours] = [lying.recorded, lying.ours].map(
      (list) => new Set(list.map((file) => JSON.stringify(file))),
    );
    const found = [
      ...differences
        .filter((difference) => reasonsOf(difference, { recording, label }).length === 0)
        .map(describeDifference),
      ...[...(recorded ?? [])].filter((file) => ours?.has(file) !== true).map((file) => `file recorded ${file}`),
      ...[...(ours ?? [])].filter((file) => recorded?.has(file) !== true).map((file) => `file ours     ${file}`),
    ].filter((text) => !told.has(text));
    for (const text of found) told.add(text);
    const isEndedSo = outcome.isDone === outcome.recordedDone;
    const isRefused = (!isEndedSo || found.length > 0) && refusalReasons({ recording, label }).length > 0;
    // What a refused step did not write is not written later.
    const news = isRefused ? found.filter((text) => !text.startsWith("file ")) : found;
    return [...(isEndedSo || isRefused ? [] : [`the step ${ended}`]), ...news].map((text) => `${label}: ${text}`);
  });
}

const inOrder = (references: readonly (readonly [string, string])[] = []) =>
  references.map(([commit, name]) => [name, commit]).sort(([one = ""], [other = ""]) => (one < other ? -1 : 1));

const lasting = new Set(["default", "kube-node-lease", "kube-public", "kube-system", "zarf"]);

/** The next recording begins without what this one left: packages where a removal was not recorded, and namespaces always. */
async function cleanUp(): Promise<void> {
  const { cluster } = running;
  for (const { name, namespaceOverride } of await listPackages(cluster, { signal }))
    await removePackage({ name, namespace: namespaceOverride, cluster, engine, timeoutMs: 20_000, signal });
  // They go while the next recording, which has others, is under way.
  for (const name of await namespaces())
    await cluster.delete({ apiVersion: "v1", kind: "Namespace", name }, { signal });
}

async function namespaces(): Promise<readonly string[]> {
  const { items } = await running.cluster.list({ apiVersion: "v1", kind: "Namespace" }, { signal });
  return items.map(({ metadata }) => metadata.name ?? "").filter((name) => !lasting.has(name));
}

/** A recording begins without its namespaces, also where another one had them. */
async function awaitEndOf(recording: Recording): Promise<void> {
  const created = recording.steps.flatMap(({ cluster }) => Object.keys(cluster.created));
  const own = new Set(created.map((key) => key.split("/").at(-1) ?? ""));
  const left = async () => (await namespaces()).filter((name) => own.has(name));
  await expect.poll(left, { timeout: 60_000, interval: 100 }).toEqual([]);
}

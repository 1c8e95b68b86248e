import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureParts } from "../parts/index.ts";
import { startRegistry } from "../parts/registry-process.ts";
import { createBundle } from "../src/bundle/index.ts";
import { type TestAuthority, testAuthority } from "../test/support/authority.ts";
import { bundleOptions } from "../test/support/bundles.ts";
import type { PullRequest } from "./mirror/pull.ts";
import type { ServeArguments } from "./mirror/serve.ts";
import { atLeast, type Figure, median, printFigures } from "./support/figures.ts";
import { type Layer, pushImages } from "./support/images.ts";
import { describeMachine } from "./support/machine.ts";
import { asShipped, cpuSecondsOf, peakMiBOf } from "./support/processes.ts";
import { temporaryFolder } from "./support/temporary.ts";

/**
 * How fast nodes pull from a bundle through our mirror, against distribution's registry serving the same blobs from a folder:
 * `node bench/mirror.ts [MEGABYTES] [ROUNDS]`. Both over TLS with the same certificate, the pullers in a third process.
 */
const [job = "1024", roundsWanted = "3"] = process.argv.slice(2);
const CLIENTS = 4;
/** The first pass of a fresh process, in which ours checks every digest, and two more. */
const PASSES = 3;

if (job === "--pull") (await import("./mirror/pull.ts")).servePulls();
else await compare(Number(job), Number(roundsWanted));

interface Server {
  readonly pid: number;
  readonly origin: string;
  /** Before `bench/image-0/blobs/…`. */
  readonly prefix: string;
  readonly stop: () => Promise<void>;
}

interface Pass {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

async function compare(megabytes: number, rounds: number): Promise<void> {
  console.log(describeMachine());
  const signal = AbortSignal.timeout(600_000);
  const { registry: binary } = await ensureParts({ only: ["registry"], signal });
  await using temporary = await temporaryFolder();
  const folder = temporary.path;
  const storageDir = join(folder, "registry");
  await mkdir(storageDir);
  const source = await startRegistry({ binary, storageDir, signal });
  const apiRoot = `${source.url}/v2`;
  const lay = async () => {
    const { references, layers } = await pushImages(apiRoot, { megabytes, signal });
    const closureImages = references.map((reference) => ({ reference, why: ["bench"] }));
    const { file } = await createBundle(bundleOptions({ apiRoot }, folder, { closureImages, signal }));
    return { bundleFile: file, layers };
  };
  const { bundleFile, layers } = await lay().finally(source.stop);
  const authority = testAuthority();
  const { cert, key } = authority.server();
  const files = [join(folder, "cert.pem"), join(folder, "key.pem")] as const;
  await writeFile(files[0], cert);
  await writeFile(files[1], key, { mode: 0o600 });
  const program = await asShipped(join(import.meta.dirname, "mirror", "serve.ts"), folder);

  const pullers = fork(import.meta.filename, ["--pull"]);
  const ours: Pass[][] = [];
  const theirs: Pass[][] = [];
  const peaks: number[] = [];
  try {
    for (let round = 0; round < rounds; round += 1) {
      const mirrorTurn = async () => {
        const server = await startOurs(program, [bundleFile, ...files]);
        ours.push(await pullFrom(server, { pullers, layers, authority }));
        peaks.push(peakMiBOf(server.pid));
        await server.stop();
      };
      const registryTurn = async () => {
        const server = await startTheirs({ binary, storageDir, files, authority });
        theirs.push(await pullFrom(server, { pullers, layers, authority }));
        await server.stop();
      };
      for (const turn of round % 2 === 0 ? [mirrorTurn, registryTurn] : [registryTurn, mirrorTurn]) await turn();
    }
  } finally {
    pullers.kill();
  }
  printFigures([
    ...rows(
      "steady state",
      ours.flatMap((passes) => passes.slice(1)),
      theirs.flatMap((passes) => passes.slice(1)),
      {
        megabytes,
        isGoal: true,
      },
    ),
    ...rows(
      "first pass, every digest checked",
      ours.flatMap((passes) => passes.slice(0, 1)),
      theirs.flatMap((passes) => passes.slice(0, 1)),
      {
        megabytes,
        isGoal: false,
      },
    ),
    { figure: "peak memory of the mirror", ours: `${Math.max(...peaks)} MiB` },
  ]);
  console.log(`
${megabytes} MiB in ${layers.length} layers, ${CLIENTS} at a time, HTTP/1.1 over TLS 1.3; medians of ${rounds} alternating rounds with fresh processes.
Ratio: ours / registry for throughput, registry / ours for processor. The pullers share the machine's cores with the server.`);
}

function rows(
  name: string,
  ours: readonly Pass[],
  theirs: readonly Pass[],
  { megabytes, isGoal }: { readonly megabytes: number; readonly isGoal: boolean },
): readonly Figure[] {
  const speed = (passes: readonly Pass[]) => (megabytes * 1.048576) / median(passes.map(({ seconds }) => seconds));
  const cost = (passes: readonly Pass[]) => median(passes.map(({ cpuSeconds }) => cpuSeconds)) / (megabytes / 1000);
  const ratio = speed(ours) / speed(theirs);
  return [
    {
      figure: `${name}: throughput`,
      ours: `${Math.round(speed(ours))} MB/s`,
      against: `${Math.round(speed(theirs))} MB/s registry:3`,
      ratio,
      ...(isGoal ? { goal: atLeast(ratio, 1, "≥ 1.0") } : {}),
    },
    {
      figure: `${name}: processor of the server`,
      ours: `${cost(ours).toFixed(2)} s per GB`,
      against: `${cost(theirs).toFixed(2)} s per GB`,
      ratio: cost(theirs) / cost(ours),
    },
  ];
}

async function pullFrom(
  server: Server,
  {
    pullers,
    layers,
    authority,
  }: { readonly pullers: ChildProcess; readonly layers: readonly Layer[]; readonly authority: TestAuthority },
): Promise<Pass[]> {
  const blobs = layers.map(({ repository, digest, sizeBytes }) => ({
    path: `${server.prefix}${repository}/blobs/${digest}`,
    sizeBytes,
  }));
  const wanted: PullRequest = { origin: server.origin, ca: authority.ca, blobs, clients: CLIENTS };
  const passes: Pass[] = [];
  for (let pass = 0; pass < PASSES; pass += 1) {
    const before = cpuSecondsOf(server.pid);
    pullers.send(wanted);
    const [seconds] = (await once(pullers, "message")) as [number];
    passes.push({ seconds, cpuSeconds: cpuSecondsOf(server.pid) - before });
  }
  return passes;
}

async function startOurs(program: string, args: ServeArguments): Promise<Server> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    return { ...running(child), origin: `https://127.0.0.1:${line}`, prefix: "/v2/ghcr.io/" };
  }
  throw new Error("the mirror did not start");
}

async function startTheirs(options: {
  readonly binary: string;
  readonly storageDir: string;
  readonly files: readonly [string, string];
  readonly authority: TestAuthority;
}): Promise<Server> {
  const port = await freePort();
  const config = join(import.meta.dirname, "../parts/registry/config.yml");
  const child = spawn(options.binary, ["serve", config], {
    env: {
      OTEL_TRACES_EXPORTER: "none",
      REGISTRY_HTTP_ADDR: `127.0.0.1:${port}`,
      REGISTRY_HTTP_TLS_CERTIFICATE: options.files[0],
      REGISTRY_HTTP_TLS_KEY: options.files[1],
      REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: options.storageDir,
    },
    stdio: "ignore",
  });
  const origin = `https://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (await answers(`${origin}/v2/`, options.authority.ca)) return { ...running(child), origin, prefix: "/v2/" };
    await sleep(25);
  }
  child.kill();
  throw new Error("the registry did not start");
}

function running(child: ChildProcess): Pick<Server, "pid" | "stop"> {
  const ended = once(child, "exit");
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill();
      await ended;
    },
  };
}

async function answers(url: string, ca: string): Promise<boolean> {
  try {
    const asked = request(url, { ca, agent: false }).end();
    const [response] = (await once(asked, "response")) as [{ readonly resume: () => void }];
    response.resume();
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has no port");
  return address.port;
}

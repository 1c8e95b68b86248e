import { createCipheriv } from "node:crypto";
import { mkdir, open, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Told } from "./package-open/work.ts";
import { atLeast, atMost, type Figure, median, printFigures } from "./support/figures.ts";
import { describeMachine } from "./support/machine.ts";
import { asShipped, type Measured, runMeasured } from "./support/processes.ts";
import { temporaryFolder } from "./support/temporary.ts";

/**
 * Making and opening a package against tar and zstd of the same bytes: `node bench/package-open.ts [GIGABYTES] [FOLDER]`, default 2
 * under the system's temporary folder, of which it needs some five times as much. Each measurement is a process of its own.
 */
const [gigabytes = "2", under = tmpdir()] = process.argv.slice(2);
const ROUNDS = 3;
const FILE_MEGABYTES = 256;
const MEMORY_GOAL_MB = 300;

console.log(describeMachine());
await using temporary = await temporaryFolder(under);
const folder = temporary.path;
const program = await asShipped(join(import.meta.dirname, "package-open", "work.ts"), folder);

const whole = await makeSource("whole", Number(gigabytes) * 1000);
const part = await makeSource("part", Number(gigabytes) * 250);
const out = join(folder, "out");
const unpacked = join(folder, "unpacked");
await mkdir(out);

type Timed = Told & { readonly cpuSeconds: number };
const made: Timed[] = [];
const packed: Measured[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const turns = [
    async () => void made.push(await tell(["create", whole.folder, out])),
    async () =>
      void packed.push(
        await shell(`tar -cf - -C '${whole.folder}' data | zstd -3 -q -f -o '${join(folder, "peer.tar.zst")}'`),
      ),
  ];
  for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
}
const file = made[0]?.file ?? "";
const small = await tell(["create", part.folder, join(folder, "small")]);

const opened: Timed[] = [];
const extracted: Measured[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const turns = [
    async () => void opened.push(await tell(["read", file, folder])),
    async () => {
      await mkdir(unpacked);
      extracted.push(await shell(`zstd -dcq '${file}' | tar -xf - -C '${unpacked}'`));
      await rm(unpacked, { recursive: true });
    },
  ];
  for (const turn of round % 2 === 0 ? turns : turns.reverse()) await turn();
}
const plain = join(folder, "plain.tar");
await shell(`zstd -dcq '${file}' -o '${plain}'`);
const inPlace: Timed[] = [];
for (let round = 0; round < ROUNDS; round += 1) inPlace.push(await tell(["read", plain, folder]));

const createMBps = whole.megas / median(made.map(({ seconds }) => seconds));
const peerMBps = whole.megas / median(packed.map(({ seconds }) => seconds));
const openSeconds = median(opened.map(({ seconds }) => seconds));
const extractSeconds = median(extracted.map(({ seconds }) => seconds));
const sizes = [(await stat(file)).size, (await stat(join(folder, "peer.tar.zst"))).size] as const;
const megabytes = (mebibytes: number): number => Math.round(mebibytes * 1.048576);
const memory = (figure: string, peaks: readonly number[]): Figure => ({
  figure,
  ours: `${megabytes(Math.max(...peaks))} MB`,
  goal: atMost(megabytes(Math.max(...peaks)), MEMORY_GOAL_MB, `≤ ${MEMORY_GOAL_MB} MB`),
});
const peakOf = (told: readonly Told[]): readonly number[] => told.map(({ peakMiB }) => peakMiB);
const cpuLine = (figure: string, ours: readonly Timed[], peer: readonly Measured[]): Figure => {
  const [own, other] = [ours, peer].map(
    (runs) => median(runs.map(({ cpuSeconds }) => cpuSeconds)) / (whole.megas / 1000),
  );
  if (own === undefined || other === undefined) throw new Error("nothing measured");
  return { figure, ours: `${own.toFixed(1)} s per GB`, against: `${other.toFixed(1)} s per GB`, ratio: other / own };
};
printFigures([
  {
    figure: "create",
    ours: `${Math.round(createMBps)} MB/s`,
    against: `${Math.round(peerMBps)} MB/s tar | zstd -3`,
    ratio: createMBps / peerMBps,
    goal: atLeast(createMBps / peerMBps, 0.8),
  },
  cpuLine("create, processor", made, packed),
  {
    figure: "create, size",
    ours: `${(sizes[0] / 1e6).toFixed(0)} MB`,
    against: `${(sizes[1] / 1e6).toFixed(0)} MB`,
    ratio: sizes[0] / sizes[1],
  },
  memory("create, peak memory", peakOf(made)),
  {
    figure: "create of a quarter, peak memory",
    ours: `${megabytes(small.peakMiB)} MB`,
    ratio: Math.max(...peakOf(made)) / small.peakMiB,
    goal: atMost(Math.max(...peakOf(made)) / small.peakMiB, 1.25, "whole ≤ 1.25 × quarter"),
  },
  {
    figure: ".tar.zst: open to first read",
    ours: `${openSeconds.toFixed(2)} s`,
    against: `${extractSeconds.toFixed(2)} s zstd -d | tar -x`,
    ratio: extractSeconds / openSeconds,
  },
  cpuLine(".tar.zst, processor", opened, extracted),
  memory(".tar.zst, peak memory", peakOf(opened)),
  { figure: ".tar: open to first read", ours: `${median(inPlace.map(({ seconds }) => seconds)).toFixed(2)} s` },
  memory(".tar, peak memory", peakOf(inPlace)),
]);
console.log(`
${(whole.megas / 1000).toFixed(1)} GB in ${whole.files} files, half of which no compression shrinks, in one component. Ours also takes the sums of everything,
twice when it is made; zstd -d checks nothing but its own. Medians of ${ROUNDS} alternating rounds. Ratio: ours / peer; of time and opening, peer / ours.`);

/** A package's folder: files whose bytes are half noise and half words, always the same. */
async function makeSource(
  name: string,
  megas: number,
): Promise<{ readonly folder: string; readonly megas: number; readonly files: number }> {
  const source = join(folder, name);
  await mkdir(join(source, "data"), { recursive: true });
  await mkdir(join(folder, "small"), { recursive: true });
  const files = Math.max(1, Math.ceil(megas / FILE_MEGABYTES));
  for (let index = 0; index < files; index += 1)
    await fill(join(source, "data", `${index}.bin`), index, Math.min(FILE_MEGABYTES, megas - index * FILE_MEGABYTES));
  const items = Array.from(
    { length: files },
    (_, index) => `      - {source: data/${index}.bin, target: /tmp/bench/${index}.bin}`,
  );
  const head = [
    "kind: ZarfPackageConfig",
    `metadata: {name: bench-${name}, version: 1.0.0, architecture: amd64}`,
    "components:",
  ];
  await writeFile(
    join(source, "zarf.yaml"),
    [...head, "  - name: data", "    required: true", "    files:", ...items, ""].join("\n"),
  );
  return { folder: source, megas, files };
}

async function fill(path: string, seed: number, megas: number): Promise<void> {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16));
  const zeros = Buffer.alloc(500_000);
  const handle = await open(path, "w");
  for (let mega = 0; mega < megas; mega += 1) {
    const noise = cipher.update(zeros);
    // Each noisy byte chooses one of 16 letters: words that shrink to about half.
    await handle.write(noise);
    await handle.write(Buffer.from(noise.toString("hex").slice(0, 500_000)));
  }
  await handle.close();
}

async function tell(args: readonly string[]): Promise<Timed> {
  const { stdout, cpuSeconds } = await runMeasured([process.execPath, program, ...args]);
  return { ...(JSON.parse(stdout) as Told), cpuSeconds };
}

/** A pipeline, until its output is on the way to the disk. */
async function shell(command: string): Promise<Measured> {
  return await runMeasured(["bash", "-o", "pipefail", "-c", command]);
}

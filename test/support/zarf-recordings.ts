import { readFileSync } from "node:fs";

interface RecordedFile {
  readonly path: string;
  readonly mode: string;
  readonly type?: string;
  readonly symlink?: string;
  readonly text?: string;
  readonly base64?: string;
}

interface RecordedStep {
  readonly label: string;
  readonly args: readonly string[];
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly files?: readonly RecordedFile[];
  readonly cluster: { readonly created: Readonly<Record<string, unknown>> };
}

/** The steps of a recording of Zarf: `deploy-connected/variables.json`. */
export function recordedSteps(name: string): readonly RecordedStep[] {
  const text = readFileSync(`test/fixtures/zarf/expected/public/${name}`, "utf8");
  return (JSON.parse(text) as { readonly steps: readonly RecordedStep[] }).steps;
}

/** What lay in the folder after a step, by path: `files` and `folder` are the same, named for what a test means. */
export function recordedFiles(
  name: string,
  step = 0,
): { readonly files: ReadonlyMap<string, Buffer>; readonly folder: ReadonlyMap<string, Buffer> } {
  const files = new Map<string, Buffer>();
  for (const { path, text, base64 } of recordedSteps(name)[step]?.files ?? [])
    if (text !== undefined || base64 !== undefined)
      files.set(path, text === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(text));
  return { files, folder: files };
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

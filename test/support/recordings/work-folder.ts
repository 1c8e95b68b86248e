import { createHash } from "node:crypto";
import { lstat, mkdir, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import path from "node:path";
import type { RecordedFile } from "./recorded.ts";

/** A file as two runs are compared: what it is, may do and holds. */
export interface ListedFile {
  readonly path: string;
  readonly mode: string;
  readonly type?: "dir";
  readonly size?: number;
  readonly sha256?: string;
  readonly symlink?: string;
}

/** Addresses of this run to those of the recording. */
type Replacements = Readonly<Record<string, string>>;

/** Everything below a folder, by path, links not followed. */
export async function listFolder(folder: string, replace: Replacements): Promise<readonly ListedFile[]> {
  const names = await readdir(folder, { recursive: true });
  return Promise.all(names.sort().map((name) => listed(folder, name, replace)));
}

async function listed(folder: string, name: string, replace: Replacements): Promise<ListedFile> {
  const file = path.join(folder, name);
  const found = await lstat(file);
  const common = { path: name, mode: `0${(found.mode & 0o777).toString(8).padStart(3, "0")}` };
  if (found.isDirectory()) return { ...common, type: "dir" };
  if (found.isSymbolicLink()) return { ...common, symlink: await readlink(file) };
  return { ...common, ...contentOf(await readFile(file), replace) };
}

/** Size and hash of a content without the time of the run and its addresses. */
function contentOf(bytes: Buffer, replace: Replacements): Pick<ListedFile, "size" | "sha256"> {
  const timeless = bytes.toString("latin1").replaceAll(/\.zarf-injection-\d+/g, ".zarf-injection");
  const text = Object.entries(replace).reduce((so, [from, to]) => so.replaceAll(from, to), timeless);
  const content = Buffer.from(text, "latin1");
  return { size: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}

/** A recorded listing in the same form. */
export function recordedListing(files: readonly RecordedFile[]): readonly ListedFile[] {
  return files.map(({ text, base64, ...file }) => {
    if (text === undefined && base64 === undefined) return file;
    return { ...file, ...contentOf(text === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(text), {}) };
  });
}

/** Writes recorded files that a command finds when it starts. */
export async function placeInputs(folder: string, files: readonly RecordedFile[]): Promise<void> {
  for (const { path: name, type, mode, text, base64 } of files) {
    const file = path.join(folder, name);
    if (type === "dir") await mkdir(file, { mode: Number.parseInt(mode, 8) });
    else
      await writeFile(file, text ?? Buffer.from(base64 ?? "", "base64"), {
        mode: Number.parseInt(mode, 8),
        flag: "wx",
      });
  }
}

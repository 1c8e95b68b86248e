import { randomBytes } from "node:crypto";
import { open, rename, rm, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { OperatorError } from "../../../lib/errors/index.ts";

/** Writes a stream to a file so that it is there whole or not at all; an existing one is replaced. */
export async function writeStreamWhole(
  target: string,
  chunks: AsyncIterable<Uint8Array>,
  options: { readonly mode: number; readonly signal: AbortSignal },
): Promise<void> {
  const temporary = besides(target);
  try {
    const handle = await open(temporary, "wx", options.mode);
    try {
      // The umask may have taken bits away.
      await handle.chmod(options.mode);
      for await (const chunk of chunks) {
        options.signal.throwIfAborted();
        await handle.write(chunk);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw asUnwritable(target, error);
  }
}

/** Makes a link, in place of a link or a file that is there. */
export async function writeLink(link: string, text: string): Promise<void> {
  const temporary = besides(link);
  try {
    await symlink(text, temporary);
    await rename(temporary, link);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw asUnwritable(link, error);
  }
}

const besides = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);

/** What the file system says becomes FILE_UNWRITABLE; what the bytes' source says stays as it is. */
function asUnwritable(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof OperatorError || typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) return error;
  return new OperatorError("FILE_UNWRITABLE", `${path} could not be written: the system says ${code}`, {
    where: { file: path },
    next: [`make ${dirname(path)} writable, or run as a user who may write there`],
    retry: "later",
    cause: error,
  });
}

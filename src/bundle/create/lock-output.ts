import { readFile, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { z } from "zod";
import { OperatorError } from "../../lib/errors/index.ts";

const Owner = z.object({ pid: z.int().positive(), host: z.string() });

/**
 * Keeps two processes from writing one bundle at the same time. The lock of a process that no longer lives is taken over.
 *
 * @returns what releases it
 * @throws OperatorError BUNDLE_BUSY, FILE_UNWRITABLE
 */
export async function lockOutput(output: string): Promise<() => Promise<void>> {
  const path = `${output}.lock`;
  const text = JSON.stringify({ pid: process.pid, host: hostname() });
  if (!(await createdAlone(path, text))) {
    const owner = await ownerOf(path);
    if (owner !== undefined && isAlive(owner)) {
      throw new OperatorError("BUNDLE_BUSY", `${output} is being created by process ${owner.pid} on ${owner.host}`, {
        where: { file: output },
        next: [`wait for process ${owner.pid}, or stop it and remove ${path}`],
        retry: "later",
      });
    }
    await rm(path, { force: true });
    if (!(await createdAlone(path, text))) throw unwritable(path, undefined);
  }
  return async () => await rm(path, { force: true });
}

async function createdAlone(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw unwritable(path, error);
  }
}

async function ownerOf(path: string): Promise<z.infer<typeof Owner> | undefined> {
  try {
    return Owner.parse(JSON.parse(await readFile(path, "utf8")));
  } catch {
    // Half written when its process died, or gone by now.
    return undefined;
  }
}

/** A lock from another host (a shared folder) cannot be looked at, so it counts. */
function isAlive({ pid, host }: z.infer<typeof Owner>): boolean {
  if (host !== hostname()) return true;
  if (pid === process.pid) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function unwritable(path: string, cause: unknown): OperatorError {
  return new OperatorError("FILE_UNWRITABLE", `${path} could not be written`, {
    where: { file: path },
    next: ["choose another place with --out"],
    retry: "later",
    cause,
  });
}

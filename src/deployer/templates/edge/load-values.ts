import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { OperatorError } from "../../../lib/errors/index.ts";
import type { LoadedValue, LoadedValues, TemplateValues } from "../template-value.ts";
import { isTextContent } from "../text-content.ts";

/** Content of a file that becomes part of a template's line. */
const limitBytes = 16 * 1024 * 1024;

/**
 * Reads the files of all values of the type `file`, relative to `folder`. What is missing, or is no text, has no bytes; text
 * templates then leave its token out.
 *
 * @throws OperatorError FILE_UNREADABLE for files beyond 16 MiB
 */
export async function loadFileValues(
  values: TemplateValues,
  options: { readonly folder: string; readonly signal: AbortSignal },
): Promise<LoadedValues> {
  const loaded = new Map<string, LoadedValue>();
  for (const [key, value] of values) {
    options.signal.throwIfAborted();
    const isFile = value.type === "file" && value.value !== "";
    loaded.set(
      key,
      isFile ? { ...value, content: { bytes: await textOf(resolve(options.folder, value.value)) } } : value,
    );
  }
  return loaded;
}

async function textOf(path: string): Promise<Uint8Array | undefined> {
  // Not blocking, so that a pipe nobody writes to cannot hold the run.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const found = await handle.stat();
    if (!found.isFile()) return undefined;
    if (found.size > limitBytes)
      throw new OperatorError("FILE_UNREADABLE", `${path} could not be read: it is larger than ${limitBytes} bytes`, {
        where: { file: path },
        next: [`name a file of at most 16 MiB in the variable`],
      });
    const bytes = await handle.readFile();
    return isTextContent(bytes) ? bytes : undefined;
  } finally {
    await handle.close();
  }
}

import { OperatorError } from "../../lib/errors/index.ts";
import { isTextContent, type LoadedValues, templateStream, textSampleBytes } from "../templates/index.ts";

/** What is filled into a component's files. */
export interface FileTemplates {
  /** For `###ZARF_…###`. */
  readonly values: LoadedValues;
  /** Fills in a Go template, for files with `template: true`. */
  readonly go: (name: string, text: string, call: { readonly signal: AbortSignal }) => Promise<string>;
  /** Told of each token whose file cannot be used. */
  readonly onUnreadable?: (key: string) => void;
}

/** A Go template is held in memory. */
const maxTemplateBytes = 16 * 1024 * 1024;

/**
 * What a file of a package becomes: text with its tokens filled in, and its Go template where it has one; anything but text as it
 * is. Streams, but for Go templates.
 *
 * @throws OperatorError PACKAGE_INVALID for a Go template beyond 16 MiB or not in UTF-8, CHART_TEMPLATE_INVALID
 */
export async function* fileContent(
  source: AsyncIterable<Uint8Array>,
  options: {
    readonly name: string;
    readonly isTemplate: boolean;
    readonly templates: FileTemplates;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<Uint8Array> {
  const { name, isTemplate, templates, signal } = options;
  const { sample, all } = await sampled(source);
  if (!isTextContent(sample)) {
    yield* all;
    return;
  }
  const { onUnreadable } = templates;
  const filled = templateStream(all, templates.values, onUnreadable === undefined ? {} : { onUnreadable });
  if (isTemplate) yield Buffer.from(await templates.go(name, await wholeText(filled, name), { signal }));
  else yield* filled;
}

/** The first bytes of a stream, and the stream with them. */
async function sampled(
  source: AsyncIterable<Uint8Array>,
): Promise<{ readonly sample: Uint8Array; readonly all: AsyncIterable<Uint8Array> }> {
  const reader = source[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let sizeBytes = 0;
  let isDone = false;
  while (sizeBytes < textSampleBytes && !isDone) {
    const next = await reader.next();
    if (next.done === true) isDone = true;
    else {
      first.push(next.value);
      sizeBytes += next.value.length;
    }
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* first;
      if (!isDone) yield* { [Symbol.asyncIterator]: () => reader };
    } finally {
      await reader.return?.();
    }
  }
  return { sample: Buffer.concat(first).subarray(0, textSampleBytes), all: all() };
}

async function wholeText(chunks: AsyncIterable<Uint8Array>, name: string): Promise<string> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxTemplateBytes)
      throw new OperatorError("PACKAGE_INVALID", `${name} is a template of more than ${maxTemplateBytes} bytes`);
    parts.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(parts));
  } catch (error) {
    throw new OperatorError("PACKAGE_INVALID", `${name} is a template and not UTF-8 text`, { cause: error });
  }
}

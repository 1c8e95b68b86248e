import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { createColors } from "picocolors";
import type { Output } from "../../../../src/cli/terminal.ts";

/** A terminal that remembers what was written to it. */
export function screen(columns = 100): Output & { readonly written: () => string; readonly lastFrame: () => string } {
  const chunks: string[] = [];
  const stream = Object.assign(
    new Writable({
      write: (chunk: Buffer | string, _, done) => {
        chunks.push(chunk.toString());
        done();
      },
    }),
    { isTTY: true, columns, rows: 50 },
  );
  const written = () => stripVTControlCharacters(chunks.join(""));
  return {
    stream,
    columns,
    colors: createColors(false),
    write: (text) => void stream.write(text),
    written,
    // Frames end with an erased screen; the last is what stays.
    lastFrame: () => stripVTControlCharacters(chunks.join("").split("\u001b[1A").at(-1) ?? "").trimEnd(),
  };
}

import { StringDecoder } from "node:string_decoder";

/** Longer lines are told in pieces of this length. */
const maxLineLength = 16 * 1024;

/** Cuts a stream of bytes into lines of text, without their ends. */
export function lineSplitter(onLine: (line: string) => void): {
  readonly push: (chunk: Uint8Array) => void;
  /** Tells the last line where its end is missing. */
  readonly end: () => void;
} {
  const decoder = new StringDecoder("utf8");
  let pending = "";
  const take = (text: string): void => {
    const lines = (pending + text).split(/\r?\n/);
    pending = lines.pop() ?? "";
    for (const line of lines) onLine(line);
    while (pending.length > maxLineLength) {
      onLine(pending.slice(0, maxLineLength));
      pending = pending.slice(maxLineLength);
    }
  };
  return {
    push: (chunk) => {
      take(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
    },
    end: () => {
      take(decoder.end());
      if (pending !== "") onLine(pending);
      pending = "";
    },
  };
}

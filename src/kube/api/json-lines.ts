/** One event of a watch is at most one object; etcd refuses objects beyond 1.5 MiB, so this is generous. */
const maxLineBytes = 16 << 20;

/**
 * Splits a byte stream at newlines and parses each line.
 *
 * @throws RangeError for a line beyond 16 MiB, SyntaxError for a line that is not JSON; a last line without newline is cut
 *   off by the end of the connection and left out
 */
export async function* jsonLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<unknown> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of bytes) {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...held, chunk.subarray(from, end)]).toString("utf8");
      held = [];
      heldBytes = 0;
      from = end + 1;
      if (line.trim() !== "") yield JSON.parse(line) as unknown;
    }
    if (from < chunk.length) {
      held.push(chunk.subarray(from));
      heldBytes += chunk.length - from;
      if (heldBytes > maxLineBytes) throw new RangeError("a line of the watch exceeds 16 MiB");
    }
  }
}

/** What a tar header says; owner and times are always zero. */
export interface TarHead {
  /** Relative, with forward slashes, without a trailing one. */
  readonly path: string;
  readonly type: "file" | "folder" | "link";
  readonly mode: number;
  readonly sizeBytes: number;
  readonly linkTarget?: string;
}

export const blockBytes = 512;
const nameBytes = 100;
const prefixBytes = 155;
/** The largest size that fits the eleven octal digits of a header. */
const largestOctal = 8 ** 11 - 1;
const typeFlags = { file: "0", link: "2", folder: "5" } as const;

/**
 * The blocks before an entry's bytes, in the very form that Go's writer gives them: USTAR where all fits, else a PAX header with
 * what does not.
 *
 * @see https://pkg.go.dev/archive/tar#Format
 */
export function tarHeader(head: TarHead): Buffer {
  const { path, linkTarget = "" } = head;
  const records = new Map<string, string>();
  const split = splitName(path);
  if (split === undefined) records.set("path", path);
  if (!isAscii(linkTarget) || linkTarget.length > nameBytes) records.set("linkpath", linkTarget);
  if (head.sizeBytes > largestOctal) records.set("size", String(head.sizeBytes));
  if (records.size === 0) return block(head, { name: split?.name ?? path, prefix: split?.prefix ?? "" });
  const main = block(head, { name: toAscii(path).slice(0, nameBytes), prefix: "" });
  return Buffer.concat([paxBlocks(path, records), main]);
}

/** A name in one or two fields, or undefined where it does not fit. */
function splitName(path: string): { readonly name: string; readonly prefix: string } | undefined {
  if (!isAscii(path)) return undefined;
  if (path.length <= nameBytes) return { name: path, prefix: "" };
  const cut = path.lastIndexOf("/", Math.min(path.length, prefixBytes + 1) - 1);
  const [prefix, name] = [path.slice(0, cut), path.slice(cut + 1)];
  const fits = cut > 0 && prefix.length <= prefixBytes && name.length <= nameBytes && name !== "";
  return fits ? { name, prefix } : undefined;
}

function block(head: TarHead, { name, prefix }: { readonly name: string; readonly prefix: string }): Buffer {
  const bytes = Buffer.alloc(blockBytes);
  bytes.write(name, 0);
  octal(bytes, head.mode, 100, 8);
  octal(bytes, 0, 108, 8);
  octal(bytes, 0, 116, 8);
  octal(bytes, head.sizeBytes > largestOctal ? 0 : head.sizeBytes, 124, 12);
  octal(bytes, 0, 136, 12);
  bytes.write(typeFlags[head.type], 156);
  bytes.write(toAscii(head.linkTarget ?? "").slice(0, nameBytes), 157);
  bytes.write("ustar\x0000", 257);
  octal(bytes, 0, 329, 8);
  octal(bytes, 0, 337, 8);
  bytes.write(prefix, 345);
  return withSum(bytes);
}

/** Records in the order of their keys, each with its own length, padded to whole blocks, under a header of their own. */
function paxBlocks(path: string, records: ReadonlyMap<string, string>): Buffer {
  const data = Buffer.from(
    [...records]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => paxRecord(key, value))
      .join(""),
  );
  const slash = path.lastIndexOf("/");
  const name = toAscii(`${slash < 0 ? "" : path.slice(0, slash + 1)}PaxHeaders.0/${path.slice(slash + 1)}`);
  const head = Buffer.alloc(blockBytes);
  head.write(name.slice(0, nameBytes).replace(/\/+$/, ""), 0);
  octal(head, data.length, 124, 12);
  head.write("x", 156);
  head.write("ustar\x0000", 257);
  return Buffer.concat([withSum(head), data, Buffer.alloc(padding(data.length))]);
}

/** `<length> <key>=<value>\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length > length) length = rest + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function octal(bytes: Buffer, value: number, at: number, width: number): void {
  bytes.write(`${value.toString(8).padStart(width - 1, "0")}\0`, at);
}

/** The sum is taken with its own field full of spaces. */
function withSum(bytes: Buffer): Buffer {
  bytes.fill(" ", 148, 156);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return bytes;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII begins with them
const isAscii = (text: string): boolean => /^[\x01-\x7f]*$/.test(text);
const toAscii = (text: string): string => [...text].filter(isAscii).join("");

/** Zeros after an entry's bytes, up to a whole block. */
export const padding = (sizeBytes: number): number => (blockBytes - (sizeBytes % blockBytes)) % blockBytes;

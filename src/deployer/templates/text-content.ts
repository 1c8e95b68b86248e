/** How much of a file decides whether it is text. */
export const textSampleBytes = 512;

const ascii = (text: string): Buffer => Buffer.from(text, "latin1");
const whitespace = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x20]);
const htmlTags = "!DOCTYPE HTML,HTML,HEAD,SCRIPT,IFRAME,H1,DIV,FONT,TABLE,A,STYLE,TITLE,B,BODY,BR,P,!--".split(",");
/** Kinds that are told by their first bytes although those could be text; `.` stands for any byte. */
const binaryHeads = [
  "%PDF-",
  "%!PS-Adobe-",
  "BM",
  "GIF87a",
  "GIF89a",
  "RIFF....WEBPVP",
  "\xff\xd8\xff",
  "FORM....AIFF",
  ".snd",
  "ID3",
  "RIFF....AVI ",
  "RIFF....WAVE",
  "OTTO",
  "ttcf",
  "wOFF",
  "wOF2",
].map(ascii);
/** Byte-order marks; they count where two bytes (one for UTF-8's) follow. */
const marks = [Buffer.from([0xfe, 0xff]), Buffer.from([0xff, 0xfe]), Buffer.from([0xef, 0xbb, 0xbf])];

/**
 * Whether a file is text for Zarf, which asks Go's content sniffing: bytes that no text has decide, after a few signatures.
 *
 * @param sample - the file's first {@link textSampleBytes} bytes, or all of it
 * @see https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type
 */
export function isTextContent(sample: Uint8Array): boolean {
  const head = Buffer.from(sample.buffer, sample.byteOffset, Math.min(sample.byteLength, textSampleBytes));
  const first = head.findIndex((byte) => !whitespace.has(byte));
  const body = first === -1 ? head.subarray(head.length) : head.subarray(first);
  if (isMarkup(body)) return true;
  if (head.length >= 4 && marks.some((mark) => head.subarray(0, mark.length).equals(mark))) return true;
  if (binaryHeads.some((pattern) => startsWith(head, pattern))) return false;
  // Go takes any file with these letters at this place for a font; so does Zarf, and leaves it as it is.
  if (head.subarray(34, 36).equals(ascii("LP"))) return false;
  return !body.some(isBinaryByte);
}

function isMarkup(body: Buffer): boolean {
  if (body.subarray(0, 5).equals(ascii("<?xml"))) return true;
  if (body[0] !== 0x3c) return false;
  return htmlTags.some((tag) => {
    const end = body[tag.length + 1];
    const isTag =
      body
        .subarray(1, tag.length + 1)
        .toString("latin1")
        .toUpperCase() === tag;
    return isTag && (end === 0x20 || end === 0x3e);
  });
}

function startsWith(head: Buffer, pattern: Buffer): boolean {
  // ".snd" begins with a real dot; dots further in stand for sizes.
  return head.length >= pattern.length && pattern.every((byte, at) => byte === head[at] || (at > 0 && byte === 0x2e));
}

function isBinaryByte(byte: number): boolean {
  return byte <= 0x08 || byte === 0x0b || (byte >= 0x0e && byte <= 0x1a) || (byte >= 0x1c && byte <= 0x1f);
}

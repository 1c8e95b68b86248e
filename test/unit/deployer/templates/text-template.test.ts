import { readFileSync } from "node:fs";
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import {
  applyTextTemplate,
  isTextContent,
  type LoadedValue,
  templateKeys,
  templateStream,
} from "../../../../src/deployer/templates/index.ts";
import { collect, recordedFiles } from "../../../support/zarf-recordings.ts";

const source = "test/fixtures/zarf/public/variables/src";
const { files, folder } = recordedFiles("deploy-connected/variables.json");

/** The variables and constants of the recorded package; the files they name are in the recording. */
function recordedValues(given: Readonly<Record<string, string>> = {}): ReadonlyMap<string, LoadedValue> {
  const file = (path: string): LoadedValue => {
    const bytes = folder.get(path);
    const isUsable = bytes !== undefined && isTextContent(bytes);
    return { value: path, type: "file", content: { bytes: isUsable ? bytes : undefined } };
  };
  const values: Record<string, LoadedValue> = {
    CONST_C: { value: "const", autoIndent: true },
    CONST_NESTED: { value: "###ZARF_VAR_PLAIN###" },
    CONST_TWO_LINES: { value: "c1\nc2", autoIndent: true },
    VAR_PLAIN: { value: given["PLAIN"] ?? "plain" },
    VAR_TEXT_FILE: file("in/text.txt"),
    VAR_MISSING_FILE: file("in/missing.txt"),
    VAR_BINARY_FILE: file("in/binary.bin"),
    VAR_EMPTY_FILE: file("in/empty.txt"),
    VAR_NESTED_FILE: file("in/nested.txt"),
    VAR_NO_FILE: { value: "", type: "file" },
    VAR_INDENT_FILE: { ...file("in/lines.txt"), autoIndent: true },
    VAR_INDENT: { value: "i1\ni2\n\ni4\n", autoIndent: true },
    VAR_NOT_INDENTED: { value: "n1\nn2" },
    VAR_NO_DEFAULT: { value: "" },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the value of the recorded package
    VAR_DOLLAR: { value: "$1 ${2} \\1 \\n & %s" },
  };
  return new Map(Object.entries(values));
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const through = async (bytes: Uint8Array, values: ReadonlyMap<string, LoadedValue>, size = 65_536): Promise<Buffer> =>
  await collect(templateStream(inPieces(bytes, size), values));

describe("templateStream()", () => {
  it.each(["in.txt", "crlf.txt", "none.txt", "latin1.txt", "utf16.txt", "empty.txt"])(
    "gives the bytes that Zarf gave for %s",
    async (name) => {
      const done = await through(readFileSync(`${source}/${name}`), recordedValues());

      expect(done).toEqual(files.get(`vars-out/${name}`));
    },
  );

  it("goes on where Zarf cuts a file off: after a line of more than 1 MiB", async () => {
    const bytes = Buffer.from(`first\n${"a".repeat(1_048_576)}###ZARF_VAR_PLAIN###\nlast ###ZARF_VAR_PLAIN###\n`);

    const done = await through(bytes, recordedValues());

    expect(done.toString()).toBe(`first\n${"a".repeat(1_048_576)}plain\nlast plain\n`);
    expect(files.get("vars-out/long.txt")?.toString()).toBe("first\n");
  });

  it.each([7, 4096])("finds tokens in endless lines, in pieces of %i bytes", async (size) => {
    const filler = "b".repeat(1_048_570);
    const bytes = Buffer.from(`${filler}###ZARF_VAR_PLAIN###${filler}x###ZARF_VAR_INDENT###\r\n`);
    const values = new Map([
      ["VAR_PLAIN", { value: "plain" }],
      ["VAR_INDENT", { value: "1\n2", autoIndent: true }],
    ]);

    const done = (await through(bytes, values, size)).toString();

    expect(done).toBe(`${filler}plain${filler}x1\n${" ".repeat(filler.length + 1)}2\n`);
  });

  test.prop([
    fc.array(
      fc.constantFrom(
        "###ZARF_VAR_A###",
        "###ZARF_VAR_B###",
        "###",
        "#",
        "ZARF_",
        "\r",
        "\n",
        "é",
        "x",
        "###ZARF_VAR_NO###",
      ),
    ),
    fc.integer({ min: 1, max: 9 }),
  ])("gives the same in pieces of any size", async (parts, size) => {
    const bytes = Buffer.from(parts.join(""));
    const values = new Map<string, LoadedValue>([
      ["VAR_A", { value: "1\n2", autoIndent: true }],
      ["VAR_B", { value: "f", type: "file", content: { bytes: undefined } }],
    ]);

    expect((await through(bytes, values, size)).toString()).toBe(applyTextTemplate(bytes.toString(), values));
  });
});

describe("applyTextTemplate()", () => {
  it("gives what Zarf gave with other values", () => {
    const { files: others } = recordedFiles("deploy-connected/variables.json", 1);
    const values = new Map([
      ...recordedValues({ PLAIN: "lower-case name" }),
      ["VAR_INDENT", { value: "a", autoIndent: true }],
      ["VAR_NO_DEFAULT", { value: "now set" }],
      ["VAR_NO_FILE", { value: "in/text.txt", type: "file", content: { bytes: folder.get("in/text.txt") } }],
    ] as const);

    const done = applyTextTemplate(readFileSync(`${source}/in.txt`, "utf8"), values);

    // The recorded package says "no file=[###ZARF_VAR_NO_FILE###]" and the command line named the variable in lower case.
    expect(done.replace("no file=[text content]", "no file=[]")).toBe(others.get("vars-out/in.txt")?.toString());
  });

  it("names the tokens whose file cannot be used", () => {
    const unreadable: string[] = [];

    applyTextTemplate(readFileSync(`${source}/in.txt`, "utf8"), recordedValues(), {
      onUnreadable: (key) => unreadable.push(key),
    });

    expect(unreadable).toEqual(["VAR_MISSING_FILE", "VAR_BINARY_FILE"]);
  });

  it("leaves a text without a line empty", () => {
    expect(applyTextTemplate("", new Map())).toBe("");
  });
});

describe("templateKeys()", () => {
  it("finds each key once", () => {
    expect([...templateKeys("###ZARF_VAR_A### ###ZARF_CONST_B######ZARF_VAR_A### ###ZARF_VAR_low###")]).toEqual([
      "VAR_A",
      "CONST_B",
    ]);
  });
});

describe("isTextContent()", () => {
  it.each([
    ["", true],
    ["plain", true],
    [" \t\n", true],
    ["\x1b[31mred", true],
    ["a\x00b", false],
    ["a\x0bb", false],
    ["%PDF-1.7", false],
    ["BMC_ADDRESS=10.5.0.2", false],
    ["GIF89a", false],
    ["ID3", false],
    [`${"x".repeat(34)}LP`, false],
    ["\xff\xd8\xff", false],
    ["RIFF1234WAVE", false],
    ["\xff\xfea\x00\x01\x00", true],
    ["\xff\xfe\x00", false],
    ["<html>\x00", true],
    ["  <!-- \x00", true],
    ["<bold>\x00", false],
    ["<?xml\x00", true],
    ["café", true],
  ])("judges %j as Go does: %s", (text, isText) => {
    expect(isTextContent(Buffer.from(text, "latin1"))).toBe(isText);
  });

  it("looks at the first 512 bytes only", () => {
    expect(isTextContent(Buffer.from(`${"a".repeat(512)}\x00`))).toBe(true);
  });
});

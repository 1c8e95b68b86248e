import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { containerdConfig, HOSTS_FOLDER, quoted } from "../../../../src/lab/contained/node/containerd-config.ts";
import { appliedConfig } from "../../../support/lab/applied-config.ts";

const PAUSE = "registry.k8s.io/pause:3.10.2";
const textOf = (auth: readonly object[], restrictOomScore = true) =>
  containerdConfig(
    appliedConfig({ documents: auth.map((document) => ({ kind: "RegistryAuthConfig", ...document })) }),
    { pauseImage: PAUSE, restrictOomScore },
  );
/** Lines of one table, without indentation. */
const table = (text: string, name: string) => {
  const lines = text.split("\n").map((line) => line.trim());
  const start = lines.indexOf(`[${name}]`);
  const end = lines.findIndex((line, index) => index > start && line.startsWith("["));
  return start < 0 ? undefined : lines.slice(start + 1, end < 0 ? undefined : end).filter((line) => line !== "");
};
const IMAGES = 'plugins."io.containerd.cri.v1.images"';

/** What TOML lets stand in a basic string. @see https://toml.io/en/v1.0.0#string */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not stand there
const BASIC_STRING = /^"(?:[^"\\\u0000-\u0008\u000a-\u001f\u007f]|\\["\\bfnrt]|\\u[0-9a-fA-F]{4})*"$/u;

describe("quoted()", () => {
  test.prop([fc.string({ unit: "binary" })])("is a basic string of TOML that reads back the same", (text) => {
    expect(quoted(text)).toMatch(BASIC_STRING);
    expect(JSON.parse(quoted(text))).toBe(text);
  });

  it.each([
    { text: 'say "hi"', expected: '"say \\"hi\\""' },
    { text: "back\\slash", expected: '"back\\\\slash"' },
    { text: "\u0000\u001b\u007f", expected: '"\\u0000\\u001b\\u007f"' },
    { text: "line\nline\ttab", expected: '"line\\nline\\ttab"' },
    { text: "half \ud800 a pair", expected: '"half \ufffd a pair"' },
    { text: "Grüße 🔑", expected: '"Grüße 🔑"' },
  ])("writes $text", ({ text, expected }) => {
    expect(quoted(text)).toBe(expected);
    expect(quoted(text)).toMatch(BASIC_STRING);
  });
});

describe("containerdConfig()", () => {
  it("has both the CRI and containerd's own pulls read the host files", () => {
    const text = textOf([]);

    expect(table(text, `${IMAGES}.registry`)).toEqual([`config_path = "${HOSTS_FOLDER}"`]);
    expect(table(text, 'plugins."io.containerd.transfer.v1.local"')).toEqual([`config_path = "${HOSTS_FOLDER}"`]);
  });

  it("pins the pause image of the release", () => {
    expect(table(textOf([]), `${IMAGES}.pinned_images`)).toEqual([`sandbox = "${PAUSE}"`]);
  });

  it("has a section of credentials for each host that has any", () => {
    const text = textOf([
      { name: "10.0.0.5:5000", username: "me", password: 'p"\\\n\u007f' },
      { name: "ghcr.io", auth: Buffer.from("you:a:b").toString("base64") },
      { name: "nothing.example" },
    ]);

    const section = (host: string) => table(text, `${IMAGES}.registry.configs."${host}".auth`);
    expect(section("10.0.0.5:5000")).toEqual(['username = "me"', 'password = "p\\"\\\\\\n\\u007f"']);
    expect(section("ghcr.io")).toEqual(['username = "you"', 'password = "a:b"']);
    expect(section("nothing.example")).toBeUndefined();
  });

  it("has no credentials without a config", () => {
    expect(containerdConfig(undefined, { pauseImage: PAUSE, restrictOomScore: false })).not.toContain(".auth]");
  });

  it.each([true, false])("restricts OOM scores where this process may not lower them: %s", (restricted) => {
    expect(table(textOf([], restricted), 'plugins."io.containerd.cri.v1.runtime"')).toContain(
      `restrict_oom_score_adj = ${restricted}`,
    );
  });

  test.prop([
    fc.uniqueArray(
      fc.record({
        name: fc.domain(),
        username: fc.string({ unit: "binary", minLength: 1 }),
        password: fc.string({ unit: "binary" }),
      }),
      { selector: ({ name }) => name },
    ),
  ])("stays one line for each key, whatever the credentials are", (auth) => {
    const lines = textOf(auth).split("\n");

    expect(lines.filter((line) => line.endsWith(".auth]"))).toHaveLength(auth.length);
    for (const line of lines.filter((item) => /^ {6}(?:username|password) /.test(item))) {
      expect(line.replace(/^ {6}\w+ = /, "")).toMatch(BASIC_STRING);
    }
    expect(lines).toHaveLength(textOf([]).split("\n").length + 3 * auth.length);
  });
});

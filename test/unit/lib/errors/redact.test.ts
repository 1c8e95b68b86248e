import { generateKeyPairSync, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { redactSecrets, stripControls } from "../../../../src/lib/errors/index.ts";

const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString().trim();
const body = pem.split("\n")[1] ?? "";

describe("redactSecrets()", () => {
  it.each([
    ["a private key", `key is\n${pem}\nthere`, body],
    ["a private key within JSON", JSON.stringify({ text: pem }), body],
    ["a private key whose end is missing", `${pem.slice(0, 80)}`, body.slice(0, 30)],
    ["a key in base64, as machine configs have it", `key: ${Buffer.from(pem).toString("base64")}`, "LS0tLS1CRUdJTi"],
    ["a join token", "token: 4cgdfu.k2yygn2ohy5fmtjn", "k2yygn2ohy5fmtjn"],
    ["a join token in a sentence", "joined with 4cgdfu.k2yygn2ohy5fmtjn today", "k2yygn2ohy5fmtjn"],
    ["a cluster secret", 'secret: "NAiCN6AIFXcHtySOSpVFh1Xko0j9QkR7ZDSbk8dC4lo="', "NAiCN6AIFXc"],
    ["an encryption secret", "secretboxEncryptionSecret: 83Yzv7LeiFnOo7uBgRzdTP0e9g==", "83Yzv7LeiFn"],
    ["a password in JSON", '{"password":"hunter2hunter2"}', "hunter2"],
    ["a bearer header", "authorization: Bearer abc.DEF-123456", "abc.DEF-123456"],
    ["credentials in an address", "GET https://robot:s3cret@registry.example/v2/", "s3cret"],
    ["a long run of base64", `got ${Buffer.from(randomBytes(96)).toString("base64").replaceAll("/", "a")}9Aa.`, "9Aa."],
  ])("takes out %s", (_, text, secret) => {
    expect(text).toContain(secret);

    const redacted = redactSecrets(text);

    expect(redacted).toContain("[redacted]");
    expect(redacted).not.toContain(secret.replace(/\.$/, ""));
  });

  it.each([
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "fingerprint 4sRhpAcBLxmIYhGn9RSH4GlS5ZoqTk5fWjCBZv2M7mM= was expected",
    "/root/state/skerry/racks/demo/site/nodes/cp1/and/a/long/way/down/the/tree/of/folders/file1",
    'unknown key "tokens" in site.yaml:3:5',
    "docker.io/library/registry:3",
    '{"keyId":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}',
    "run skerry up --site /srv/windpark-7/site.yaml",
  ])("leaves %s", (text) => {
    expect(redactSecrets(text)).toBe(text);
  });
});

describe("stripControls()", () => {
  it("takes out escape sequences and control characters but no line ends", () => {
    expect(stripControls("a\u001b[31mred\u001b[0m\u0007\u001b]0;title\u0007b\r\n\tc\u0085")).toBe("aredb\n\tc");
  });
});

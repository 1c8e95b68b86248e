import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { contractFor, generateConfig, redactConfig } from "../../../src/talos/config/index.ts";
import { differences, values } from "../../support/talos/compare.ts";
import { nodeInput } from "../../support/talos/node-config.ts";
import { askPeer } from "../../support/talos/peer.ts";

interface Field {
  readonly path: string;
  readonly merge: string;
}

const kinds = ["", ...contractFor("v1.13.9").documentKinds];
/** Names that smell of a secret. */
const smell = /(key$|keys\.\[\]|secret|token|password|passphrase|private|auth$|credential|cert$|identity|env|content)/i;
/** What smells and is none, and why. */
const harmless: readonly { readonly path: RegExp; readonly why: string }[] = [
  { path: /adUserPortKey$/, why: "a number in a bond's protocol" },
  { path: /publicKey$/, why: "the public half" },
  { path: /clientIdentity\.cert$/, why: "the public half" },
  { path: /tls\.clientIdentity$/, why: "a pair that Talos' type does not open; its key is hidden" },
  { path: /keys\.\[\]\.(slot|kms\.endpoint|tpm\.options\.pcrs\.\[\])$/, why: "tells how, not what" },
];

/** Talos writes the word, in fields of bytes its base64. */
const isRedaction = (difference: string): boolean => /: "(REDACTED|UkVEQUNURUQ=)" \| /.test(difference);

/** A value at a path of mappings, lists and free keys. */
function plant(path: readonly string[], value: string): unknown {
  const [segment, ...rest] = path;
  if (segment === undefined) return value;
  if (segment === "[]") return [plant(rest, value)];
  return { [segment === "*" ? "any" : segment]: plant(rest, value) };
}

describe("redactConfig()", () => {
  it("hides every field of every document kind that smells of a secret", async () => {
    const fields = await askPeer<readonly Field[]>(
      "fields",
      kinds.map((kind) => ({ kind })),
    );
    const suspects = kinds.flatMap((kind, index) =>
      (fields[index] ?? [])
        .filter(({ path, merge }) => /^(scalar|pointer-scalar)$/.test(merge) && smell.test(path))
        .map(({ path }) => ({ kind, path })),
    );

    const visible = suspects.filter(({ kind, path }) => {
      const tree = plant(path.split("."), "SENTINEL") as object;
      const document = kind === "" ? tree : { apiVersion: "v1alpha1", kind, ...tree };
      return redactConfig(stringify(document)).includes("SENTINEL");
    });

    expect(suspects.length).toBeGreaterThan(40);
    const found = visible.map(({ kind, path }) => `${kind}:${path}`);
    expect(found.filter((name) => !harmless.some(({ path }) => path.test(name)))).toEqual([]);
    expect(harmless.filter(({ path }) => !found.some((name) => path.test(name)))).toEqual([]);
  });

  it("hides whatever Talos' own redaction hides", async () => {
    const config = `${generateConfig(nodeInput())}---
${documents.map((document) => stringify(document)).join("---\n")}`;
    const [theirs] = await askPeer("redact", [{ config }]);

    const ours = values(redactConfig(config));

    expect(theirs?.error).toBeUndefined();
    const hidden = differences(values(theirs?.yaml), values(config)).filter(isRedaction);
    const shown = differences(values(theirs?.yaml), ours).filter(isRedaction);
    expect(hidden.length).toBeGreaterThan(12);
    expect(shown.filter((line) => !line.endsWith('| "REDACTED"'))).toEqual([]);
  });

  it("leaves a config that Talos still reads", async () => {
    const [answer] = await askPeer("redact", [{ config: generateConfig(nodeInput({ role: "worker" })) }]);

    expect(answer?.error).toBeUndefined();
  });
});

const v1alpha1 = (kind: string, fields: object): object => ({ apiVersion: "v1alpha1", kind, ...fields });
const documents = [
  v1alpha1("RegistryAuthConfig", { name: "r.internal", username: "u", password: "p" }),
  v1alpha1("WireguardConfig", {
    name: "wg0",
    privateKey: "cGFzcw==",
    peers: [{ publicKey: "cHVi", presharedKey: "c2hhcmVk", allowedIPs: ["10.9.0.0/24"] }],
  }),
  v1alpha1("VolumeConfig", {
    name: "STATE",
    encryption: { provider: "luks2", keys: [{ slot: 0, static: { passphrase: "secret" } }] },
  }),
  v1alpha1("HCloudVIPConfig", { name: "10.9.0.1", link: "eth0", apiToken: "t" }),
];

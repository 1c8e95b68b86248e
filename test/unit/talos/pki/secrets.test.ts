import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { isOperatorError, type OperatorError } from "../../../../src/lib/errors/index.ts";
import { readSecrets, writeSecrets } from "../../../../src/talos/pki/index.ts";
import { newToken } from "../../../../src/talos/pki/token.ts";
import { testSecretsYaml } from "../../../support/talos/secrets.ts";

interface SecretsTree {
  cluster: Record<string, unknown>;
  secrets: Record<string, unknown>;
  certs: Record<string, Record<string, unknown>>;
  [key: string]: unknown;
}

function refusalOf(text: string): OperatorError {
  try {
    readSecrets(text, { file: "secrets.yaml" });
  } catch (error) {
    if (isOperatorError(error)) return error;
    throw error;
  }
  throw new Error("was accepted");
}

function changed(change: (tree: SecretsTree) => void): string {
  const tree = parse(testSecretsYaml) as SecretsTree;
  change(tree);
  return stringify(tree, { lineWidth: 0 });
}

describe("readSecrets(), writeSecrets()", () => {
  it("give the same bytes back", () => {
    expect(writeSecrets(readSecrets(testSecretsYaml, { file: "secrets.yaml" }))).toBe(testSecretsYaml);
  });

  it("let unknown keys pass, as Talos' loader does", () => {
    const text = changed((tree) => {
      tree["future"] = { a: 1 };
    });

    expect(readSecrets(text, { file: "secrets.yaml" }).trustdToken).not.toBe("");
  });

  it.each<{ what: string; change: (tree: SecretsTree) => void; places: readonly string[]; says: string }>([
    {
      what: "a missing part",
      change: (tree) => {
        delete tree["trustdinfo"];
      },
      places: ["secrets.yaml:1:1"],
      says: "trustdinfo: is missing",
    },
    {
      what: "an empty token",
      change: (tree) => {
        tree.secrets["bootstraptoken"] = "";
      },
      places: ["secrets.yaml:5:19"],
      says: "secrets.bootstraptoken: is empty",
    },
    {
      what: "no encryption secret",
      change: (tree) => {
        delete tree.secrets["secretboxencryptionsecret"];
      },
      places: ["secrets.yaml:5:3"],
      says: "secrets: one of secretboxencryptionsecret and aescbcencryptionsecret is required",
    },
    {
      what: "two encryption secrets",
      change: (tree) => {
        tree.secrets["aescbcencryptionsecret"] = "x";
      },
      places: ["secrets.yaml:5:3"],
      says: "secrets: only one of secretboxencryptionsecret and aescbcencryptionsecret is allowed",
    },
    {
      what: "a certificate that is none",
      change: (tree) => {
        (tree.certs["os"] ?? {})["crt"] = Buffer.from("garbage").toString("base64");
      },
      places: ["secrets.yaml:22:10"],
      says: "certs.os.crt: is not base64 of a PEM certificate",
    },
    {
      what: "a key of another certificate",
      change: (tree) => {
        (tree.certs["etcd"] ?? {})["key"] = tree.certs["k8s"]?.["key"];
      },
      places: ["secrets.yaml:12:10"],
      says: "certs.etcd.key: does not belong to the certificate beside it",
    },
    {
      what: "a service account key that is a certificate",
      change: (tree) => {
        (tree.certs["k8sserviceaccount"] ?? {})["key"] = tree.certs["k8s"]?.["crt"];
      },
      places: ["secrets.yaml:20:10"],
      says: "certs.k8sserviceaccount.key: is not base64 of a PEM private key",
    },
  ])("refuse $what, at its line", ({ change, places, says }) => {
    const refusal = refusalOf(changed(change));

    expect(refusal.code).toBe("DOCUMENT_INVALID");
    expect(refusal.problems.map(({ message }) => message)).toEqual([says]);
    expect(refusal.problems.map(({ where }) => where?.file)).toEqual(places);
  });

  it("list all findings at once and repeat no secret", () => {
    const text = changed((tree) => {
      (tree.certs["os"] ?? {})["crt"] = "c2VjcmV0";
      (tree.certs["k8s"] ?? {})["key"] = "not base64!";
    });

    const refusal = refusalOf(text);

    expect(refusal.problems).toHaveLength(2);
    expect(JSON.stringify(refusal)).not.toMatch(/c2VjcmV0|not base64!/);
  });
});

describe("newToken()", () => {
  it("throws away the bytes that would favour some letters", () => {
    const bytes = [...Array<number>(6).fill(255), 0, 35, 36, 71, 251, 252, 35, ...Array<number>(30).fill(10)];
    let at = 0;
    const random = (size: number) => {
      at += size;
      return Uint8Array.from(bytes.slice(at - size, at));
    };

    expect(newToken(random)).toBe(`0z0zzz.${"a".repeat(16)}`);
  });
});

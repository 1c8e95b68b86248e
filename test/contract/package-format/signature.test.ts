import { readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type OpenOptions, openPackage } from "../../../src/deployer/package/open-package.ts";
import { readPackageKey } from "../../../src/deployer/package/sign/public-key.ts";
import { markSigned, signDefinition } from "../../../src/deployer/package/sign/sign-definition.ts";
import { createKeyPair, readSigningKey } from "../../../src/deployer/package/sign/signing-key.ts";
import { badPackages, signedPackage, signingKeys } from "../../support/package-fixtures.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const { signal } = new AbortController();
const pem = (name: string) => ({ file: name, pem: readFileSync(join(signingKeys, name), "utf8") });
const own = () => readPackageKey(pem("cosign.pub"));
const other = () => readPackageKey(pem("other.pub"));
const unsigned = join(badPackages, "control.tar.zst");

async function trusting(path: string, trust: OpenOptions["trust"]): Promise<string> {
  try {
    const pkg = await openPackage({ path }, { signal, trust });
    await pkg.close();
    return pkg.signature;
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
}

describe("openPackage() and trust", () => {
  it("takes a package that is signed by one of the keys, and by no other", async () => {
    expect(await trusting(signedPackage, { keys: [own()] })).toBe("valid");
    expect(await trusting(signedPackage, { keys: [other(), own()] })).toBe("valid");
    expect(await trusting(signedPackage, { keys: [other()] })).toBe("PACKAGE_SIGNATURE_INVALID");
    expect(await trusting(signedPackage, { keys: [other()], allowUnsigned: true })).toBe("PACKAGE_SIGNATURE_INVALID");
  });

  it("takes a package for which nobody vouches only where that is said", async () => {
    expect(await trusting(signedPackage, {})).toBe("PACKAGE_UNTRUSTED");
    expect(await trusting(signedPackage, { allowUnsigned: true })).toBe("unchecked");
    expect(await trusting(unsigned, {})).toBe("PACKAGE_UNTRUSTED");
    expect(await trusting(unsigned, { keys: [own()] })).toBe("PACKAGE_UNTRUSTED");
    expect(await trusting(unsigned, { allowUnsigned: true })).toBe("none");
  });

  it("never takes one whose signature was taken away, whoever is believed", async () => {
    for (const name of ["sig-stripped", "sig-missing", "sig-unsigned-flag"])
      expect(await trusting(join(badPackages, `${name}.tar.zst`), { allowUnsigned: true })).toBe(
        "PACKAGE_SIGNATURE_INVALID",
      );
  });
});

/** Signs an unsigned package as `package sign` does, into a folder. */
async function signInto(folder: string, key: Awaited<ReturnType<typeof readSigningKey>>): Promise<string> {
  const pkg = await openPackage({ path: unsigned }, { signal, trust: { allowUnsigned: true } });
  const definition = Buffer.from(
    markSigned((await pkg.readFile("zarf.yaml", { limitBytes: 1 << 20, signal })).toString()),
  );
  for (const path of pkg.files.keys()) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), await pkg.readFile(path, { limitBytes: 1 << 20, signal }));
  }
  await pkg.close();
  await writeFile(join(folder, "zarf.yaml"), definition);
  await writeFile(join(folder, "zarf.bundle.sig"), signDefinition(definition, key));
  return folder;
}

describe("signDefinition()", () => {
  it("makes a signature that is taken with the public half, and marks the definition as Zarf does", async () => {
    await using folder = await temporaryFolder();
    const key = await readSigningKey(pem("cosign.key"), Buffer.from("test-password"));
    const path = await signInto(folder.path, key);

    expect(await trusting(path, { keys: [own()] })).toBe("valid");
    expect(await trusting(path, { keys: [other()] })).toBe("PACKAGE_SIGNATURE_INVALID");
    const pkg = await openPackage({ path }, { signal, trust: { keys: [own()] } });
    expect(pkg.definition.build).toMatchObject({
      signed: true,
      provenanceFiles: ["checksums.txt", "zarf.bundle.sig"],
      versionRequirements: [{ version: "v0.65.0" }, { version: "v0.71.0" }],
    });
  });

  it("gives a bundle of the same shape and hint as Zarf's", async () => {
    const key = await readSigningKey(pem("cosign.key"), Buffer.from("test-password"));
    const pkg = await openPackage({ path: signedPackage }, { signal, trust: { keys: [own()] } });
    const definition = await pkg.readFile("zarf.yaml", { limitBytes: 1 << 20, signal });
    const theirs = JSON.parse((await pkg.readFile("zarf.bundle.sig", { limitBytes: 1 << 20, signal })).toString()) as {
      messageSignature: { signature: string };
    };
    const ours = JSON.parse(signDefinition(definition, key).toString()) as typeof theirs;
    await pkg.close();

    // ECDSA gives another signature every time.
    theirs.messageSignature.signature = ours.messageSignature.signature;
    expect(ours).toEqual(theirs);
  });

  it("marks every document of a definition in two versions, and only once", () => {
    const text =
      "apiVersion: zarf.dev/v1alpha1\nbuild:\n  signed: false\n---\napiVersion: zarf.dev/v1beta1\nbuild: {}\n";
    const marked = markSigned(text);

    expect(marked.match(/signed: true/g)).toHaveLength(2);
    expect(markSigned(marked)).toBe(marked);
  });

  it("takes signatures of before v0.81 too", async () => {
    await using folder = await temporaryFolder();
    const key = await readSigningKey(pem("cosign.key"), Buffer.from("test-password"));
    const path = await signInto(folder.path, key);
    const bundle = JSON.parse(readFileSync(join(path, "zarf.bundle.sig"), "utf8")) as {
      messageSignature: { signature: string };
    };
    await writeFile(join(path, "zarf.yaml.sig"), bundle.messageSignature.signature);
    await rm(join(path, "zarf.bundle.sig"));

    expect(await trusting(path, { keys: [own()] })).toBe("valid");
    expect(await trusting(path, { keys: [other()] })).toBe("PACKAGE_SIGNATURE_INVALID");
  });
});

describe("readSigningKey()", () => {
  it("opens a key of cosign with its password only", async () => {
    const { hint } = await readSigningKey(pem("other.key"), Buffer.from("other-password"));

    expect(hint).toBe(other().hint);
    await expect(readSigningKey(pem("other.key"), Buffer.from("test-password"))).rejects.toMatchObject({
      code: "PACKAGE_KEY_INVALID",
    });
  });

  it.each([
    ["a public key", () => pem("cosign.pub")],
    ["nothing", () => ({ file: "k", pem: "" })],
    ["a box that would take all memory", () => ({ file: "k", pem: greedyKey() })],
  ])("refuses %s", async (_what, file) => {
    await expect(readSigningKey(file(), Buffer.from("x"))).rejects.toMatchObject({ code: "PACKAGE_KEY_INVALID" });
  });

  it("reads what createKeyPair() writes", async () => {
    const { privatePem, publicPem } = await createKeyPair(Buffer.from("söme password"));

    const key = await readSigningKey({ file: "a", pem: privatePem }, Buffer.from("söme password"));

    expect(key.hint).toBe(readPackageKey({ file: "b", pem: publicPem }).hint);
  });
});

function greedyKey(): string {
  const text = Buffer.from(pem("cosign.key").pem.replace(/-----.*-----|\s/g, ""), "base64").toString();
  const greedy = text.replace('"N":65536', '"N":1073741824');
  const name = "ENCRYPTED SIGSTORE PRIVATE KEY";
  return `-----BEGIN ${name}-----\n${Buffer.from(greedy).toString("base64")}\n-----END ${name}-----\n`;
}

describe("readPackageKey()", () => {
  it("refuses a private key where a public one belongs", () => {
    expect(() => readPackageKey(pem("cosign.key"))).toThrow(expect.objectContaining({ code: "PACKAGE_KEY_INVALID" }));
  });
});

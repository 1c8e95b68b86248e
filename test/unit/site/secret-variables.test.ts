import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { armor, Encrypter, generateIdentity, identityToRecipient } from "age-encryption";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readSecretVariables } from "../../../src/site/index.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "skerry-secrets-"));
});
afterEach(async () => await rm(folder, { recursive: true }));

async function put(name: string, content: string | Uint8Array, mode = 0o600): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  await chmod(file, mode);
  return file;
}

describe("readSecretVariables()", () => {
  it("reads names and texts", async () => {
    const file = await put("s.yaml", "PASSWORD: 'p: w'\nport: 5432\n");

    expect(await readSecretVariables(file)).toEqual({ PASSWORD: "p: w", PORT: "5432" });
  });

  it.each(["binary", "armored"])("opens what age has encrypted, %s", async (form) => {
    const identity = await generateIdentity();
    const encrypter = new Encrypter();
    encrypter.addRecipient(await identityToRecipient(identity));
    const bytes = await encrypter.encrypt("PASSWORD: hidden\n");
    const file = await put("s.age", form === "binary" ? bytes : armor.encode(bytes), 0o644);
    const identityFile = await put("key.txt", `# created: today\n${identity}\n`);

    expect(await readSecretVariables(file, { identityFile })).toEqual({ PASSWORD: "hidden" });
    await expect(readSecretVariables(file)).rejects.toMatchObject({ code: "SECRET_VARIABLES_SEALED" });
    const other = await put("other.txt", await generateIdentity());
    await expect(readSecretVariables(file, { identityFile: other })).rejects.toMatchObject({
      code: "SECRET_VARIABLES_SEALED",
    });
  });

  it.each([
    ["others may read it", "PASSWORD: hidden\n", 0o644, "SECRET_VARIABLES_EXPOSED"],
    ["it is no map", "- hidden\n", 0o600, "SECRET_VARIABLES_INVALID"],
    ["it is broken", "PASSWORD: 'hidden\n", 0o600, "SECRET_VARIABLES_INVALID"],
    ["a value is no text", "PASSWORD: [hidden]\n", 0o600, "SECRET_VARIABLES_INVALID"],
    ["a name is none", "'pass word': hidden\n", 0o600, "SECRET_VARIABLES_INVALID"],
  ])("refuses a file when %s, without a word of it", async (_why, text, mode, code) => {
    const error: unknown = await readSecretVariables(await put("s.yaml", text, mode)).catch((why: unknown) => why);

    expect(error).toMatchObject({ code });
    expect(JSON.stringify(error)).not.toContain("hidden");
  });

  it("says that it is not there", async () => {
    await expect(readSecretVariables(join(folder, "none.yaml"))).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  });
});

import { readFile, stat } from "node:fs/promises";
import { OperatorError } from "../lib/errors/index.ts";
import { parseYamlDocuments } from "../lib/yaml/index.ts";

const limitBytes = 256 * 1024;

/**
 * Values of sensitive variables from a file: YAML, a map of names to texts. Either only its owner may read it, or it is encrypted
 * with age (its name ends in `.age`).
 *
 * @param options.identityFile - with the key that opens it, as `age-keygen` writes it; only its owner may read that too
 * @throws OperatorError FILE_UNREADABLE, SECRET_VARIABLES_EXPOSED, SECRET_VARIABLES_SEALED, SECRET_VARIABLES_INVALID; never with a value
 */
export async function readSecretVariables(
  file: string,
  options: { readonly identityFile?: string | undefined } = {},
): Promise<Readonly<Record<string, string>>> {
  const isSealed = file.endsWith(".age");
  if (!isSealed) await refuseExposed(file);
  const bytes = await read(file);
  const text = isSealed ? await unseal(file, bytes, options.identityFile) : bytes.toString("utf8");
  return variablesIn(text, file);
}

async function read(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > limitBytes) throw unreadable(file, `it is larger than ${limitBytes} bytes`);
    return await readFile(file);
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw unreadable(file, (error as NodeJS.ErrnoException).code ?? "it is no file", error);
  }
}

function unreadable(file: string, why: string, cause?: unknown): OperatorError {
  return new OperatorError("FILE_UNREADABLE", `${file} could not be read: ${why}`, {
    where: { file },
    next: [`check that ${file} is there and can be read`],
    cause,
  });
}

async function refuseExposed(file: string): Promise<void> {
  // Windows has no such bits; there the folder's own rights hold.
  const mode =
    process.platform === "win32"
      ? 0
      : await stat(file).then(
          (found) => found.mode,
          () => 0,
        );
  if ((mode & 0o077) === 0) return;
  throw new OperatorError("SECRET_VARIABLES_EXPOSED", `${file} can be read by others than its owner`, {
    where: { file },
    next: [`chmod 600 ${file}`, `age -e -r RECIPIENT -o ${file}.age ${file}   encrypts it`],
  });
}

async function unseal(file: string, bytes: Buffer, identityFile: string | undefined): Promise<string> {
  if (identityFile === undefined) throw sealed(file, "is encrypted, and no identity was given");
  await refuseExposed(identityFile);
  const identities = (await read(identityFile))
    .toString("utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const { Decrypter, armor } = await import("age-encryption");
  const decrypter = new Decrypter();
  try {
    for (const identity of identities) decrypter.addIdentity(identity);
    const isArmored = bytes.subarray(0, 10).toString("latin1") === "-----BEGIN";
    const plain = await decrypter.decrypt(isArmored ? armor.decode(bytes.toString("latin1")) : bytes);
    return Buffer.from(plain).toString("utf8");
  } catch (error) {
    throw sealed(file, `cannot be opened with the identity in ${identityFile}`, error);
  }
}

function sealed(file: string, why: string, cause?: unknown): OperatorError {
  return new OperatorError("SECRET_VARIABLES_SEALED", `${file} ${why}`, {
    where: { file },
    next: ["--identity FILE   names the key that opens it (or SKERRY_IDENTITY=FILE)"],
    cause,
  });
}

function variablesIn(text: string, file: string): Readonly<Record<string, string>> {
  const invalid = (why: string) =>
    new OperatorError("SECRET_VARIABLES_INVALID", `${file} does not hold values of variables: ${why}`, {
      where: { file },
      next: ["write one `NAME: value` on each line"],
    });
  const [found = {}, ...more] = parse(text, invalid);
  if (typeof found !== "object" || found === null || Array.isArray(found) || more.length > 0)
    throw invalid("it is no map of names to values");
  return Object.fromEntries(
    Object.entries(found).map(([name, value]) => {
      if (!/^[A-Za-z0-9_]+$/.test(name)) throw invalid(`${JSON.stringify(name)} is no name of a variable`);
      if (!["string", "number", "boolean"].includes(typeof value)) throw invalid(`${name} is no text`);
      return [name.toUpperCase(), String(value)];
    }),
  );
}

function parse(text: string, invalid: (why: string) => OperatorError): readonly unknown[] {
  try {
    return parseYamlDocuments(text, { version: "1.2", file: "the secrets" });
  } catch {
    // What YAML says of a broken file may quote it.
    throw invalid("it is no YAML");
  }
}

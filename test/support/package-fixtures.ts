import { readdirSync } from "node:fs";
import { join } from "node:path";

const root = "test/fixtures/zarf";

/** A package that Zarf v0.84.0 made, and what it said of it. */
export interface RecordedPackage {
  readonly name: string;
  /** The archive, or the header of a split one. */
  readonly path: string;
  readonly inspect: string;
  readonly contents: string;
}

/** Every public package of the fixtures. */
export function recordedPackages(): readonly RecordedPackage[] {
  const sets = readdirSync(join(root, "public")).flatMap((set) =>
    readdirSync(join(root, "public", set))
      .filter((file) => /\.(tar|tar\.zst|part000)$/.test(file))
      .map((file) => ({ path: join(root, "public", set, file), name: file.replace(/\.tar.*$/, "") })),
  );
  return sets.map(({ path, name }) => ({
    path,
    name,
    inspect: join(root, "expected/public/inspect", `${name}.json`),
    contents: join(root, "expected/public/contents", `${name}.json`),
  }));
}

export const badPackages = join(root, "bad");
export const signedPackage = join(root, "public/signed/zarf-package-signed-amd64-1.0.0.tar.zst");
export const signingKeys = join(root, "public/signed/keys");

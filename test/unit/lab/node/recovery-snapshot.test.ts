import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openRecoverySnapshot } from "../../../../src/lab/node/etcd/recovery-snapshot.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const signal = AbortSignal.timeout(10_000);

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("half of");
  throw new Error("the caller went away");
}

describe("openRecoverySnapshot()", () => {
  it("keeps what came last, whole, and removes it", async () => {
    await using folder = await temporaryFolder();
    const snapshot = openRecoverySnapshot(join(folder.path, "ephemeral", "etcd.snapshot"));

    await snapshot.keep(pieces("the ", "first"), { signal });
    await snapshot.keep(pieces("the ", "second"), { signal });

    expect(await readFile(snapshot.file, "utf8")).toBe("the second");
    await snapshot.remove();
    expect(await readdir(join(folder.path, "ephemeral"))).toEqual([]);
  });

  it("leaves what was there, and nothing of itself, when the stream breaks off", async () => {
    await using folder = await temporaryFolder();
    const snapshot = openRecoverySnapshot(join(folder.path, "etcd.snapshot"));
    await snapshot.keep(pieces("whole"), { signal });

    await expect(snapshot.keep(broken(), { signal })).rejects.toThrow("went away");

    expect(await readdir(folder.path)).toEqual(["etcd.snapshot"]);
    expect(await readFile(snapshot.file, "utf8")).toBe("whole");
  });
});

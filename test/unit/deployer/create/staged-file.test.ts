import { appendFile, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { stagedFile } from "../../../../src/deployer/create/stage/read-folder.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const { signal } = new AbortController();

describe("stagedFile()", () => {
  it("gives the same bytes again, and fails once the file was written to", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "data");
    await writeFile(file, "one");
    const { open, sizeBytes } = await stagedFile(file);
    expect([(await buffer(open({ signal }))).toString(), sizeBytes]).toEqual(["one", 3]);
    expect((await buffer(open({ signal }))).toString()).toBe("one");

    // As long as before: only its time tells.
    await writeFile(file, "two");
    await utimes(file, 0, 0);
    await expect(buffer(open({ signal }))).rejects.toMatchObject({ code: "PACKAGE_SOURCE_CHANGED" });
    const longer = await stagedFile(file);
    await appendFile(file, "more");
    await expect(buffer(longer.open({ signal }))).rejects.toMatchObject({ code: "PACKAGE_SOURCE_CHANGED" });
  });

  it("notices a change in the middle of reading", async () => {
    await using folder = await temporaryFolder();
    const file = path.join(folder.path, "data");
    await writeFile(file, Buffer.alloc(3 << 20));
    const { open } = await stagedFile(file);

    const reading = (async () => {
      let chunks = 0;
      for await (const _ of open({ signal })) {
        if (chunks === 0) await utimes(file, 0, 0);
        chunks += 1;
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "PACKAGE_SOURCE_CHANGED" });
  });
});

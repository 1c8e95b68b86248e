import { describe, expect, it } from "vitest";
import type { ComponentEntry, ComponentFiles } from "../../../../src/deployer/package/open-package.ts";
import { repositoryFolder } from "../../../../src/deployer/repositories/index.ts";
import { readStoredRepository } from "../../../../src/deployer/repositories/stored-repository.ts";

const url = "https://user:hunter2@git.example/team/app.git";
const [one, other] = ["1".repeat(40), "2".repeat(40)];
const { signal } = new AbortController();

/** A component with these files below `.git`. */
function component(files: Readonly<Record<string, string>>): ComponentFiles {
  const folder = `repos/${repositoryFolder(url)}/.git`;
  const entries = Object.entries(files).map(([path, text]): [string, ComponentEntry] => [
    `${folder}/${path}`,
    { type: "file", sizeBytes: text.length, mode: 0o644 },
  ]);
  return {
    entries: new Map(entries),
    read: async (path) => Buffer.from(files[path.slice(folder.length + 1)] ?? ""),
    open: () => expect.unreachable(),
  };
}

const head = { HEAD: "ref: refs/heads/main\n" };

describe("readStoredRepository()", () => {
  it("takes branches and tags, the file before the packed list, and no remotes", async () => {
    const { references, name } = await readStoredRepository(
      url,
      component({
        ...head,
        "packed-refs": `# pack-refs with: peeled\n${one} refs/heads/main\n${one} refs/tags/v1\n^${other}\n${one} refs/remotes/up/x\n`,
        "refs/heads/main": `${other}\n`,
        "refs/heads/same": "ref: refs/heads/main\n",
        "refs/remotes/online-upstream/dev": `${one}\n`,
      }),
      { signal },
    );

    expect([...references]).toEqual([
      ["refs/heads/main", other],
      ["refs/heads/same", other],
      ["refs/tags/v1", one],
    ]);
    expect(name).toBe("https://git.example/team/app.git");
  });

  it.each([
    ["no repository", {}],
    ["no references", head],
    ["no history", { ...head, shallow: one, "refs/heads/main": one }],
    ["a hash that is none", { ...head, "refs/heads/main": "main" }],
    ["a reference to nothing", { ...head, "refs/heads/main": "ref: refs/heads/gone" }],
    ["a name with a line end", { ...head, "refs/heads/a\n0000": one }],
    ["a name with a space", { ...head, "refs/heads/a b": one }],
    ["a name that climbs", { ...head, "refs/heads/../../x": one }],
    ["a name with an end of text", { ...head, "refs/heads/a\0b": one }],
    ["a lock", { ...head, "refs/heads/main.lock": one }],
  ])("refuses %s", async (_, files) => {
    const error: unknown = await readStoredRepository(url, component(files), { signal }).catch(
      (thrown: unknown) => thrown,
    );

    expect(error).toMatchObject({ code: "REPOSITORY_INVALID" });
    expect(String(error)).not.toContain("hunter2");
  });
});

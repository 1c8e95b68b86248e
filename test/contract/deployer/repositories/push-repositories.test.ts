import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ComponentFiles } from "../../../../src/deployer/package/open-package.ts";
import {
  openGitServer,
  pushRepositories,
  repositoryFolder,
  serverRepositoryName,
} from "../../../../src/deployer/repositories/index.ts";
import type { KubeStreams } from "../../../../src/kube/index.ts";
import { componentOfFolder, componentOfTar } from "../../../support/component-files.ts";
import { git, startGitServer, type TestGitServer } from "../../../support/git-server.ts";
import { leapingClock } from "../../../support/leaping-clock.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { readZarfArchive } from "../../../support/zarf-archive.ts";

const { signal } = new AbortController();
const fixtures = join(import.meta.dirname, "..", "..", "..", "fixtures", "zarf");
const listed = "https://upstream.example/team/app.git";
const open: { close: () => Promise<unknown> }[] = [];
let server: TestGitServer;
let folder: string;

beforeEach(async () => {
  server = await startGitServer();
  const temporary = await temporaryFolder();
  folder = temporary.path;
  open.push(server, { close: async () => await temporary[Symbol.asyncDispose]() });
});
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const noStreams: KubeStreams = {
  exec: () => expect.unreachable(),
  portForward: () => expect.unreachable(),
};

async function access(git: Partial<Parameters<typeof gitState>[0]> = {}, streams = noStreams) {
  const opened = await openGitServer({ git: gitState(git), cluster: { server: "https://c.example" }, streams, signal });
  open.push(opened);
  return opened;
}

const gitState = (changed: { address?: string; pushPassword?: string }) => ({
  address: server.url,
  pushUsername: server.username,
  pushPassword: server.password,
  pullUsername: "zarf-git-read-user",
  ...changed,
});

/** A work tree with a history, as a package carries it; `change` runs git in it. */
async function workTree(change: (run: (...args: string[]) => Promise<string>, tree: string) => Promise<void>) {
  const tree = join(folder, "repos", repositoryFolder(listed));
  await mkdir(tree, { recursive: true });
  const run = (...args: string[]) => git(tree, ...args);
  if (!(await readdir(tree)).includes(".git")) await run("init", "--quiet", "--initial-branch=main");
  await change(run, tree);
  return await componentOfFolder(folder);
}

const commit = async (run: (...args: string[]) => Promise<string>, tree: string, text: string) => {
  await writeFile(join(tree, "file.txt"), text);
  await run("add", ".");
  await run("commit", "--quiet", "--message", text);
};

const path = () => `${server.username}/${serverRepositoryName(listed)}.git`;

async function push(files: ComponentFiles, repositories = [listed]) {
  return await pushRepositories({
    repositories,
    files,
    server: await access(),
    clock: leapingClock(),
    signal,
  });
}

describe("pushRepositories() to the real git", () => {
  it("leaves the references that Zarf leaves, of the package repos", async () => {
    const recording = JSON.parse(
      await readFile(join(fixtures, "expected", "public", "deploy-initialised", "repos.json"), "utf8"),
    ) as { gitRefsAdded: Record<string, [string, string][]> };
    const [name = ""] = (await readdir(join(fixtures, "public", "repos"))).filter((file) => file.endsWith(".tar.zst"));
    const archive = await readZarfArchive(join(fixtures, "public", "repos", name));
    const repositoriesOf = {
      all: ["http://127.0.0.1:5088/demo/site.git"],
      tagged: [
        "http://127.0.0.1:5088/demo/site.git@v1.0.0",
        "http://127.0.0.1:5088/demo/tools.git@refs/heads/dev",
        "http://127.0.0.1:5088/demo/tools@43b4fa6ced927675845ab1e781fa6e939d7b1d84",
      ],
    };
    await server.create(`${server.username}/site-2056319090.git`);
    // Git servers know a repository with and without the suffix; the one of the recording took them for two, and Zarf carried a branch over.
    await server.create(`${server.username}/tools-4085595135`);
    await server.alias(`${server.username}/tools-4085595135`, "tools-4085595135.git");

    for (const [component, repositories] of Object.entries(repositoriesOf)) {
      const tar = archive.find((file) => file.name === `components/${component}.tar`);
      await push(await componentOfTar(tar?.bytes ?? Buffer.alloc(0), component), repositories);
    }

    for (const repository of ["site-2056319090.git", "tools-4085595135"]) {
      const wanted = recording.gitRefsAdded[repository] ?? [];
      expect(await server.references(`${server.username}/${repository}`)).toEqual(
        wanted.map(([hash, name]) => [name, hash]).toSorted(([one = ""], [other = ""]) => (one < other ? -1 : 1)),
      );
      await server.git(`${server.username}/${repository}`, "fsck", "--full", "--strict");
    }
  });

  it("sends nothing where nothing is new", async () => {
    await server.create(path());
    const files = await workTree((run, tree) => commit(run, tree, "one"));
    const [first] = await push(files);
    const before = server.requests.length;

    const [again] = await push(files);

    expect(first?.pushed).toEqual(["refs/heads/main"]);
    expect(again).toMatchObject({ pushed: [], sentBytes: 0 });
    expect(server.requests.slice(before)).toEqual([`GET /${path()}/info/refs?service=git-receive-pack`]);
  });

  it("joins packs, loose objects and packed references of every kind", async () => {
    await server.create(path());
    const files = await workTree(async (run, tree) => {
      await commit(run, tree, "one\n".repeat(5000));
      await run("repack", "-d", "--quiet");
      await commit(run, tree, `${"one\n".repeat(5000)}two`);
      await run("repack", "-d", "--quiet");
      await run("branch", "feature/deep");
      await run("tag", "light");
      await run("pack-refs", "--all");
      await writeFile(join(tree, "empty"), "");
      await commit(run, tree, "three");
      await run("tag", "--annotate", "--message", "annotated", "v1.0.0");
    });
    const names = [...files.entries.keys()];
    expect(names.filter((name) => name.endsWith(".pack")).length).toBe(2);
    expect(names.some((name) => /\/objects\/[0-9a-f]{2}\//.test(name))).toBe(true);

    const [pushed] = await push(files);

    expect(pushed?.pushed).toEqual([
      "refs/heads/feature/deep",
      "refs/heads/main",
      "refs/tags/light",
      "refs/tags/v1.0.0",
    ]);
    const tree = join(folder, "repos", repositoryFolder(listed));
    const there = await server.references(path());
    expect(there.filter(([name]) => name !== "HEAD")).toEqual(
      (await git(tree, "for-each-ref", "--format=%(refname) %(objectname)")).split("\n").map((line) => line.split(" ")),
    );
    await server.git(path(), "fsck", "--full", "--strict");
    expect(await server.git(path(), "cat-file", "-t", "v1.0.0")).toBe("tag");
  });

  it("moves a branch forward", async () => {
    await server.create(path());
    await push(await workTree((run, tree) => commit(run, tree, "one")));

    const [pushed] = await push(await workTree((run, tree) => commit(run, tree, "two")));

    expect(pushed?.pushed).toEqual(["refs/heads/main"]);
    expect(await server.git(path(), "log", "--format=%s", "main")).toBe("two\none");
  });

  it("leaves what would be lost, names all of it, and changes nothing", async () => {
    await server.create(path());
    const files = await workTree(async (run, tree) => {
      await commit(run, tree, "one");
      await run("tag", "v1");
    });
    await push(files);
    const before = await server.references(path());
    await rm(join(folder, "repos"), { recursive: true });
    const foreign = await workTree(async (run, tree) => {
      await commit(run, tree, "another history");
      await run("tag", "v1");
      await run("branch", "new");
    });

    await expect(push(foreign)).rejects.toMatchObject({
      code: "REPOSITORY_DIVERGED",
      problems: [
        { message: expect.stringContaining("refs/heads/main") as string },
        { message: expect.stringContaining("refs/tags/v1") as string },
      ],
    });

    expect(await server.references(path())).toEqual(before);
  });

  it("says what the server's own rules refuse, and nothing is half there", async () => {
    await server.create(path());
    await server.hook(path(), "update", '[ "$1" != refs/heads/hidden ] || { echo "hidden is ours" >&2; exit 1; }');
    const files = await workTree(async (run, tree) => {
      await commit(run, tree, "one");
      await run("branch", "hidden");
    });

    await expect(push(files)).rejects.toMatchObject({
      code: "REPOSITORY_REFUSED",
      problems: expect.arrayContaining([
        { message: expect.stringMatching(/^ng refs\/heads\/hidden /) as string },
        { message: expect.stringContaining("hidden is ours") as string },
      ]) as unknown[],
    });

    expect(await server.references(path())).toEqual([]);
  });

  it("tries again after a connection that broke and a server that was not ready", async () => {
    await server.create(path());
    server.fail("cut", 503);

    const [pushed] = await push(await workTree((run, tree) => commit(run, tree, "one")));

    expect(pushed?.pushed).toEqual(["refs/heads/main"]);
  });

  it("gives up after three tries, with the last reason", async () => {
    await server.create(path());
    server.fail(503, 503, 503);

    const tried = push(await workTree((run, tree) => commit(run, tree, "one")));

    await expect(tried).rejects.toMatchObject({ code: "REPOSITORY_REFUSED", retry: "same" });
  });

  it.each([
    ["REPOSITORY_NOT_FOUND", 404],
    ["REPOSITORY_UNAUTHORIZED", 403],
    ["REPOSITORY_REFUSED", 302],
  ])("says %s for %i and does not try again", async (code, status) => {
    server.fail(status);

    const tried = push(await workTree((run, tree) => commit(run, tree, "one")));

    await expect(tried).rejects.toMatchObject({ code, message: expect.stringContaining(listed) as string });
    expect(server.requests.length).toBe(1);
  });

  it("never shows the password", async () => {
    const files = await workTree((run, tree) => commit(run, tree, "one"));
    const wrong = await access({ pushPassword: "hunter2-secret" });

    const tried = pushRepositories({ repositories: [listed], files, server: wrong, clock: leapingClock(), signal });

    const error = await tried.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "REPOSITORY_UNAUTHORIZED" });
    expect(JSON.stringify([String(error), error])).not.toContain("hunter2");
  });

  it("refuses a component that does not carry the repository", async () => {
    const files = await workTree((run, tree) => commit(run, tree, "one"));

    await expect(push(files, ["https://upstream.example/team/other.git"])).rejects.toMatchObject({
      code: "REPOSITORY_INVALID",
    });
  });

  it("ends with the signal's reason", async () => {
    await server.create(path());
    const files = await workTree((run, tree) => commit(run, tree, "one"));
    const stop = new AbortController();
    const reason = new Error("interrupted");

    const tried = pushRepositories({
      repositories: [listed],
      files,
      server: await access(),
      clock: leapingClock(),
      signal: stop.signal,
      onProgress: () => stop.abort(reason),
    });

    await expect(tried).rejects.toBe(reason);
    expect(await server.references(path())).toEqual([]);
  });
});

describe("openGitServer()", () => {
  it("refuses a cluster without a Git server", async () => {
    const opened = openGitServer({
      git: undefined,
      cluster: { server: "https://c.example" },
      streams: noStreams,
      signal,
    });

    await expect(opened).rejects.toMatchObject({ code: "REPOSITORY_NO_SERVER" });
  });

  it("goes through the cluster where the server is in it, and lets its readers in", async () => {
    await server.create(path());
    const asked: unknown[] = [];
    let isClosed = false;
    const streams: KubeStreams = {
      ...noStreams,
      portForward: async (target) => {
        asked.push(target);
        const close = async (): Promise<void> => {
          isClosed = true;
        };
        return { host: "127.0.0.1", port: Number(new URL(server.url).port), brokenBy: () => undefined, close };
      },
    };
    const opened = await access({ address: "http://zarf-gitea-http.zarf.svc.cluster.local:3000" }, streams);
    const files = await workTree((run, tree) => commit(run, tree, "one"));

    // git itself does not have the API of the server in the cluster.
    const tried = pushRepositories({ repositories: [listed], files, server: opened, clock: leapingClock(), signal });

    await expect(tried).rejects.toMatchObject({ code: "REPOSITORY_NOT_FOUND" });
    expect(asked).toEqual([{ kind: "Service", namespace: "zarf", name: "zarf-gitea-http", port: 3000 }]);
    expect(server.requests.at(-1)).toBe(
      `PUT /api/v1/repos/${server.username}/${serverRepositoryName(listed)}/collaborators/zarf-git-read-user`,
    );
    expect((await server.references(path())).map(([name]) => name)).toContain("refs/heads/main");
    await opened.close();
    expect(isClosed).toBe(true);
  });
});

import { spawnSync } from "node:child_process";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { actionsOf, availableTools, checkActions, openZarfStandIn } from "../../../../src/deployer/actions/index.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

type Definition = Parameters<typeof actionsOf>[0];

const read = async (set: string): Promise<Definition> =>
  parse(await readFile(`test/fixtures/zarf/public/${set}/src/zarf.yaml`, "utf8")) as Definition;

describe("actionsOf()", () => {
  it("lists every command and wait with what their defaults say", async () => {
    const actions = actionsOf(await read("actions"), "linux");

    expect(
      actions.map(({ component, occasion, moment, title }) => [component, occasion, moment, title]).slice(0, 3),
    ).toEqual([
      ["create-side", "onCreate", "before", "Write a file"],
      ["create-side", "onCreate", "after", "cat made-at-create.txt"],
      ["deploy-side", "onDeploy", "before", "Show the environment"],
    ]);
    expect(actions.find(({ title }) => title.startsWith("Succeeds"))).toMatchObject({
      shell: "bash",
      attempts: 5,
      maxTotalSeconds: 20,
      env: ["DEF=default-env", "OVER=default-over"],
    });
    expect(actions.find(({ cmd }) => cmd === "echo in-sh $0")).toMatchObject({ shell: "sh" });
    expect(actions.find(({ cmd }) => cmd === "./zarf version")).toMatchObject({
      zarfTools: ["version"],
      setsVariables: ["TOOL_VERSION"],
    });
    expect(actions.find(({ title }) => title === "wait for tcp/127.0.0.1:5055")).toMatchObject({ maxTotalSeconds: 10 });
    // onSuccess of onCreate is never run.
    expect(actions.some(({ cmd }) => cmd === "echo never")).toBe(false);
  });
});

describe("checkActions()", () => {
  const check = (set: Definition, tools: readonly string[], hasCluster = true) =>
    checkActions(actionsOf(set, "linux"), { occasion: "onDeploy", tools: new Set(tools), hasCluster });

  it("passes what can be carried out", async () => {
    expect(() => check(set(), ["version", "tools kubectl"])).not.toThrow();
    check(await read("actions"), ["version"], false);
    check(await read("actions-cluster"), ["tools kubectl"]);
  });

  it("names every tool that nothing stands in for, and every wait that cannot be", () => {
    const bad = set(
      { cmd: "./zarf tools registry prune && ./zarf internal update-gitea-pvc; ./zarf tools $TOOL" },
      { wait: { cluster: { kind: "pod", name: "a", condition: "{.a[0:1]}=1" } } },
      { wait: { network: { protocol: "http", address: "a", code: 700 } } },
      { wait: {} },
      {},
    );

    expect(() => check(bad, ["version"])).toThrow(expect.objectContaining({ code: "ACTION_UNSUPPORTED" }));
    try {
      check(bad, ["version"], false);
    } catch (error) {
      const problems = (error as { readonly problems: readonly { readonly message: string }[] }).problems;
      expect(problems.map(({ message }) => message.replace(/^.*": /, ""))).toEqual([
        "nothing stands in for zarf tools registry on this machine",
        "nothing stands in for zarf internal update-gitea-pvc on this machine",
        "there is no cluster to look at",
        expect.stringContaining("no JSONPath"),
        expect.stringContaining("700"),
        "it says neither cluster nor network",
        "it runs nothing",
      ]);
    }
  });

  function set(...before: readonly object[]): Definition {
    return { components: [{ name: "a", actions: { onDeploy: { before } } }] };
  }
});

describe("openZarfStandIn()", () => {
  it("hands tools on to programs of the PATH and of ours, and refuses the rest by name", async () => {
    await using temporary = await temporaryFolder();
    const path = join(temporary.path, "bin");
    await mkdir(path);
    for (const name of ["kubectl", "ours"]) {
      await writeFile(join(path, name), `#!/bin/sh\necho ${name} "$@"\n`);
      await chmod(join(path, name), 0o755);
    }
    const options = { path: `${path}:/usr/bin:/bin`, program: [join(path, "ours"), "tools"] };
    const zarf = await openZarfStandIn(options);
    const run = (...args: readonly string[]) => {
      const { status, stdout, stderr } = spawnSync(zarf.command, args, { encoding: "utf8" });
      return [status, stdout.trim(), stderr.trim()];
    };

    expect(run("version")).toEqual([0, "v0.84.0", ""]);
    expect(run("tools", "kubectl", "get", "a b")).toEqual([0, "kubectl get a b", ""]);
    expect(run("tools", "wait-for", "pod", "x")).toEqual([0, "ours tools wait-for pod x", ""]);
    expect(run("tools", "registry", "prune")).toEqual([
      64,
      "",
      "zarf tools registry prune: Skerry does not stand in for this",
    ]);
    expect([...(await availableTools(options))]).toEqual(
      expect.arrayContaining(["tools kubectl", "tools k", "tools wait"]),
    );
    expect([...(await availableTools({ path: "" }))]).toEqual(["version", "v"]);
    expect((await stat(join(zarf.command, ".."))).mode & 0o777).toBe(0o700);
    await zarf.close();
    await expect(stat(zarf.command)).rejects.toMatchObject({ code: "ENOENT" });
  });
});

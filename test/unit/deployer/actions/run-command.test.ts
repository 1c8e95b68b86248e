import { spawnSync } from "node:child_process";
import { getEventListeners } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Action, runActions } from "../../../../src/deployer/actions/index.ts";
import type { VariableValue } from "../../../../src/deployer/templates/index.ts";
import { actionContext, printedLines } from "../../../support/action-context.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const secret = "s3cr3t-Passw0rd";
const variable = (value: string, isSensitive = false): VariableValue => ({
  value,
  isSensitive,
  type: "raw",
  autoIndent: false,
  origin: { kind: "given" },
});

/** Zombies do not run; whether somebody collects them is not ours. */
async function isRunning(pid: string): Promise<boolean> {
  const stat = await readFile(`/proc/${pid.trim()}/stat`, "utf8").catch(() => "0 (gone) Z");
  return !/\) Z/.test(stat);
}

describe("runActions()", () => {
  it("ends a command with all that it started when the seconds of all attempts are over", async () => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    const context = actionContext(folder);
    const cmd = "sleep 60 & echo $! > pid; wait";

    const run = runActions({ before: [{ cmd, maxTotalSeconds: 1, maxRetries: 5 }] }, "before", context);

    await expect(run).rejects.toMatchObject({ code: "ACTION_TIMED_OUT" });
    await expect(run).rejects.toThrow(/attempt 1 of 6/);
    expect(await isRunning(await readFile(join(folder, "pid"), "utf8"))).toBe(false);
  });

  it("ends also what does not want to end, once the command itself has", async () => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    const cancel = new AbortController();
    const context = actionContext(folder, {
      signal: cancel.signal,
      onEvent: (event) => event.kind === "line" && cancel.abort(new Error("stopped")),
    });
    const cmd = `sh -c 'trap "" TERM; echo $$ > pid; echo ready; exec > /dev/null 2>&1; while :; do sleep 1; done' & wait`;

    await expect(runActions({ before: [{ cmd }] }, "before", context)).rejects.toThrow("stopped");

    expect(await isRunning(await readFile(join(folder, "pid"), "utf8"))).toBe(false);
  });

  it("ends it when the run is cancelled, with the reason of the signal, and leaves no listener", async () => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    const cancel = new AbortController();
    const context = actionContext(folder, {
      signal: cancel.signal,
      onEvent: (event) => event.kind === "line" && cancel.abort(new Error("stopped")),
    });

    const run = runActions({ before: [{ cmd: "sleep 60 & echo $!; wait" }] }, "before", context);

    await expect(run).rejects.toThrow("stopped");
    expect(getEventListeners(cancel.signal, "abort")).toHaveLength(0);
  });

  it("does not wait for what has left the group of a command that was ended", async () => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    const context = actionContext(folder);
    const cmd = "setsid sh -c 'echo $$ > pid; exec sleep 20' & wait";

    const run = runActions({ before: [{ cmd, maxTotalSeconds: 1 }] }, "before", context);

    await expect(run).rejects.toMatchObject({ code: "ACTION_TIMED_OUT" });
    process.kill(Number(await readFile(join(folder, "pid"), "utf8")), "SIGKILL");
  });

  it("keeps a sensitive value out of the arguments of processes, and masks it in lines", async () => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    const context = actionContext(folder, { initial: { variables: new Map([["PW", variable(secret, true)]]) } });
    const cmd = 'tr "\\0" " " < /proc/$$/cmdline; echo; echo {{ .Variables.PW }} $0; false; echo never';

    const run = runActions({ before: [{ cmd, template: true }] }, "before", context);

    await expect(run).rejects.toThrow(/exit code 1/);
    await expect(run).rejects.not.toThrow(secret);
    expect(printedLines(context.events)).toEqual(['sh -e -c eval "$SKERRY_ACTION" ', "[sensitive] sh"]);
  });

  it("does not show what becomes a sensitive variable", async () => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    const context = actionContext(folder);
    const make: Action = { cmd: `echo ${secret}; echo note >&2`, setVariables: [{ name: "PW", sensitive: true }] };

    await runActions({ before: [make, { cmd: 'echo "pw=$ZARF_VAR_PW"' }] }, "before", context);

    expect(printedLines(context.events)).toEqual(["note", "pw=[sensitive]"]);
    expect(context.scope.now().variables.get("PW")).toMatchObject({ value: secret, isSensitive: true });
  });

  it("keeps a variable sensitive that an action sets anew", async () => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    const context = actionContext(folder, { initial: { variables: new Map([["PW", variable("old", true)]]) } });

    await runActions({ before: [{ cmd: "echo new", setVariables: [{ name: "PW" }] }] }, "before", context);

    expect(context.scope.now().variables.get("PW")).toMatchObject({ value: "new", isSensitive: true });
  });

  it("sets values from text, YAML and JSON", async () => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    const context = actionContext(folder, { initial: { values: { num: 0, str: { deep: "none" }, dynamic: {} } } });

    await runActions(
      {
        before: [
          { cmd: 'echo "{\\"n\\": 5, \\"s\\": \\"text\\"}"', setValues: [{ key: ".dynamic", type: "json" }] },
          { cmd: "echo 12", setValues: [{ key: ".num", type: "yaml" }] },
          { cmd: "echo 12", setValues: [{ key: ".str.deep" }] },
        ],
      },
      "before",
      context,
    );

    expect(context.scope.now().values).toEqual({ num: 12, str: { deep: "12" }, dynamic: { n: 5, s: "text" } });
  });

  it.each([
    [{ cmd: "echo '{'", setValues: [{ key: ".a", type: "json" }] }, "ACTION_FAILED"],
    [{ cmd: "echo 1", setValues: [{ key: ".num.below" }] }, "ACTION_FAILED"],
    [{ cmd: "kill -9 $$" }, "ACTION_FAILED"],
    [{ cmd: "true", shell: { linux: "no-such-shell", darwin: "no-such-shell" } }, "ACTION_SHELL_MISSING"],
    [{ cmd: "true", dir: "no/such/folder" }, "ACTION_SHELL_MISSING"],
    [{ cmd: "./zarf tools kubectl get pods" }, "ACTION_UNSUPPORTED"],
    [{ cmd: "head -c 17000000 /dev/zero", setVariables: [{ name: "BIG" }] }, "ACTION_OUTPUT_TOO_LARGE"],
    [{ wait: { cluster: { kind: "pod", name: "a" } } }, "ACTION_UNSUPPORTED"],
    [{ wait: { network: { protocol: "udp", address: "a:1" } } }, "ACTION_UNSUPPORTED"],
  ] as readonly (readonly [Action, string])[])("fails %j with %s", async (action, code) => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    const context = actionContext(folder, { initial: { values: { num: 0 } } });

    await expect(runActions({ before: [action] }, "before", context)).rejects.toMatchObject({ code });
  });

  it("gives commands no input, and joins their folder to ours", async () => {
    await using temporary = await temporaryFolder();
    const folder = temporary.path;
    const context = actionContext(folder);

    await runActions({ before: [{ cmd: "mkdir -p a/b; cat" }, { cmd: "pwd", dir: "/a/b" }] }, "before", context);

    expect(printedLines(context.events)).toEqual([
      join(spawnSync("realpath", [folder]).stdout.toString().trim(), "a/b"),
    ]);
  });
});

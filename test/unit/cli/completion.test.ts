import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { commands } from "../../../src/cli/commands.ts";
import { renderCompletion } from "../../../src/cli/completion.ts";
import { redactSecrets } from "../../../src/lib/errors/index.ts";

/** What bash offers after this line. */
function offered(line: string): readonly string[] {
  const words = line.split(" ");
  const script = `${renderCompletion("bash", commands)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_skerry; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync("bash", ["--norc", "-c", script], { encoding: "utf8", cwd: "/" });
  return output.split("\n").filter((word) => word !== "");
}

describe("renderCompletion()", () => {
  it("completes words", () => {
    expect(offered("skerry b")).toEqual(["bundle"]);
    expect(offered("skerry bundle ")).toEqual(["create", "verify", "inspect"]);
    expect(offered("skerry --state-dir /tmp lab ")).toEqual(["up", "down", "list", "fault", "exec"]);
  });

  it("completes the flags of the command", () => {
    expect(offered("skerry up --un")).toEqual(["--until"]);
    expect(offered("skerry nodes disks cp-1 --ra")).toEqual(["--rack"]);
    expect(offered("skerry version --dry")).toEqual([]);
  });

  it("completes files and folders where a flag wants them", () => {
    expect(offered("skerry up --state-dir us")).toContain("usr");
    expect(offered("skerry up --rack ")).toEqual([]);
  });

  it.each(["bash", "zsh", "fish"] as const)(
    "knows every command in %s, none that is hidden, and loses nothing at the sink",
    (shell) => {
      const script = renderCompletion(shell, commands);

      for (const command of commands.filter((each) => each.isHidden !== true)) {
        for (const word of command.words) expect(script).toContain(word);
      }
      expect(script).not.toContain("supervise");
      expect(redactSecrets(script)).toBe(script);
    },
  );
});

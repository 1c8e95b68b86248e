import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readRecording } from "../../../support/recordings/recorded.ts";
import { readZarfCommand } from "../../../support/recordings/zarf-command.ts";

const folder = "test/fixtures/zarf/expected/public";
const names = readdirSync(folder)
  .filter((name) => name.startsWith("deploy-") && name !== "deploy-external")
  .flatMap((name) => readdirSync(`${folder}/${name}`).map((file) => `${name}/${file.replace(/\.json$/, "")}`));

describe("readZarfCommand()", () => {
  it.each(names)("reads every command of %s", (name) => {
    for (const { args } of readRecording(name).steps) expect(readZarfCommand(args).verb).toBe(args[2]);
  });

  it("keeps commas apart from values, and an empty list of components from none", () => {
    const command = readZarfCommand([
      ...["zarf", "package", "deploy", ".in/a.tar.zst", "--confirm", "--timeout", "60s"],
      ...["--set-variables", "REPLICAS=3,TOKEN=a=b", "--components=-preset"],
    ]);

    expect(command).toMatchObject({
      operands: ["a.tar.zst"],
      variables: { REPLICAS: "3", TOKEN: "a=b" },
      components: ["-preset"],
      timeoutMs: 60_000,
    });
  });
});

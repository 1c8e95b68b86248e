import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  type ActionMoment,
  type ComponentActions,
  openZarfStandIn,
  runActions,
} from "../../../../src/deployer/actions/index.ts";
import {
  applyTextTemplate,
  loadFileValues,
  resolveVariables,
  templateValues,
} from "../../../../src/deployer/templates/index.ts";
import { actionContext, printedLines } from "../../../support/action-context.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { recordedFiles, recordedSteps } from "../../../support/zarf-recordings.ts";

interface Definition {
  readonly constants: readonly { readonly name: string; readonly value: string }[];
  readonly variables: readonly { readonly name: string; readonly default: string }[];
  readonly components: readonly { readonly name: string; readonly actions?: ComponentActions }[];
}

const source = "test/fixtures/zarf/public/actions/src";
const definition = parse(await readFile(`${source}/zarf.yaml`, "utf8")) as Definition;
const signal = new AbortController().signal;
const actionsNamed = (name: string): ComponentActions =>
  definition.components.find((component) => component.name === name)?.actions ?? {};

/** Deploys the set "actions" as far as its commands go, in a folder of its own. */
async function deployed<T>(work: (context: ReturnType<typeof actionContext>) => Promise<T>): Promise<T> {
  await using temporary = await temporaryFolder();
  const folder = join(temporary.path, "dep");
  await mkdir(folder);
  const { files } = recordedFiles("deploy-connected/actions.json");
  await writeFile(join(folder, "actions-file.txt"), files.get("actions-file.txt") ?? "");
  const zarf = await openZarfStandIn({ path: "" });
  const context = actionContext(folder, {
    zarf,
    // The addresses of the recording answered as they were asked to.
    network: { tcp: () => Promise.resolve(undefined), http: () => Promise.resolve(undefined) },
  });
  const { variables, constants } = await resolveVariables(
    { packageName: "actions", ...definition },
    { layers: [], engine: context.engine, signal },
  );
  context.scope.update((scope) => ({ ...scope, variables, constants }));
  try {
    return await work(context);
  } finally {
    await zarf.close();
  }
}

async function run(context: ReturnType<typeof actionContext>, name: string, ...moments: ActionMoment[]): Promise<void> {
  for (const moment of moments) await runActions(actionsNamed(name).onDeploy ?? {}, moment, context);
}

describe("runActions(), as Zarf's recording of the set actions", () => {
  it("writes what Zarf's run wrote, and prints what it printed", async () => {
    const { files } = recordedFiles("deploy-connected/actions.json");

    await deployed(async (context) => {
      const { folder, events } = context;
      await run(context, "deploy-side", "before");
      const values = templateValues(context.scope.now(), new Map());
      const loaded = await loadFileValues(values, { folder, signal });
      const template = applyTextTemplate(await readFile(`${source}/template.txt`, "utf8"), loaded);
      await run(context, "deploy-side", "after", "onSuccess");
      await run(context, "same-dir", "before");

      expect(template).toBe(files.get("actions-template.txt")?.toString());
      for (const name of ["actions-result.txt", "attempts.txt", "sub/where.txt"])
        expect(await readFile(join(folder, name), "utf8")).toBe(files.get(name)?.toString());
      const printed = recordedSteps("deploy-connected/actions.json")[0]?.stdout ?? "";
      const recorded = printed
        .slice(printed.indexOf("greeting=hello"), printed.lastIndexOf("script-before"))
        .split("\n");
      // That command sets a sensitive variable: ours does not show its output.
      const shown = recorded.filter((line) => line !== "  trimmed  " && line !== "");
      expect(printedLines(events).filter((line) => line !== "")).toEqual(shown);
    });
  });

  it("tries as often as Zarf, then says how it ended", async () => {
    await deployed(async (context) => {
      const failure = run(context, "fails", "before");

      await expect(failure).rejects.toMatchObject({ code: "ACTION_FAILED" });
      await expect(failure).rejects.toThrow(/2 attempts.*exit code 7/);
      expect(printedLines(context.events)).toEqual(["about to fail", "about to fail"]);
    });
  });

  it("counts output that does not match as a failure, and sets nothing", async () => {
    await deployed(async (context) => {
      await expect(run(context, "bad-pattern", "before")).rejects.toMatchObject({ code: "ACTION_FAILED" });

      expect(context.scope.now().variables.has("NUM")).toBe(false);
    });
  });
});

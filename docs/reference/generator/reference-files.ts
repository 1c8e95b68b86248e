import { join } from "node:path";
import { bundleJsonSchema } from "../../../src/bundle/index.ts";
import type { JsonValue } from "../../../src/lib/json.ts";
import { siteJsonSchema } from "../../../src/site/index.ts";
import { bundlePage } from "./bundle-page.ts";
import { commandsPage } from "./commands-page.ts";
import { editorSchema } from "./editor-schema.ts";
import { errorsPage } from "./errors-page.ts";
import { eventsPage } from "./events-page.ts";
import { filesPage } from "./files-page.ts";
import { indexPage } from "./index-page.ts";
import { machineConfigsPage, readBuiltIns } from "./machine-configs-page.ts";
import { sitePage } from "./site-page.ts";
import { zarfPage } from "./zarf-page.ts";

const root = join(import.meta.dirname, "../../..");

/** Everything that is written into docs/reference: file name → content. The same code always gives the same bytes. */
export async function referenceFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["README.md", indexPage()],
    ["commands.md", commandsPage()],
    ["site.md", sitePage()],
    ["site.schema.json", json(siteJsonSchema())],
    ["bundle.md", bundlePage()],
    ["bundle.schema.json", json(bundleJsonSchema())],
    ["machine-configs.md", machineConfigsPage(await readBuiltIns(join(root, "machineconfigs")))],
    ["files.md", filesPage()],
    ["events.md", eventsPage()],
    ["errors.md", errorsPage()],
    ["zarf-compatibility.md", zarfPage()],
  ]);
}

function json(schema: JsonValue): string {
  return `${JSON.stringify(editorSchema(schema), undefined, 2)}\n`;
}

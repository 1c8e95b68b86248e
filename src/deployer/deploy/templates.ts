import type { ComponentDefinition } from "../package/definition.ts";
import { zarfJson } from "../package/zarf-json.ts";
import {
  applyGoTemplate,
  applyTextTemplate,
  type LoadedValues,
  loadFileValues,
  type Scope,
  templateValues,
} from "../templates/index.ts";
import { builtInsFor } from "./built-ins.ts";
import type { Run } from "./run.ts";

interface Call {
  readonly signal: AbortSignal;
}

/** The templates of a component's files, with what is known at the moment. */
export interface ComponentTemplates {
  readonly scope: () => Scope;
  /** Of text templates, files of variables read. */
  readonly values: (call: Call) => Promise<LoadedValues>;
  /** `###ZARF_…###` */
  readonly text: (text: string, call: Call) => Promise<string>;
  /** Go's, where an item asks for it. */
  readonly go: (file: string, text: string, call: Call) => Promise<string>;
}

export function componentTemplates(run: Run, component: ComponentDefinition): ComponentTemplates {
  const { scope, workplace, engine, site, marker, definition } = run;
  const { values: builtIns, state } = builtInsFor(component, {
    state: site?.state,
    isInCluster: site !== undefined,
    marker,
  });
  const values = async ({ signal }: Call) =>
    await (workplace.loadFiles ?? loadFileValues)(templateValues(scope.now(), builtIns), {
      folder: workplace.folder,
      signal,
    });
  return {
    scope: scope.now,
    values,
    text: async (text, call) => applyTextTemplate(text, await values(call)),
    go: async (name, text, call) => {
      const of = { scope: scope.now(), state, builtIns, package: zarfJson(definition, { files: "stored" }) };
      return await applyGoTemplate(engine, { name, text, ...of }, call);
    },
  };
}

import type { ComponentDefinition } from "../package/definition.ts";
import { zarfJson } from "../package/zarf-json.ts";
import { applyGoTemplate, applyTextTemplate, loadFileValues, type Scope, templateValues } from "../templates/index.ts";
import { builtInsFor } from "./built-ins.ts";
import type { Run } from "./run.ts";

interface Call {
  readonly signal: AbortSignal;
}

/** The templates of a component's files, with what is known at the moment. */
export interface ComponentTemplates {
  readonly scope: () => Scope;
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
  return {
    scope: scope.now,
    text: async (text, { signal }) => {
      const values = templateValues(scope.now(), builtIns);
      return applyTextTemplate(text, await loadFileValues(values, { folder: workplace.folder, signal }));
    },
    go: async (name, text, call) => {
      const of = { scope: scope.now(), state, builtIns, package: zarfJson(definition, { files: "stored" }) };
      return await applyGoTemplate(engine, { name, text, ...of }, call);
    },
  };
}

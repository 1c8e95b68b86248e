import { z } from "zod";
import type { ObjectMaker } from "./object-maker.ts";
import { flag, maybe, text, texts, variableName, variableType, whole } from "./scalars.ts";

/** The commands and waits of a component. @see https://docs.zarf.dev/ref/actions/ (Zarf v0.84.0) */
export function actionSchemas(object: ObjectMaker) {
  const Shell = object({ windows: text, linux: text, darwin: text });
  const Wait = object({
    cluster: object({
      kind: z.string().default(""),
      name: z.string().default(""),
      namespace: text,
      condition: text,
    }).optional(),
    network: object({ protocol: z.string().default(""), address: z.string().default(""), code: whole }).optional(),
  });
  const Action = object({
    mute: maybe,
    maxTotalSeconds: whole,
    maxRetries: whole,
    dir: z.string().optional(),
    env: texts,
    cmd: text,
    shell: Shell.optional(),
    setVariable: text,
    setVariables: z
      .array(object({ name: variableName, sensitive: flag, autoIndent: flag, pattern: text, type: variableType }))
      .default([]),
    setValues: z
      .array(object({ key: text, value: z.json().optional(), type: z.enum(["yaml", "json", "string"]).optional() }))
      .default([]),
    description: text,
    wait: Wait.optional(),
    template: maybe,
  });
  const list = z.array(Action).default([]);
  const ActionSet = object({
    defaults: object({
      mute: flag,
      maxTotalSeconds: whole,
      maxRetries: whole,
      dir: text,
      env: texts,
      shell: Shell.prefault({}),
    }).prefault({}),
    before: list,
    after: list,
    onSuccess: list,
    onFailure: list,
  }).prefault({});
  return {
    actions: object({ onCreate: ActionSet, onDeploy: ActionSet, onRemove: ActionSet }).prefault({}),
    scripts: object({
      showOutput: flag,
      timeoutSeconds: whole,
      retry: flag,
      prepare: texts,
      before: texts,
      after: texts,
    }).prefault({}),
  };
}

import type { ActionDefinition, ActionSetDefinition, ComponentDefinition } from "../definition.ts";
import { fields, type JsonObject, some } from "./go-fields.ts";

function shellJson(shell: NonNullable<ActionDefinition["shell"]>): JsonObject {
  return fields({ windows: some(shell.windows), linux: some(shell.linux), darwin: some(shell.darwin) });
}

function waitJson({ cluster, network }: NonNullable<ActionDefinition["wait"]>): JsonObject {
  return fields({
    cluster:
      cluster === undefined
        ? undefined
        : fields({
            kind: cluster.kind,
            name: cluster.name,
            namespace: some(cluster.namespace),
            condition: some(cluster.condition),
          }),
    network:
      network === undefined
        ? undefined
        : fields({ protocol: network.protocol, address: network.address, code: some(network.code) }),
  });
}

function actionJson(action: ActionDefinition): JsonObject {
  return fields({
    mute: action.mute,
    maxTotalSeconds: action.maxTotalSeconds,
    maxRetries: action.maxRetries,
    dir: action.dir,
    env: some(action.env),
    cmd: some(action.cmd),
    shell: action.shell === undefined ? undefined : shellJson(action.shell),
    setVariable: some(action.setVariable),
    setVariables: some(
      action.setVariables.map(({ name, sensitive, autoIndent, pattern, type }) =>
        fields({
          name,
          sensitive: some(sensitive),
          autoIndent: some(autoIndent),
          pattern: some(pattern),
          type: some(type),
        }),
      ),
    ),
    setValues: some(
      action.setValues.map(({ key, value, type }) =>
        fields({ key: some(key), value: value ?? undefined, type: some(type) }),
      ),
    ),
    description: some(action.description),
    wait: action.wait === undefined ? undefined : waitJson(action.wait),
    template: action.template,
  });
}

function setJson({ defaults, before, after, onSuccess, onFailure }: ActionSetDefinition): JsonObject {
  return fields({
    defaults: fields({
      mute: some(defaults.mute),
      maxTotalSeconds: some(defaults.maxTotalSeconds),
      maxRetries: some(defaults.maxRetries),
      dir: some(defaults.dir),
      env: some(defaults.env),
      shell: shellJson(defaults.shell),
    }),
    before: some(before.map(actionJson)),
    after: some(after.map(actionJson)),
    onSuccess: some(onSuccess.map(actionJson)),
    onFailure: some(onFailure.map(actionJson)),
  });
}

export function actionsJson({ onCreate, onDeploy, onRemove }: ComponentDefinition["actions"]): JsonObject {
  return fields({ onCreate: setJson(onCreate), onDeploy: setJson(onDeploy), onRemove: setJson(onRemove) });
}

export function scriptsJson(scripts: ComponentDefinition["scripts"]): JsonObject {
  return fields({
    showOutput: some(scripts.showOutput),
    timeoutSeconds: some(scripts.timeoutSeconds),
    retry: some(scripts.retry),
    prepare: some(scripts.prepare),
    before: some(scripts.before),
    after: some(scripts.after),
  });
}

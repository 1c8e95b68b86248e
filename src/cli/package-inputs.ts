import { homedir } from "node:os";
import { resolve } from "node:path";
import type { DeploymentInputs } from "../journeys/index.ts";
import { packageQuestions } from "./ask-package.ts";
import { type ChosenSite, findBundle } from "./choose-site.ts";
import type { Call } from "./command.ts";
import { stateFilesOf } from "./state-files.ts";

/** What the flags of `deploy` say, for the package that was named. */
export async function packageInputs(call: Call, chosen: ChosenSite | undefined): Promise<DeploymentInputs> {
  const { flags, workingFolder, environment } = call;
  const { identityFileOf } = await import("../journeys/index.ts");
  const absolute = (file: string) => resolve(workingFolder, file);
  const asks = packageQuestions(call);
  return {
    named: call.args[0] ?? "",
    workingFolder,
    home: homedir(),
    environment,
    kubeconfigFile: flags.kubeconfig === undefined ? undefined : absolute(flags.kubeconfig),
    site: chosen === undefined ? undefined : await siteInputs(call, chosen),
    keyFiles: flags.key.map(absolute),
    allowUnsigned: flags.allowUnsigned,
    set: flags.set,
    secretsFile: flags.secretsFrom === undefined ? undefined : absolute(flags.secretsFrom),
    identityFile: identityFileOf(flags.identity, environment, workingFolder),
    valuesFiles: flags.values.map(absolute),
    setValues: flags.setValues,
    options: {
      ...(flags.components === undefined ? {} : { components: listOf(flags.components) }),
      ...(flags.namespace === undefined ? {} : { namespace: flags.namespace }),
      ...(flags.readyTimeoutMs === undefined ? {} : { timeoutMs: flags.readyTimeoutMs }),
      isConnected: flags.connected,
      takeOwnership: flags.takeOwnership,
      forceConflicts: flags.forceConflicts,
      prune: flags.prune,
    },
    ...asks,
    self: call.self,
  };
}

async function siteInputs(call: Call, chosen: ChosenSite): Promise<NonNullable<DeploymentInputs["site"]>> {
  return {
    siteFile: chosen.siteFile,
    bundleFile: await findBundle(call, chosen.bundleFolders),
    stateFolder: (await stateFilesOf(call, chosen)).folder,
  };
}

/** "a, b*,-c" */
export function listOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

import { join, resolve } from "node:path";
import { OperatorError } from "../../lib/errors/index.ts";
import { makeFolder, writeFileWhole } from "../../lib/files.ts";
import { chooseSite, findBundle } from "../choose-site.ts";
import type { Handler } from "../command.ts";
import { worldOf } from "../world.ts";

/** `skerry config render [NODE]` */
export const configRender: Handler = async (call) => {
  const { out, secrets } = call.flags;
  if (secrets && out === undefined) {
    throw new OperatorError(
      "USAGE_INVALID",
      "--secrets needs --out: secrets are written into files, never on a screen",
      {
        next: [`${call.typed} --out DIR   writes them there, readable by you only`],
      },
    );
  }
  const { siteFile, bundleFolders } = await chooseSite(call);
  const bundleFile = await findBundle(call, bundleFolders);
  const [node] = call.args;
  const journeys = await import("../../journeys/index.ts");
  const { configs } = await journeys.configRender(
    {
      siteFile,
      secrets,
      ...(bundleFile === undefined ? {} : { bundleFile }),
      ...(node === undefined ? {} : { node }),
    },
    worldOf(call),
  );
  if (out === undefined) {
    const text = configs.map((config) => `# ${config.node} (${config.role})\n${config.yaml.trimEnd()}`).join("\n---\n");
    return { exit: 0, text, document: { kind: "ConfigRenderResult", data: { configs } } };
  }
  const folder = resolve(call.workingFolder, out);
  await makeFolder(folder, { mode: 0o700 });
  const files: string[] = [];
  for (const config of configs) {
    const file = join(folder, `${config.node}.yaml`);
    await writeFileWhole(file, config.yaml, { mode: 0o600 });
    files.push(file);
  }
  const text = `Wrote ${files.length} machine configs into ${folder}${secrets ? ", secrets included" : ", without secrets"}.`;
  return { exit: 0, text, document: { kind: "ConfigRenderResult", data: { files } } };
};

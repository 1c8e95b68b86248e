import { stat } from "node:fs/promises";
import { join } from "node:path";
import { readTextFile } from "../../../lib/files.ts";
import { type DeployConfig, parseDeployConfig } from "../deploy-config.ts";

/** In this order, as Zarf looks for them. */
const names = ["zarf-config.json", "zarf-config.toml", "zarf-config.yaml", "zarf-config.yml"];

/**
 * The configuration file that Zarf would use: the one that `ZARF_CONFIG` names, else a `zarf-config` in the folder, else in
 * `~/.zarf`; undefined where there is none.
 *
 * @throws OperatorError FILE_UNREADABLE for one that is named and not there, PACKAGE_CONFIG_INVALID
 */
export async function findDeployConfig(where: {
  readonly folder: string;
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): Promise<DeployConfig | undefined> {
  const named = where.environment["ZARF_CONFIG"];
  if (named !== undefined && named !== "") return parseDeployConfig(await readTextFile(named), named);
  for (const folder of [where.folder, join(where.home, ".zarf")])
    for (const name of names) {
      const file = join(folder, name);
      if (await isFile(file)) return parseDeployConfig(await readTextFile(file), file);
    }
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

import manifest from "../../../package.json" with { type: "json" };
import type { Handler } from "../command.ts";

/** `skerry version` */
export const version: Handler = async () => {
  const data = {
    version: manifest.version,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
  };
  return {
    exit: 0,
    text: `skerry ${data.version} (node ${data.node}, ${data.platform})`,
    document: { kind: "Version", data },
  };
};

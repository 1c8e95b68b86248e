import type { Handler } from "../command.ts";

/** `skerry lab machine FOLDER NAME`, which a contained rack's supervisor starts for each of its machines. */
export const labMachine: Handler = async ({ args }) => {
  const lab = await import("../../lab/index.ts");
  const [folder = "", name = ""] = args;
  await lab.runContainedMachine(folder, name);
  return { exit: 0 };
};

import type { Handler } from "../command.ts";

/** `skerry lab supervise FOLDER`, which `lab up` starts; it owns a rack's machines until `lab down`. */
export const labSupervise: Handler = async ({ args, self, signal }) => {
  const lab = await import("../../lab/index.ts");
  await lab.superviseRack(args[0] ?? "", { signal, machine: [...self, "lab", "machine"] });
  return { exit: 0 };
};

import type { Handler } from "../command.ts";

/** `skerry lab delay TAP TAP MILLISECONDS`, which a contained rack's supervisor starts where the kernel cannot make packets late. */
export const labDelay: Handler = async ({ args }) => {
  const lab = await import("../../lab/index.ts");
  const [a = "", b = "", milliseconds = "0"] = args;
  await lab.relayLate(a, b, Number(milliseconds));
  return { exit: 0 };
};

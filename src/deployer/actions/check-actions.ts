import { isOperatorError, OperatorError, type Problem } from "../../lib/errors/index.ts";
import type { ActionOccasion } from "./action.ts";
import type { NetworkProbe } from "./action-context.ts";
import type { ListedAction } from "./actions-of.ts";
import { networkLook } from "./network-look.ts";
import { parseCondition } from "./wait-condition.ts";

/**
 * Refuses, before anything is run, what cannot be carried out: tools of `./zarf` that nothing stands in for, cluster waits
 * without a cluster, waits that say nothing or something unknown. What is only known once variables are filled in passes.
 *
 * @param options.tools - what is stood in for, as `availableTools` says it
 * @throws OperatorError ACTION_UNSUPPORTED listing every problem with its component
 */
export function checkActions(
  actions: readonly ListedAction[],
  options: { readonly occasion: ActionOccasion; readonly tools: ReadonlySet<string>; readonly hasCluster: boolean },
): void {
  const problems = actions
    .filter(({ occasion }) => occasion === options.occasion)
    .flatMap((action) => reasons(action, options).map((reason) => problem(action, reason)));
  if (problems.length === 0) return;
  throw new OperatorError(
    "ACTION_UNSUPPORTED",
    `actions of the package cannot be carried out: ${problems.map(({ message }) => message).join("; ")}`,
    {
      problems,
      next: ["skerry package inspect actions   shows every command", "leave the component out, if it is optional"],
    },
  );
}

const problem = ({ component, title }: ListedAction, reason: string): Problem => ({
  message: `component ${component}, "${title}": ${reason}`,
});

function reasons(
  action: ListedAction,
  { tools, hasCluster }: { readonly tools: ReadonlySet<string>; readonly hasCluster: boolean },
): readonly string[] {
  const missing = [...new Set(action.zarfTools)].filter((tool) => !tool.includes("…") && !tools.has(tool));
  const calls = missing.map((tool) => `nothing stands in for zarf ${tool} on this machine`);
  const { wait } = action;
  if (wait === undefined) return action.cmd === "" ? [...calls, "it runs nothing"] : calls;
  if (wait.cluster !== undefined) {
    const known = isFilledLater(wait.cluster.condition ?? "")
      ? []
      : caught(() => parseCondition(wait.cluster?.condition ?? ""));
    return [...(hasCluster ? [] : ["there is no cluster to look at"]), ...known];
  }
  const { network } = wait;
  if (network === undefined) return ["it says neither cluster nor network"];
  return isFilledLater(network.protocol) ? [] : caught(() => networkLook(network, noProbe));
}

const isFilledLater = (text: string): boolean =>
  text.includes("$ZARF_") || text.includes("${ZARF_") || text.includes("{{");

/** Never asked: only the wait's own words are looked at. */
const noProbe: NetworkProbe = { tcp: () => Promise.resolve(undefined), http: () => Promise.resolve(undefined) };

function caught(work: () => unknown): readonly string[] {
  try {
    work();
    return [];
  } catch (error) {
    if (isOperatorError(error, "ACTION_UNSUPPORTED")) return [error.message];
    throw error;
  }
}

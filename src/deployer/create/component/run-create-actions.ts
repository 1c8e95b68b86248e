import type { Clock } from "../../../lib/clock.ts";
import { localCommands } from "../../actions/edge/local-commands.ts";
import { localNetwork } from "../../actions/edge/local-network.ts";
import type { ActionEvent } from "../../actions/index.ts";
import { runActions } from "../../actions/run-actions.ts";
import type { ChartEngine } from "../../charts/engine/index.ts";
import { createLiveScope, emptyScope } from "../../templates/index.ts";
import type { RunCreateActions } from "./stage-context.ts";

/**
 * The commands of a package that run while it is made, in its folder: without variables, without a cluster.
 *
 * @throws OperatorError ACTION_…
 */
export function createActionRunner(ports: {
  readonly engine: Pick<ChartEngine, "goTemplate" | "matchesPattern">;
  readonly clock: Clock;
  readonly onEvent?: (component: string, event: ActionEvent) => void;
}): RunCreateActions {
  const scope = createLiveScope(emptyScope);
  return async (actions, moment, { folder, component, signal }) => {
    const onEvent = (event: ActionEvent) => ports.onEvent?.(component, event);
    await runActions(actions, moment, {
      scope,
      builtIns: new Map(),
      engine: ports.engine,
      folder,
      commands: localCommands(),
      network: localNetwork(),
      clock: ports.clock,
      signal,
      onEvent,
    });
  };
}

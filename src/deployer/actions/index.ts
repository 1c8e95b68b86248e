export type {
  Action,
  ActionDefaults,
  ActionMoment,
  ActionOccasion,
  ActionSet,
  ClusterWait,
  ComponentActions,
  NetworkWait,
  SetValue,
  SetVariable,
  Shell,
} from "./action.ts";
export type {
  ActionContext,
  ActionEvent,
  Command,
  CommandOutcome,
  CommandRunner,
  NetworkProbe,
  Platform,
  ZarfStandIn,
} from "./action-context.ts";
export type { ListedAction } from "./actions-of.ts";
export { actionsOf } from "./actions-of.ts";
export { checkActions } from "./check-actions.ts";
export { localCommands } from "./edge/local-commands.ts";
export { localNetwork } from "./edge/local-network.ts";
export type { StandInOptions } from "./edge/zarf-stand-in.ts";
export { availableTools, openZarfStandIn } from "./edge/zarf-stand-in.ts";
export { runActions } from "./run-actions.ts";
export { type WaitFor, waitFor } from "./wait-for.ts";

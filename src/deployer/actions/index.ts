export type {
  Action,
  ActionDefaults,
  ActionMoment,
  ActionOccasion,
  ActionSet,
  ClusterWait,
  ComponentActions,
  ComponentScripts,
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
} from "./action-context.ts";

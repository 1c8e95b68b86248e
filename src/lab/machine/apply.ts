import type { MessageInitShape } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { machinePb, RpcStatus } from "../../talos/api/index.ts";
import { checkConfig } from "../config-check/check.ts";
import { unifiedDiff } from "../config-check/unified-diff.ts";
import type { AppliedConfig } from "../interior.ts";
import { toApplied } from "./active-config.ts";
import type { Boot } from "./boot.ts";
import { publishConfigText } from "./config-resources.ts";
import { needsReboot } from "./hot-paths.ts";
import { adminOnly } from "./roles.ts";
import { goDurationText } from "./time-sync.ts";

const { ApplyConfigurationRequest_Mode: Mode } = machinePb;
type ModeNumber = machinePb.ApplyConfigurationRequest_Mode;
type Answer = MessageInitShape<typeof machinePb.ApplyConfigurationResponseSchema>;

/** How long a real node works on one call; a second one in that time is refused. */
const APPLY_MS = 20;
const DEFAULT_TRY_MS = 60_000;

/** What outlives one call: the lock and a pending way back. */
export interface ApplyState {
  busy: boolean;
  undo: AbortController | undefined;
}

export function createApplyState(): ApplyState {
  return { busy: false, undo: undefined };
}

interface Caller {
  readonly access: "maintenance" | "configured";
  readonly roles: readonly string[];
}

/** ApplyConfiguration in all modes, in maintenance and on a configured node. @throws RpcStatus */
export async function applyConfiguration(
  boot: Boot,
  state: ApplyState,
  request: machinePb.ApplyConfigurationRequest,
  { access, roles }: Caller,
): Promise<Answer> {
  if (access === "configured") adminOnly(roles);
  // Any later call keeps what was tried, even one that is refused (recorded from 1.13.9).
  if (request.mode !== Mode.TRY) {
    state.undo?.abort();
    state.undo = undefined;
  }
  if (request.dryRun) return decide(boot, request).dryRun();
  if (state.busy) throw new RpcStatus(status.FAILED_PRECONDITION, "another apply configuration is already in progress");
  if (boot.isEnding)
    throw new RpcStatus(
      status.FAILED_PRECONDITION,
      "configuration was already applied and node is rebooting, cannot apply more configuration changes until next reboot",
    );
  state.busy = true;
  try {
    const decision = decide(boot, request);
    await boot.ports.options.clock.sleep(APPLY_MS, { signal: boot.signal });
    return decision.apply(state);
  } finally {
    state.busy = false;
  }
}

interface Decision {
  readonly dryRun: () => Answer;
  readonly apply: (state: ApplyState) => Answer;
}

function decide(boot: Boot, request: machinePb.ApplyConfigurationRequest): Decision {
  const text = Buffer.from(request.data).toString("utf8");
  const installed = boot.ports.options.interior.installedDisk() !== undefined;
  const checked = checkConfig(text, { installed });
  if (checked.refused !== undefined) throw new RpcStatus(status.INVALID_ARGUMENT, checked.refused);
  const { v1alpha1, documents, warnings } = checked;
  if (boot.config.whole !== undefined && v1alpha1 === undefined)
    throw new RpcStatus(
      status.INVALID_ARGUMENT,
      "the applied machine configuration doesn't contain v1alpha1 config, did you mean to patch the machine config instead?",
    );
  const config = v1alpha1 === undefined ? undefined : toApplied(text, v1alpha1, documents);
  const diff = unifiedDiff(comparable(boot.config.text), comparable(text));
  const { mode, why } = chooseMode(boot, request.mode, config, diff);
  const summary = ACTIONS[mode] ?? ACTIONS[Mode.REBOOT];

  return {
    dryRun: () => ({
      messages: [
        {
          mode,
          modeDetails: `Dry run summary:\n${summary} (skipped in dry-run).\nConfig diff:\n\n${diff === "" ? "No changes." : diff}`,
        },
      ],
    }),
    apply: (state) => {
      const tryMs = tryTimeoutMs(request);
      take(boot, state, { mode, text, documents, config, tryMs });
      const details =
        mode === Mode.TRY
          ? `${summary}\nThe config is applied in 'try' mode and will be automatically reverted back in ${goDurationText(tryMs)}`
          : `${summary}${why}`;
      return { messages: [{ mode, warnings: [...warnings], modeDetails: details }] };
    },
  };
}

const IMMEDIATE = "Applied configuration without a reboot";
const ACTIONS: Readonly<Record<number, string>> = {
  [Mode.REBOOT]: "Applied configuration with a reboot",
  [Mode.NO_REBOOT]: IMMEDIATE,
  [Mode.STAGED]: "Staged configuration to be applied after the next reboot",
  [Mode.TRY]: IMMEDIATE,
};

function chooseMode(
  boot: Boot,
  asked: ModeNumber,
  config: AppliedConfig | undefined,
  diff: string,
): { readonly mode: ModeNumber; readonly why: string } {
  const isKnown = Object.values(Mode).includes(asked as never);
  if (boot.config.whole === undefined || config === undefined) {
    const mode = asked === Mode.REBOOT || asked === Mode.AUTO ? Mode.NO_REBOOT : asked;
    return { mode, why: "" };
  }
  const isCold = isKnown && needsReboot(boot.config.whole.v1alpha1, config.v1alpha1);
  const why = `this config change can't be applied in immediate mode\ndiff:\n${diff}`;
  if (isCold && (asked === Mode.NO_REBOOT || asked === Mode.TRY)) throw new RpcStatus(status.INVALID_ARGUMENT, why);
  if (asked !== Mode.AUTO) return { mode: asked, why: "" };
  return isCold ? { mode: Mode.REBOOT, why: `: ${why}` } : { mode: Mode.NO_REBOOT, why: "" };
}

interface Taken {
  readonly mode: ModeNumber;
  readonly text: string;
  readonly documents: AppliedConfig["documents"];
  readonly config: AppliedConfig | undefined;
  readonly tryMs: number;
}

function take(boot: Boot, state: ApplyState, { mode, text, documents, config, tryMs }: Taken): void {
  const { interior } = boot.ports.options;
  const persist = () => {
    if (interior.installedDisk() !== undefined && config !== undefined) interior.persistConfig(text);
  };
  switch (mode) {
    case Mode.NO_REBOOT:
      persist();
      if (config === undefined) boot.adoptPartial(text, documents);
      else boot.adopt(config, { persistent: true });
      return;
    case Mode.TRY:
      tryFor(boot, state, { text, documents, config, tryMs });
      return;
    case Mode.STAGED:
      persist();
      if (boot.config.whole !== undefined) publishConfigText(boot.resources, "persistent", text);
      return;
    case Mode.REBOOT:
      persist();
      boot.end("reboot");
      return;
    default:
      throw new RpcStatus(status.UNKNOWN, `incorrect mode '${mode}' specified for the apply config call`);
  }
}

/** Puts a config in force and the former one back when the time is over and nobody applied anything since. */
function tryFor(boot: Boot, state: ApplyState, { text, documents, config, tryMs }: Omit<Taken, "mode">): void {
  const [before, beforeText] = [boot.config.whole, boot.config.text];
  const beforePartial = boot.config.partialDocuments;
  state.undo?.abort();
  const undo = new AbortController();
  state.undo = undo;
  if (config === undefined) boot.adoptPartial(text, documents);
  else boot.adopt(config, { persistent: false });
  const signal = AbortSignal.any([undo.signal, boot.signal]);
  boot.ports.options.clock.sleep(tryMs, { signal }).then(
    () => {
      if (before !== undefined) boot.adopt(before, { persistent: false });
      else if (config === undefined) boot.adoptPartial(beforeText, beforePartial);
      // Nothing to go back to: the node keeps no API at all, as a real one.
      else boot.ports.listener.kill();
    },
    () => undefined,
  );
}

function tryTimeoutMs({ tryModeTimeout }: machinePb.ApplyConfigurationRequest): number {
  if (tryModeTimeout === undefined) return DEFAULT_TRY_MS;
  return Number(tryModeTimeout.seconds) * 1000 + tryModeTimeout.nanos / 1_000_000;
}

/** Talos compares configs as it writes them: without comments, byte order mark and carriage returns. */
function comparable(text: string): string {
  return text
    .replace(/^\uFEFF/, "")
    .replaceAll("\r\n", "\n")
    .replace(/^[ \t]*#.*\n/gm, "");
}

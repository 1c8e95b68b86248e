import type { MessageInitShape } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { OperatorError } from "../../lib/errors/index.ts";
import { type NodeEvent, toNodeEvent } from "./events.ts";
import {
  type ApplyConfigurationRequestSchema,
  MachineService,
  ApplyConfigurationRequest_Mode as Mode,
} from "./gen/machine/machine_pb.ts";
import { kubeconfigFrom } from "./kubeconfig.ts";
import type { CallOptions, TalosTransport } from "./transport.ts";

export type ApplyMode = "auto" | "no-reboot" | "reboot" | "staged" | "try";

const modes: Readonly<Record<ApplyMode, Mode>> = {
  auto: Mode.AUTO,
  "no-reboot": Mode.NO_REBOOT,
  reboot: Mode.REBOOT,
  staged: Mode.STAGED,
  try: Mode.TRY,
};

export interface ApplyRequest {
  /** All documents, as YAML. */
  readonly config: string | Uint8Array;
  /** default "auto". "reboot" is refused from 1.14 on. */
  readonly mode?: ApplyMode;
  /** Validates and describes the change; nothing is written. */
  readonly dryRun?: boolean;
  /** For "try": when the old config comes back; default one minute. */
  readonly tryTimeoutMs?: number;
  /** Takes the secrets out of Talos' own words, which may hold whole configs. */
  readonly redact: (text: string) => string;
}

export interface ApplyAnswer {
  /** What Talos did, which for "auto" is one of the others. */
  readonly mode: ApplyMode;
  readonly warnings: readonly string[];
  /** Talos' explanation, redacted; a diff on a dry run. */
  readonly details: string;
}

export interface NodeVersion {
  /** `v1.13.9` */
  readonly tag: string;
  readonly arch: string;
  /** `metal`, `container`, … */
  readonly platform: string;
}

export interface NodeService {
  readonly id: string;
  /** Initialized, Starting, Preparing, Waiting, Running, Stopping, Finished, Failed, Skipped. */
  readonly state: string;
  /** undefined until the first health check. */
  readonly healthy: boolean | undefined;
  readonly lastMessage: string;
}

export interface EtcdMember {
  readonly id: bigint;
  readonly hostname: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface MachineCalls {
  readonly version: (options: CallOptions) => Promise<NodeVersion>;
  /** Safe to repeat, but Talos does not notice that nothing changed. @throws TALOS_CONFIG_REJECTED, NODE_BUSY */
  readonly applyConfiguration: (request: ApplyRequest, options: CallOptions) => Promise<ApplyAnswer>;
  /**
   * Starts a new etcd cluster. Once in the life of a cluster: on a second control plane it makes a second cluster.
   * "already" means that etcd has data here; that this is the right data, only the members can tell.
   */
  readonly bootstrap: (options: CallOptions) => Promise<"accepted" | "already">;
  /** Hangs to its deadline while etcd is not up. */
  readonly etcdMembers: (options: CallOptions) => Promise<readonly EtcdMember[]>;
  readonly services: (options: CallOptions) => Promise<readonly NodeService[]>;
  /** The admin kubeconfig as YAML; from the config alone, so before the API server is up. */
  readonly kubeconfig: (options: CallOptions) => Promise<string>;
  /**
   * What happens from now on. The first event is `hello`: whoever wants to see an action's events waits for it before acting.
   * An open stream keeps the old API listener of a node alive for 10 s when it changes identity.
   *
   * @param options.tail - events of the past: how many, or "all" that are buffered; default none
   */
  readonly events: (options: CallOptions & { readonly tail?: number | "all" }) => AsyncIterable<NodeEvent>;
  /** The log of a service (`machined`, `kubelet`, …) as Talos keeps it. */
  readonly logs: (
    service: string,
    options: CallOptions & { readonly follow?: boolean; readonly tailLines?: number },
  ) => AsyncIterable<Uint8Array>;
  /** The kernel's log up to now, a line each `facility: priority: [time]: message`; installers write into it. */
  readonly kernelLog: (options: CallOptions) => AsyncIterable<Uint8Array>;
  /**
   * The node's clock, from the line that machined logs about this very call: there is no call for it that works without
   * a time server. undefined when the line has no time.
   */
  readonly clock: (options: CallOptions) => Promise<Date | undefined>;
}

export function machineCalls(node: string, transport: TalosTransport): MachineCalls {
  const service = MachineService.method;

  const logs: MachineCalls["logs"] = async function* (id, { follow = false, tailLines = -1, ...options }) {
    const request = { namespace: "system", id, follow, tailLines };
    for await (const data of transport.serverStream(service.logs, request, options)) yield data.bytes;
  };

  return {
    version: async (options) => {
      const message = only(node, (await transport.unary(service.version, {}, options)).messages);
      return {
        tag: message.version?.tag ?? "",
        arch: message.version?.arch ?? "",
        platform: message.platform?.name ?? "",
      };
    },

    applyConfiguration: async (request, options) => {
      const refused = (code: status, details: string) =>
        code === status.INVALID_ARGUMENT
          ? new OperatorError(
              "TALOS_CONFIG_REJECTED",
              `${node} refused its machine config: ${request.redact(details)}`,
              {
                where: { node },
                next: ["skerry config render   shows what was sent", "skerry nodes disks   lists the disks of a node"],
              },
            )
          : undefined;
      const answer = await transport.unary(service.applyConfiguration, applyRequest(request), { ...options, refused });
      const message = only(node, answer.messages);
      const mode = (Object.keys(modes) as ApplyMode[]).find((name) => modes[name] === message.mode) ?? "auto";
      return { mode, warnings: message.warnings, details: request.redact(message.modeDetails) };
    },

    bootstrap: async (options) => {
      const already = new Error("already bootstrapped");
      const refused = (code: status) => (code === status.ALREADY_EXISTS ? already : undefined);
      try {
        await transport.unary(service.bootstrap, {}, { ...options, refused });
        return "accepted";
      } catch (error) {
        if (error === already) return "already";
        throw error;
      }
    },

    etcdMembers: async (options) => {
      const answer = await transport.unary(service.etcdMemberList, {}, options);
      return only(node, answer.messages).members.map(({ id, hostname, peerUrls, clientUrls, isLearner }) => ({
        id,
        hostname,
        peerUrls,
        clientUrls,
        isLearner,
      }));
    },

    services: async (options) => {
      const answer = await transport.unary(service.serviceList, {}, options);
      return only(node, answer.messages).services.map(({ id, state, health }) => ({
        id,
        state,
        healthy: health === undefined || health.unknown ? undefined : health.healthy,
        lastMessage: health?.lastMessage ?? "",
      }));
    },

    kubeconfig: (options) =>
      kubeconfigFrom(node, transport.serverStream(service.kubeconfig, {}, { deadlineMs: 10_000, ...options })),

    events: async function* ({ tail = 0, ...options }) {
      const request = { tailEvents: tail === "all" ? -1 : tail };
      for await (const event of transport.serverStream(service.events, request, options)) {
        const known = toNodeEvent(event);
        if (known !== undefined) yield known;
      }
    },

    logs,

    kernelLog: async function* (options) {
      const request = { follow: false, tail: false };
      for await (const data of transport.serverStream(service.dmesg, request, options)) yield data.bytes;
    },

    clock: async (options) => {
      let text = "";
      const bounded = { deadlineMs: 10_000, ...options, tailLines: 1 };
      for await (const bytes of logs("machined", bounded)) text += Buffer.from(bytes).toString("utf8");
      const time = text.trimEnd().split("\n").at(-1)?.match(LOG_TIME)?.groups;
      return time === undefined ? undefined : new Date(`${time["day"]?.replaceAll("/", "-")}T${time["time"]}Z`);
    },
  };
}

/** `2026/11/22 13:26:47.893556 machined/…`, in UTC. */
const LOG_TIME = /^(?<day>\d{4}\/\d\d\/\d\d) (?<time>\d\d:\d\d:\d\d\.\d{3})/;

function applyRequest({
  config,
  mode = "auto",
  dryRun = false,
  tryTimeoutMs,
}: ApplyRequest): MessageInitShape<typeof ApplyConfigurationRequestSchema> {
  return {
    data: typeof config === "string" ? Buffer.from(config) : config,
    mode: modes[mode],
    dryRun,
    ...(tryTimeoutMs !== undefined && {
      tryModeTimeout: { seconds: BigInt(Math.trunc(tryTimeoutMs / 1000)), nanos: (tryTimeoutMs % 1000) * 1_000_000 },
    }),
  };
}

/** The one message of a direct call; apid hides a failure inside it when it fanned a call out, which ours never are. */
function only<T extends { readonly metadata?: { readonly error: string } | undefined }>(
  node: string,
  messages: readonly T[],
): T {
  const [message] = messages;
  const failure = message?.metadata?.error ?? "";
  if (message !== undefined && messages.length === 1 && failure === "") return message;
  throw new OperatorError(
    "NODE_ANSWER_INVALID",
    failure === "" ? `${node} answered with ${messages.length} messages where one was expected` : `${node}: ${failure}`,
    { where: { node }, retry: "later" },
  );
}

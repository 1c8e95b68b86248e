import { parseArgs } from "node:util";
import type { WaitForRequest } from "../journeys/index.ts";
import { OperatorError } from "../lib/errors/index.ts";
import { parseDurationMs } from "./quantities.ts";

type Wait = WaitForRequest["wait"];

export const waitUsage = [
  "skerry tools wait-for resource KIND [NAME | SELECTOR] [CONDITION] [-n NAMESPACE] [--timeout 5m]",
  "skerry tools wait-for network PROTOCOL ADDRESS [CODE] [--timeout 5m]",
  "skerry tools wait-for KIND|PROTOCOL [NAME|ADDRESS] [CONDITION|CODE]   the older form",
];

/** Flags of Zarf's that change nothing of a wait; Zarf 0.84 checks certificates with `--insecure-skip-tls-verify` as well. */
const withoutEffect = {
  architecture: { type: "string", short: "a" },
  cache: { type: "string" },
  features: { type: "string" },
  "insecure-skip-tls-verify": { type: "boolean" },
  "log-format": { type: "string" },
  "log-level": { type: "string", short: "l" },
  "no-color": { type: "boolean" },
  "plain-http": { type: "boolean" },
  tmpdir: { type: "string" },
} as const;

/**
 * What `zarf tools wait-for` of Zarf v0.84.0 is given, in any of its forms. The older form waits until a resource exists, `resource`
 * until it is what its spec asks for.
 *
 * @returns undefined where help is wanted
 * @throws OperatorError USAGE_INVALID
 * @see https://docs.zarf.dev/commands/zarf_tools_wait-for/
 */
export function parseWaitArguments(
  args: readonly string[],
): { readonly wait: Wait; readonly timeoutMs: number } | undefined {
  const { words, namespace, timeout, wantsHelp } = split(args);
  if (wantsHelp) return undefined;
  const timeoutMs = parseDurationMs(timeout);
  if (timeoutMs === undefined) throw invalid(`--timeout ${timeout}: give a duration such as 90s, 5m or 1h30m`);
  const [form = "", ...rest] = words;
  if (form === "network") {
    if (namespace !== undefined) throw invalid("a wait for the network has no namespace");
    return { wait: networkWait(counted(rest, 2, "network takes PROTOCOL ADDRESS [CODE]")), timeoutMs };
  }
  if (form === "resource")
    return {
      wait: clusterWait(counted(rest, 1, "resource takes KIND [NAME] [CONDITION]"), namespace, "ready"),
      timeoutMs,
    };
  const all = counted(words, 1, "give KIND NAME [CONDITION] or PROTOCOL ADDRESS [CODE]");
  const wait = /^(?:tcp|https?)$/.test(form) ? networkWait(all) : clusterWait(all, namespace, "exists");
  return { wait, timeoutMs };
}

function split(args: readonly string[]): {
  readonly words: readonly string[];
  readonly namespace: string | undefined;
  readonly timeout: string;
  readonly wantsHelp: boolean;
} {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...withoutEffect,
        namespace: { type: "string", short: "n" },
        timeout: { type: "string", default: "5m" },
        help: { type: "boolean", short: "h" },
      },
    });
    // Of "-n=web" Go takes the sign away.
    const namespace = values.namespace?.replace(/^=/, "");
    return { words: positionals, namespace, timeout: values.timeout, wantsHelp: values.help === true };
  } catch (error) {
    const [first = ""] = (error as Error).message.split(/[.\n]/);
    throw invalid(first);
  }
}

function counted(words: readonly string[], least: number, message: string): readonly string[] {
  if (words.length < least || words.length > 3) throw invalid(message);
  return words;
}

function clusterWait(words: readonly string[], namespace: string | undefined, unsaid: "exists" | "ready"): Wait {
  const [kind = "", name = "", condition = ""] = words;
  return { cluster: { kind, name, condition, ...(namespace === undefined ? {} : { namespace }) }, unsaid };
}

function networkWait([protocol = "", address = "", code = ""]: readonly string[]): Wait {
  if (address === "") throw invalid(`where is ${protocol} to be asked? Give an address such as localhost:8080`);
  if (protocol === "tcp") return { network: { protocol, address } };
  if (code === "" || code.toLowerCase() === "success") return { network: { protocol, address, code: "success" } };
  if (!/^[1-5]\d\d$/.test(code)) throw invalid(`${code} is no HTTP status`);
  return { network: { protocol, address, code: Number(code) } };
}

function invalid(message: string): OperatorError {
  return new OperatorError("USAGE_INVALID", `skerry tools wait-for: ${message}`, { next: waitUsage });
}

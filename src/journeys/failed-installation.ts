import type { Clock } from "../lib/clock.ts";
import { isOperatorError, OperatorError, stripControls } from "../lib/errors/index.ts";
import { matchDisks, type SiteNode } from "../site/index.ts";
import type { NodeClient } from "../talos/api/index.ts";
import { imagesOf } from "../talos/config/index.ts";
import { describeDisk, readDisks } from "./node-disks.ts";
import { withAdmin } from "./node-sights.ts";
import { redactAnswer } from "./redact-answer.ts";
import { remembered, type UpContext } from "./up/context.ts";

/** Past events come at once, but nothing marks their end. */
const LISTEN_MS = 1000;
/** How far back is looked; a machine whose installation failed rests, so little follows. */
const PAST_EVENTS = 200;
const READ_MS = 5000;
const QUOTED_LINES = 6;
const QUOTED_CHARACTERS = 300;
/** Of the kernel's log: its end is what is quoted. */
const KEPT_CHARACTERS = 32_768;

/**
 * Why the installation failed that this machine says it is at. Talos tells it in its events, then rests for 35 minutes with its API open
 * and its stage unchanged; what the installer itself wrote is in the kernel's log.
 *
 * @returns undefined while the installation goes on, and where the machine does not answer
 */
export async function failedInstallation(
  context: UpContext,
  node: SiteNode,
  { signal }: { readonly signal: AbortSignal },
): Promise<OperatorError | undefined> {
  const keys = remembered(context, "keys");
  const redact = redactAnswer(keys);
  const quote = (text: string) => shorten(stripControls(redact(text)).replace(/\s+/g, " ").trim());
  return await withAdmin(node, keys, context.ports, async (client) => {
    const reason = await installError(client, context.world.clock, signal);
    if (reason === undefined) return undefined;
    const lines = await orNone(kernelLines(client, signal), signal);
    const image = imageIn(remembered(context, "configs").get(node.name) ?? "");
    const disks = matchDisks(node.disk, await orNone(readDisks(client, { signal }), signal));
    const disk = disks.map(describeDisk).join(" or ") || "its disk";
    return new OperatorError(
      "NODE_INSTALL_FAILED",
      `${node.name} cannot install ${image} on ${disk}; it says: ${quote(reason)}`,
      {
        where: { node: node.name },
        problems: lines.slice(-QUOTED_LINES).map((line) => ({ message: `its log: ${quote(line)}` })),
        next: [
          `skerry nodes disks ${node.name}   is the disk still what site.yaml says?`,
          "mend what its words point at: the disk, or the installer's image in the bundle",
          `switch ${node.name} off and on: it comes back in maintenance`,
          "skerry up   shows the disk that is erased, and gives it its config again",
        ],
        retry: "later",
      },
    );
  });
}

/** The error that the install sequence ended with, in the words of the machine. */
async function installError(client: NodeClient, clock: Clock, signal: AbortSignal): Promise<string | undefined> {
  const enough = new AbortController();
  const done = new AbortController();
  const alarm = clock.sleep(LISTEN_MS, { signal: done.signal }).then(
    () => enough.abort(new Error("listened long enough")),
    () => undefined,
  );
  try {
    const events = client.events({ tail: PAST_EVENTS, signal: AbortSignal.any([signal, enough.signal]) });
    for await (const event of events) {
      if (event.kind === "sequence" && event.sequence === "install" && event.error !== undefined) return event.error;
    }
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (enough.signal.aborted || isOperatorError(error)) return undefined;
    throw error;
  } finally {
    done.abort();
    await alarm;
  }
}

/** The last lines of the kernel's log, without facility and time. */
async function kernelLines(client: NodeClient, signal: AbortSignal): Promise<readonly string[]> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of client.kernelLog({ signal, deadlineMs: READ_MS }))
    text = `${text}${decoder.decode(bytes, { stream: true })}`.slice(-KEPT_CHARACTERS);
  const lines = text.split("\n").map((line) => line.replace(/^\S+:\s+\S+: \[[^\]]*\]: /, ""));
  return lines.filter((line) => line.trim() !== "");
}

/** What adds to an answer must not stand in its way. */
async function orNone<T>(list: Promise<readonly T[]>, signal: AbortSignal): Promise<readonly T[]> {
  try {
    return await list;
  } catch (error) {
    signal.throwIfAborted();
    if (isOperatorError(error)) return [];
    throw error;
  }
}

/** The installer's image, as the config names it. */
function imageIn(config: string): string {
  return imagesOf(config).find(({ at }) => /install/i.test(at))?.reference ?? "Talos";
}

function shorten(text: string): string {
  return text.length <= QUOTED_CHARACTERS ? text : `${text.slice(0, QUOTED_CHARACTERS)}…`;
}

import { isOperatorError, OperatorError } from "../../lib/errors/index.ts";
import { controlPlanesOf, type SiteNode } from "../../site/index.ts";
import { bootOf } from "../boot-of.ts";
import {
  type BootstrapRecord,
  bootstrapRecordFile,
  readBootstrapRecord,
  writeBootstrapRecord,
} from "../bootstrap-record.ts";
import { type ConditionState, definePhase, type StepOptions, type Wave } from "../engine/index.ts";
import { type EtcdSight, lookAtEtcd } from "../etcd-sight.ts";
import { withAdmin } from "../node-sights.ts";
import { remembered, type UpContext } from "../up/context.ts";
import { nextAtNode } from "../up/next-steps.ts";
import { waitsMs } from "../up/waits.ts";
import { whileItPulls } from "../up/while-mirror-serves.ts";

interface Facts {
  readonly etcd: readonly EtcdSight[];
  readonly record: BootstrapRecord | undefined;
}

/** The boot of the machine that this run told to bootstrap. */
interface Told {
  boot: string | undefined;
}

/**
 * Until etcd has written data Talos answers every repeat with OK and restarts etcd, and a badly timed one leaves etcd stopped for good
 * (seen on 1.13.9). A call that was answered is therefore repeated only after etcd was watched doing nothing for this long.
 */
const REPEAT_AFTER_MS = 60_000;
const WATCH_EVERY_MS = 2_000;

/**
 * etcd is bootstrapped once. Three things are asked: do members answer, was the call recorded, is this run alone (the lock).
 * A recorded call is never sent to another node.
 */
export const bootstrapEtcd = definePhase<UpContext, Facts>({
  id: "bootstrap-etcd",
  title: "Bootstrap etcd",
  observe: async (context, { signal }) => ({
    etcd: await lookAtEtcd(context.site, remembered(context, "keys"), { signal, ports: context.ports }),
    record: await readBootstrapRecord(context.stateFolder, context.ports.texts),
  }),
  plan: planBootstrap,
});

/** Nothing where etcd answers; else one call, to the node that an earlier run recorded, or to the first control plane. Pure. */
export function planBootstrap(context: UpContext, { etcd, record }: Facts): readonly Wave[] {
  const clusters = new Set(
    etcd.map((sight) =>
      sight.members
        .map((member) => member.id)
        .sort()
        .join(","),
    ),
  );
  if (clusters.size > 1 && !overlapping(etcd)) throw splitEtcd(etcd);
  if (etcd.length > 0) return [];
  const controlPlanes = controlPlanesOf(context.site);
  const node = record === undefined ? controlPlanes[0] : controlPlanes.find(({ name }) => name === record.node);
  if (node === undefined && record !== undefined) throw recordedElsewhere(context, record);
  if (node === undefined) throw new Error("a checked site has a control plane");
  const told: Told = { boot: undefined };
  return [
    [
      {
        id: `bootstrap-etcd/${node.name}`,
        title: `bootstrap etcd on ${node.name}, once`,
        target: { kind: "cluster", name: context.site.name },
        effect: "create",
        inputs: { node: node.name },
        provisional: "after Wait for install and reboot",
        apply: async (options) => await bootstrap(context, node, { record, told }, options),
        until: whileItPulls(context, node, {
          description: `etcd answers on ${node.name}`,
          deadlineMs: waitsMs.join,
          next: nextAtNode(node),
          check: async ({ signal }) => await etcdAnswers(context, node, told, signal),
        }),
      },
    ],
  ];
}

async function bootstrap(
  context: UpContext,
  node: SiteNode,
  { record, told }: { readonly record: BootstrapRecord | undefined; readonly told: Told },
  options: StepOptions,
): Promise<void> {
  const { clock } = context.world;
  // An etcd that runs has data: somebody bootstrapped it, and it only does not answer yet (all power came back a moment ago).
  if (await etcdRuns(context, options.signal)) return;
  if (record?.answered === true && !(await staysIdle(context, record, options))) return;
  const endMs = clock.now().getTime() + waitsMs.bootstrap;
  for (;;) {
    try {
      await tell(context, node, told, options.signal);
      return;
    } catch (error) {
      if (!isOperatorError(error)) throw error;
      if (error.retry === "never" || clock.now().getTime() > endMs) throw error;
      options.progress(`not yet: ${error.message}`);
      await clock.sleep(1_000, { signal: options.signal });
    }
  }
}

async function tell(context: UpContext, node: SiteNode, told: Told, signal: AbortSignal): Promise<void> {
  const issued = { node: node.name, issuedAt: context.world.clock.now().toISOString() };
  await writeBootstrapRecord(context.stateFolder, { ...issued, answered: false }, context.ports.texts);
  told.boot = await withAdmin(node, remembered(context, "keys"), context.ports, async (client) => {
    await client.bootstrap({ signal });
    return await bootOf(client, signal);
  });
  await writeBootstrapRecord(context.stateFolder, { ...issued, answered: true }, context.ports.texts);
}

/**
 * A machine that lost power before etcd wrote anything has forgotten that it was told to bootstrap, and waits for ever. One that was seen to
 * have booted since has no call under way that a repeat could meet; where etcd did write, Talos answers that it has data, and nothing happens.
 *
 * @returns whether it was told again
 */
async function toldAgain(context: UpContext, node: SiteNode, told: Told, signal: AbortSignal): Promise<boolean> {
  if (told.boot === undefined) return false;
  const keys = remembered(context, "keys");
  const boot = await withAdmin(node, keys, context.ports, async (client) => await bootOf(client, signal));
  if (boot === undefined || boot === told.boot) return false;
  await tell(context, node, told, signal);
  return true;
}

/** Watches an etcd that was bootstrapped by an earlier run; false as soon as it runs. */
async function staysIdle(context: UpContext, record: BootstrapRecord, options: StepOptions): Promise<boolean> {
  const { clock } = context.world;
  const endMs = clock.now().getTime() + REPEAT_AFTER_MS;
  while (clock.now().getTime() < endMs) {
    options.progress(`${record.node} was told to bootstrap at ${record.issuedAt}; watching whether its etcd begins`);
    await clock.sleep(WATCH_EVERY_MS, { signal: options.signal });
    if (await etcdRuns(context, options.signal)) return false;
  }
  options.notice(`etcd has not begun on ${record.node} since it was told to at ${record.issuedAt}: it is told again`);
  return true;
}

/** Whether the etcd service of any control plane runs. Before Bootstrap it is preparing, for ever. */
async function etcdRuns(context: UpContext, signal: AbortSignal): Promise<boolean> {
  const states = await Promise.all(
    controlPlanesOf(context.site).map(async (node) => await etcdState(context, node, signal)),
  );
  return states.includes("Running");
}

async function etcdState(context: UpContext, node: SiteNode, signal: AbortSignal): Promise<string | undefined> {
  try {
    const services = await withAdmin(
      node,
      remembered(context, "keys"),
      context.ports,
      async (client) => await client.services({ signal }),
    );
    return services.find((service) => service.id === "etcd")?.state;
  } catch (error) {
    signal.throwIfAborted();
    if (isOperatorError(error)) return undefined;
    throw error;
  }
}

async function etcdAnswers(
  context: UpContext,
  node: SiteNode,
  told: Told,
  signal: AbortSignal,
): Promise<ConditionState> {
  const keys = remembered(context, "keys");
  try {
    const members = await withAdmin(
      node,
      keys,
      context.ports,
      async (client) => await client.etcdMembers({ signal, deadlineMs: 3_000 }),
    );
    if (members.length > 0) return { kind: "ready" };
  } catch (error) {
    signal.throwIfAborted();
    if (!isOperatorError(error)) throw error;
  }
  if (await toldAgain(context, node, told, signal)) {
    return { kind: "waiting", reason: `${node.name} has booted since it was told to bootstrap, and is told again` };
  }
  return { kind: "waiting", reason: await etcdReason(context, node, signal) };
}

async function etcdReason(context: UpContext, node: SiteNode, signal: AbortSignal): Promise<string> {
  try {
    const services = await withAdmin(
      node,
      remembered(context, "keys"),
      context.ports,
      async (client) => await client.services({ signal }),
    );
    const etcd = services.find((service) => service.id === "etcd");
    return etcd === undefined
      ? "no etcd service yet"
      : `etcd is ${[etcd.state, etcd.lastMessage].filter((text) => text !== "").join(": ")}`;
  } catch (error) {
    signal.throwIfAborted();
    if (isOperatorError(error)) return error.message;
    throw error;
  }
}

function overlapping(etcd: readonly EtcdSight[]): boolean {
  const [first, ...rest] = etcd.map((sight) => new Set(sight.members.map((member) => member.id)));
  return first === undefined || rest.every((ids) => [...ids].some((id) => first.has(id)));
}

function recordedElsewhere({ site, stateFolder }: UpContext, record: BootstrapRecord): OperatorError {
  return new OperatorError(
    "ETCD_BOOTSTRAPPED_ELSEWHERE",
    `etcd was bootstrapped on ${record.node} at ${record.issuedAt}, which is no control plane of ${site.name} any more, and no etcd answers`,
    {
      where: { file: bootstrapRecordFile(stateFolder) },
      next: [
        `bring ${record.node} back into site.yaml: a second Bootstrap would begin a second cluster`,
        `or, if all its machines were reset: rm ${bootstrapRecordFile(stateFolder)}`,
      ],
    },
  );
}

function splitEtcd(etcd: readonly EtcdSight[]): OperatorError {
  return new OperatorError("ETCD_SPLIT", "the control planes belong to more than one etcd cluster", {
    problems: etcd.map((sight) => ({
      message: `${sight.node}: members ${sight.members.map((member) => member.hostname).join(", ")}`,
      where: { node: sight.node },
    })),
    next: ["reset the control planes that do not belong, then run the command again"],
  });
}

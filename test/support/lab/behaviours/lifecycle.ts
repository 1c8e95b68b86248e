import { createHash } from "node:crypto";
import type { Client } from "@grpc/grpc-js";
import { connectNode, machinePb } from "../../../../src/talos/api/index.ts";
import { rawClient } from "../raw-call.ts";
import type { Laptop } from "../rehearsal.ts";
import { replayCalls } from "../replay.ts";
import { streamCall, unaryCall, uploadCall } from "../typed-call.ts";
import { listImages, observeImports, observePulls } from "./images.ts";
import { bootstrapOf, clusterOf, logOf, membersOf, servicesOf, snapshotOf } from "./node-calls.ts";
import { collect, endingOf, tell, until } from "./observe.ts";
import type { TestRegistries } from "./test-registries.ts";

const { method } = machinePb.MachineService;
const PORT = 50_000;
const PIECE_BYTES = 32 * 1024;
const LIMIT_MS = 180_000;

export interface LifeOptions {
  readonly node: { readonly name: string; readonly address: string };
  readonly laptop: Laptop;
  readonly registries: TestRegistries;
}

/** A machine with an operator who does everything once: what it answers, step by step. */
export async function observeLife({ node, laptop, registries }: LifeOptions): Promise<void> {
  const target = { address: node.address, port: PORT };
  const connect = () => rawClient(target, laptop.identity);

  await observeMaintenance(rawClient(target));
  await observeRecorded("in maintenance", { a: rawClient(target), b: rawClient(target, laptop.stranger) });
  await applyConfig(node, `${laptop.config({ ...node, role: "controlplane" })}---\n${registries.documents}`);
  let client = connect();
  await untilWaiting(client);
  tell("services before Bootstrap", await servicesOf(client));
  tell("members before Bootstrap", await endingOf(membersOf(client, 1500)));

  tell("Bootstrap", await endingOf(bootstrapOf(client)));
  await untilEtcd(client);
  tell("Bootstrap again", await endingOf(bootstrapOf(client)));
  tell(
    "members",
    (await membersOf(client)).map(({ id, ...member }) => ({ ...member, id: id > 0n, $typeName: undefined })),
  );
  const admin = laptop.admin(node);
  const signal = AbortSignal.timeout(LIMIT_MS);
  const kubeconfigYaml = await admin.kubeconfig({ signal });
  tell("kubeconfig", { context: /current-context: (.*)/.exec(kubeconfigYaml)?.[1] });
  const cluster = await clusterOf(kubeconfigYaml);
  tell(
    "status when all is up",
    await until(
      "the machine is ready",
      () => admin.machineStatus({ signal }),
      ({ ready }) => ready,
      LIMIT_MS,
    ),
  );
  tell("services when all is up", await servicesOf(client));
  await observeLogs(client);
  await observeEvents(client);
  await observeRecorded("of a running machine", {
    c: connect(),
    d: rawClient(target, laptop.identityOf("os:reader")),
    e: rawClient(target, laptop.identityOf("os:operator")),
  });
  await observePulls(client, registries);
  await observeImports(client);

  await cluster.mark("mark-before");
  const snapshot = await observeSnapshot(client);
  await cluster.mark("mark-after");

  tell("Reboot", { actorId: isUuid((await unaryCall(client, method.reboot, {})).messages[0]?.actorId) });
  client = await comeBack(client, connect);
  await untilEtcd(client);
  tell("images after a reboot", (await listImages(client)).includes("plain.test/app:1"));
  tell("marks after a reboot", await until("the API server answers again", cluster.marks));

  tell("graceful Reset of the last control plane", await observeRefusedLeave(client));
  tell(
    "Reset of EPHEMERAL",
    await endingOf(
      unaryCall(client, method.reset, {
        reboot: true,
        systemPartitionsToWipe: [{ label: "EPHEMERAL", wipe: true }],
      }),
    ),
  );
  client = await comeBack(client, connect);
  await untilWaiting(client);
  tell("images after EPHEMERAL was wiped", (await listImages(client)).includes("plain.test/app:1"));
  await observeRecovery(client, snapshot);
  tell("marks after the recovery", await until("the API server answers again", cluster.marks, undefined, LIMIT_MS));
  tell(
    "members after the recovery",
    (await membersOf(client)).map(({ hostname }) => hostname),
  );
  await cluster.close();

  tell("Reset", await endingOf(unaryCall(client, method.reset, { reboot: true })));
  client.close();
  admin.close();
  const bare = connectNode({ node: node.name, address: node.address, identity: { kind: "maintenance" } });
  const version = await until("it waits in maintenance", () => bare.version({ signal: AbortSignal.timeout(2000) }));
  tell("after the Reset", { version, installed: (await bare.systemDisk({ signal })) !== undefined });
  bare.close();
}

async function observeMaintenance(client: Client): Promise<void> {
  const { messages } = await unaryCall(client, method.version, {});
  tell("version in maintenance", { tag: messages[0]?.version?.tag, features: messages[0]?.features !== undefined });
  tell("Bootstrap in maintenance", await endingOf(bootstrapOf(client)));
  tell("Reset in maintenance", await endingOf(unaryCall(client, method.reset, {})));
  tell("EtcdSnapshot in maintenance", await endingOf(collect(streamCall(client, method.etcdSnapshot, {}))));
  client.close();
}

/** Every call of a real node's recordings, made again. */
async function observeRecorded(when: string, clients: Parameters<typeof replayCalls>[0]): Promise<void> {
  tell(`recorded answers ${when}`, await replayCalls(clients));
  for (const client of Object.values(clients)) client.close();
}

async function applyConfig(node: LifeOptions["node"], config: string): Promise<void> {
  const client = connectNode({ node: node.name, address: node.address, identity: { kind: "maintenance" } });
  const answer = await client.applyConfiguration(
    { config, redact: (text) => text },
    { signal: AbortSignal.timeout(30_000) },
  );
  tell("ApplyConfiguration", { mode: answer.mode });
  client.close();
}

/** Installed, booted from its disk, and etcd waits for Bootstrap. */
async function untilWaiting(client: Client): Promise<void> {
  await until(
    "etcd waits for Bootstrap",
    () => servicesOf(client),
    (services) => services["etcd"]?.startsWith("Preparing") === true && services["kubelet"] === "Running healthy",
    LIMIT_MS,
  );
}

async function untilEtcd(client: Client): Promise<void> {
  await until(
    "etcd is healthy",
    () => servicesOf(client),
    (services) => services["etcd"] === "Running healthy",
    LIMIT_MS,
  );
}

async function observeLogs(client: Client): Promise<void> {
  for (const id of ["kubelet", "etcd", "containerd", "cri", "machined"])
    tell(`log of ${id}`, await endingOf(logOf(client, id)));
  tell("log of kubelet has lines", (await logOf(client, "kubelet")).length > 0);
  tell("log of a stranger", await endingOf(logOf(client, "stranger")));
  tell("log without a namespace", await endingOf(logOf(client, "kubelet", "")));
}

/** The sequences of this boot and the services that told of themselves. */
async function observeEvents(client: Client): Promise<void> {
  const { SequenceEventSchema, ServiceStateEventSchema, MachineStatusEventSchema } = machinePb;
  const seen = new Set<string>();
  const read = async () => {
    for await (const { data } of streamCall(client, method.events, { tailEvents: -1 }, { deadlineMs: 2000 }))
      seen.add((data?.typeUrl ?? "").replace("talos/runtime/", ""));
  };
  const { code } = await endingOf(read());
  const known = [SequenceEventSchema, ServiceStateEventSchema, MachineStatusEventSchema].map(
    ({ typeName }) => typeName,
  );
  tell("events", { ends: code, kinds: known.filter((name) => seen.has(name)) });
}

async function observeSnapshot(client: Client): Promise<Uint8Array> {
  const pieces = await snapshotOf(client);
  const whole = Buffer.concat(pieces);
  const [database, hash] = [whole.subarray(0, -32), whole.subarray(-32)];
  tell("EtcdSnapshot", {
    pieceBytes: [...new Set(pieces.map(({ length }) => length))],
    boltMagic: whole.readUInt32LE(16).toString(16),
    hashIsRight: createHash("sha256").update(database).digest().equals(hash),
    restBytes: whole.length % 512,
  });
  return whole;
}

/** The last member of etcd cannot leave: the reset fails, and the machine is still there. */
async function observeRefusedLeave(client: Client): Promise<unknown> {
  const answer = await endingOf(unaryCall(client, method.reset, { graceful: true, reboot: true }));
  await until(
    "the reset has failed",
    () => logOf(client, "machined"),
    (log) => log.includes("reset failed: "),
  );
  return { ...answer, members: (await membersOf(client)).length };
}

async function observeRecovery(client: Client, snapshot: Uint8Array): Promise<void> {
  const recover = (bytes: Uint8Array) => {
    const pieces = Array.from({ length: Math.ceil(bytes.length / PIECE_BYTES) }, (_, index) => ({
      bytes: bytes.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES),
    }));
    return endingOf(uploadCall(client, method.etcdRecover, pieces));
  };
  tell("EtcdRecover of garbage", await recover(Buffer.from("garbage")));
  tell("Bootstrap from garbage", await endingOf(bootstrapOf(client, { recoverEtcd: true })));
  const { etcd } = await until(
    "etcd has failed",
    () => servicesOf(client),
    (services) => services["etcd"]?.startsWith("Failed") === true,
  );
  tell("etcd after Bootstrap from garbage", etcd);
  tell("EtcdRecover", await recover(snapshot));
  tell("Bootstrap from the snapshot", await endingOf(bootstrapOf(client, { recoverEtcd: true })));
  await untilEtcd(client);
}

/** A new connection once the machine has gone down and answers again. */
async function comeBack(client: Client, connect: () => Client): Promise<Client> {
  await until(
    "it goes down",
    () => endingOf(unaryCall(client, method.version, {}, { deadlineMs: 1000 })),
    ({ code }) => code !== "OK",
  );
  client.close();
  return await until(
    "it answers again",
    async () => {
      const next = connect();
      try {
        await unaryCall(next, method.version, {}, { deadlineMs: 2000 });
        return next;
      } catch (error) {
        next.close();
        throw error;
      }
    },
    undefined,
    LIMIT_MS,
  );
}

function isUuid(text: string | undefined): boolean {
  return /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(text ?? "");
}

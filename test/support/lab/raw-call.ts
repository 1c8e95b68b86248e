import { create, type DescMethod, type DescService, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import type { Machine } from "../../../src/lab/machine/types.ts";
import {
  deserializer,
  imagePb,
  machinePb,
  methodPath,
  serializer,
  statePb,
  storagePb,
} from "../../../src/talos/api/index.ts";
import type { RecordedAnswer } from "./recordings.ts";

const services: readonly DescService[] = [
  machinePb.MachineService,
  imagePb.ImageService,
  storagePb.StorageService,
  statePb.State,
];

export interface RawIdentity {
  readonly ca: string;
  readonly crt: string;
  readonly key: string;
}

/** A plain gRPC client that verifies nothing, as the recordings were made with. */
export function rawClient(machine: Pick<Machine, "address" | "port">, identity?: RawIdentity): Client {
  const pem = (text: string | undefined) =>
    text === undefined ? null : Buffer.from(text.replaceAll("ED25519 PRIVATE", "PRIVATE"));
  const secure = credentials.createSsl(pem(identity?.ca), pem(identity?.key), pem(identity?.crt), {
    rejectUnauthorized: false,
  });
  return new Client(`${machine.address}:${machine.port}`, secure, {
    "grpc.ssl_target_name_override": "node",
    "grpc.enable_http_proxy": 0,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
  });
}

/**
 * One call by method name and JSON request; what came is put the way the recordings put it.
 *
 * @param silenceMs - how long a stream may be silent before it counts as open
 */
export function rawCall(client: Client, name: string, request: unknown, silenceMs: number): Promise<RecordedAnswer> {
  const method = methodNamed(name);
  const path = methodPath(method);
  const write = serializer(method.input);
  const read = deserializer(method.output);
  const message = (json: unknown) => fromJson(method.input, withBytes(json) as JsonValue);
  return new Promise((resolve) => {
    const done = (error: ServiceError | null) =>
      resolve(
        error === null
          ? { code: "OK" }
          : { code: status[error.code], ...(error.details !== "" && { message: error.details }) },
      );
    switch (method.methodKind) {
      case "unary":
        client.makeUnaryRequest(path, write, read, message(request), new Metadata(), done);
        return;
      case "client_streaming": {
        const call = client.makeClientStreamRequest(path, write, read, new Metadata(), done);
        for (const one of request as unknown[]) call.write(message(one));
        call.end();
        return;
      }
      default: {
        const stream = client.makeServerStreamRequest(path, write, read, message(request), new Metadata());
        let messages = 0;
        const open = (code: string) => {
          resolve({ code });
          stream.cancel();
        };
        const silence = setTimeout(() => open("(stays open)"), silenceMs);
        stream.on("data", () => {
          messages += 1;
          silence.refresh();
          if (messages === 2) open("(streaming)");
        });
        stream.on("error", (error) => {
          clearTimeout(silence);
          done(error as ServiceError);
        });
        stream.on("end", () => {
          clearTimeout(silence);
          done(null);
        });
      }
    }
  });
}

export type RawApplied =
  | { readonly code: "OK"; readonly mode: number; readonly details: string }
  | { readonly code: Exclude<keyof typeof status, "OK">; readonly message: string };

/** ApplyConfiguration; details without the diff. */
export function rawApply(
  client: Client,
  config: string,
  mode: machinePb.ApplyConfigurationRequest_Mode,
  dryRun: boolean,
): Promise<RawApplied> {
  const method = machinePb.MachineService.method.applyConfiguration;
  const request = create(method.input, { data: Buffer.from(config), mode, dryRun });
  const timeout = { deadline: Date.now() + 60_000 };
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      methodPath(method),
      serializer(method.input),
      deserializer(method.output),
      request,
      new Metadata(),
      timeout,
      (error, answer) => {
        if (error !== null)
          return resolve({ code: status[error.code] as Exclude<keyof typeof status, "OK">, message: error.details });
        const message = answer?.messages[0];
        const [details = ""] = (message?.modeDetails ?? "").split("Config diff:\n");
        resolve({ code: "OK", mode: message?.mode ?? 0, details });
      },
    );
  });
}

function methodNamed(name: string): DescMethod {
  const [service, method] = name.split("/");
  const found = services
    .find(({ typeName }) => typeName === service)
    ?.methods.find((candidate) => candidate.name === method);
  if (found === undefined) throw new Error(`no method ${name}`);
  return found;
}

/** The recordings show bytes as text; JSON messages want base64. */
function withBytes(json: unknown): unknown {
  if (typeof json !== "object" || json === null) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key,
      (key === "bytes" || key === "data") && typeof value === "string"
        ? Buffer.from(value).toString("base64")
        : withBytes(value),
    ]),
  );
}

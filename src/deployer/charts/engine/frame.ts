import { Buffer } from "node:buffer";
import type { JsonObject } from "./json-object.ts";

/** What the engine says is wrong. */
export interface EngineFailure {
  readonly kind: "chart" | "values" | "schema" | "template" | "manifest" | "pattern" | "size" | "release" | "request";
  /** Helm's own words. */
  readonly message: string;
  /** Questions of `lookup` that came before. */
  readonly asked?: readonly unknown[];
}

export interface EngineAnswer {
  readonly result?: unknown;
  readonly failure?: EngineFailure;
  readonly warnings: readonly string[];
  readonly attachment: Buffer;
}

/** A request: length of the JSON in four bytes (little endian), the JSON, and the bytes that it points into. */
export function encodeRequest(request: JsonObject, attachments: readonly Uint8Array[] = []): Uint8Array<ArrayBuffer> {
  const json = Buffer.from(JSON.stringify(request));
  const length = attachments.reduce((sum, bytes) => sum + bytes.length, 4 + json.length);
  const frame = new Uint8Array(length);
  new DataView(frame.buffer).setUint32(0, json.length, true);
  let offset = 4;
  for (const bytes of [json, ...attachments]) {
    frame.set(bytes, offset);
    offset += bytes.length;
  }
  return frame;
}

/** Reads an answer, framed alike. */
export function decodeAnswer(frame: Uint8Array): EngineAnswer {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  const end = 4 + bytes.readUInt32LE(0);
  const answer = JSON.parse(bytes.toString("utf8", 4, end)) as Partial<EngineAnswer>;
  return { ...answer, warnings: answer.warnings ?? [], attachment: bytes.subarray(end) };
}

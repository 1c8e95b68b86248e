import { type DescMessage, type DescMethod, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";

/** Most bytes of one message in either direction: Talos' own bound. */
export const MAX_MESSAGE_BYTES = 32 * 1024 * 1024;

/** `/machine.MachineService/Version` */
export function methodPath(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

/** A message to bytes; the Buffer is a view, nothing is copied. */
export function serializer<M extends DescMessage>(schema: M): (message: MessageShape<M>) => Buffer {
  return (message) => {
    const bytes = toBinary(schema, message);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

/** Bytes to a message; bytes fields are views into the input. */
export function deserializer<M extends DescMessage>(schema: M): (bytes: Uint8Array) => MessageShape<M> {
  return (bytes) => fromBinary(schema, bytes);
}

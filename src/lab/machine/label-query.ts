import { status } from "@grpc/grpc-js";
import { RpcStatus, resourcePb } from "../../talos/api/index.ts";
import type { StoredResource } from "./resource-store.ts";

const { LabelTerm_Operation: Operation } = resourcePb;

/** Whether a resource of the lab, none of which has labels, is meant by a query; any of several label queries is enough. */
export function matchesQueries(
  resource: StoredResource,
  labelQueries: readonly resourcePb.LabelQuery[],
  idPattern: string | undefined,
): boolean {
  if (idPattern !== undefined && idPattern !== "" && !compiled(idPattern).test(resource.id)) return false;
  return (
    labelQueries.length === 0 ||
    labelQueries.some(({ terms }) => terms.every(({ op, invert }) => (op === Operation.NOT_EXISTS) !== invert))
  );
}

/** @throws RpcStatus INVALID_ARGUMENT, in the words Go has for the commonest mistake */
function compiled(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch {
    throw new RpcStatus(
      status.INVALID_ARGUMENT,
      `failed to compile regexp: error parsing regexp: missing closing ): \`${pattern}\``,
    );
  }
}

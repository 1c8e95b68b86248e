import { type ErrorCode, isOperatorError, OperatorError, type RetryAdvice } from "../../lib/errors/index.ts";

/** What a failure of the registry means for a push, and what to do about it. */
const meanings: Readonly<Partial<Record<ErrorCode, { code: ErrorCode; retry: RetryAdvice; next: string }>>> = {
  REGISTRY_UNREACHABLE: {
    code: "IMAGE_PUSH_UNREACHABLE",
    retry: "same",
    next: "check that the registry runs and can be reached from here, then run the same command again: what was pushed stays",
  },
  DEADLINE_EXCEEDED: {
    code: "IMAGE_PUSH_UNREACHABLE",
    retry: "same",
    next: "run the same command again: what was pushed stays",
  },
  REGISTRY_UNAUTHORIZED: {
    code: "IMAGE_PUSH_UNAUTHORIZED",
    retry: "later",
    next: "compare the push user in the cluster's state with the registry's own users",
  },
  REGISTRY_TLS_UNTRUSTED: {
    code: "IMAGE_PUSH_UNTRUSTED",
    retry: "later",
    next: "give the CA that signed the registry's certificate, or correct the address or this laptop's clock",
  },
  REGISTRY_DIGEST_MISMATCH: {
    code: "IMAGE_PUSH_DAMAGED",
    retry: "later",
    next: "copy the package again from its source",
  },
  REGISTRY_FAILED: {
    code: "IMAGE_PUSH_REFUSED",
    retry: "later",
    next: "look at the registry's log and its free space, then run the same command again: what was pushed stays",
  },
  REGISTRY_NOT_FOUND: {
    code: "IMAGE_PUSH_REFUSED",
    retry: "later",
    next: "check that what answers at this address is a registry, and that repositories may be created in it",
  },
  REGISTRY_INCOMPLETE: {
    code: "IMAGE_PUSH_INCOMPLETE",
    retry: "later",
    next: "run the same command again; if it stays, the registry loses what it was given",
  },
};

/** A registry's failure, told as the failure of this push; everything else passes as it is. */
export function pushFailure(
  error: unknown,
  push: { readonly image: string; readonly registry: string; readonly brokenBy: Error | undefined },
): unknown {
  const meaning = isOperatorError(error) ? meanings[error.code] : undefined;
  if (meaning === undefined || !isOperatorError(error)) return error;
  const { image, registry, brokenBy } = push;
  const because = brokenBy === undefined ? error : brokenBy;
  return new OperatorError(
    meaning.code,
    `image ${image} was not pushed to the registry ${registry}: ${because.message}`,
    { retry: meaning.retry, next: [meaning.next], cause: because },
  );
}

export function missing(image: string, what: string): OperatorError {
  return new OperatorError("IMAGE_PUSH_MISSING", `the package does not carry ${what} of image ${image}`, {
    next: ["make the package again where its images can be pulled"],
    retry: "later",
  });
}

export function damaged(image: string, reason: string): OperatorError {
  return new OperatorError("IMAGE_PUSH_DAMAGED", `image ${image} in the package is damaged: ${reason}`, {
    next: ["copy the package again from its source"],
    retry: "later",
  });
}

export function incomplete(
  image: string,
  registry: string,
  platforms: readonly string[],
  cause: unknown,
): OperatorError {
  return new OperatorError(
    "IMAGE_PUSH_INCOMPLETE",
    `image ${image} was not pushed: the registry ${registry} wants every platform of its index, and the package lacks ${platforms.join(", ")}`,
    {
      next: [
        "make the package or the bundle with these platforms too, or name the image by tag",
        "or set validation.manifests.indexes.platforms of the registry to none",
      ],
      retry: "later",
      cause,
    },
  );
}

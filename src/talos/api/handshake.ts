import type { X509Certificate } from "node:crypto";
import { isIP, type Socket } from "node:net";
import { checkServerIdentity, connect, type TLSSocket } from "node:tls";
import { ChannelCredentials, credentials } from "@grpc/grpc-js";
import type { ErrorCode } from "../../lib/errors/index.ts";
import { fingerprintOf, isMaintenanceLeaf, type NodeIdentity, secureContextOf } from "./identity.ts";

/** Why no connection came about although something answered. */
export type HandshakeFailure = Extract<
  ErrorCode,
  | "NODE_REFUSED_IDENTITY"
  | "NODE_IN_OTHER_CLUSTER"
  | "NODE_IN_MAINTENANCE"
  | "NODE_NOT_IN_MAINTENANCE"
  | "NODE_FINGERPRINT_MISMATCH"
  | "NODE_CERTIFICATE_NOT_NOW"
  | "NODE_CERTIFICATE_ADDRESS"
>;

type Connector = ReturnType<ChannelCredentials["_createSecureConnector"]>;

/**
 * Credentials that judge the node's certificate themselves: what gRPC reports is one sentence for every failure, and a
 * pinned fingerprint must hold before the first byte of a config is written.
 */
export class NodeCredentials extends ChannelCredentials {
  readonly #identity: NodeIdentity;
  readonly #address: string;
  #failure: HandshakeFailure | undefined;
  #reachedNode = false;
  #leaf: X509Certificate | undefined;

  constructor(identity: NodeIdentity, address: string) {
    super();
    this.#identity = identity;
    this.#address = address;
  }

  /** Of the last attempt to connect; undefined when TCP itself failed or all went well. */
  get failure(): HandshakeFailure | undefined {
    return this.#failure;
  }

  /** The certificate last shown by the node. */
  get leaf(): X509Certificate | undefined {
    return this.#leaf;
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(): Connector {
    return {
      // The next attempt begins at once where a handshake took longer than the back-off, before the call that failed has asked
      // why: a verdict stands until another is reached, or until an attempt has not even found the node.
      waitForReady: async () => {
        if (!this.#reachedNode) this.#failure = undefined;
        this.#reachedNode = false;
      },
      connect: (socket) => this.#shakeHands(socket),
      getCallCredentials: () => credentials.createEmpty(),
      destroy: () => undefined,
    };
  }

  #shakeHands(socket: Socket): Promise<{ socket: TLSSocket; secure: boolean }> {
    this.#reachedNode = true;
    return new Promise((resolve, reject) => {
      let isJudged = false;
      const tls = connect({
        socket,
        secureContext: secureContextOf(this.#identity),
        ALPNProtocols: ["h2"],
        // Judged below, with a reason; nothing is written before that.
        rejectUnauthorized: false,
        // An IP address is no server name (RFC 6066), but it must be in the certificate.
        ...(isIP(this.#address) === 0 && { servername: this.#address }),
        checkServerIdentity: (_host, certificate) => checkServerIdentity(this.#address, certificate),
      });
      tls.once("secureConnect", () => {
        isJudged = true;
        this.#leaf = tls.getPeerX509Certificate();
        this.#failure = judgeLeaf(this.#identity, this.#leaf, verdictOf(tls));
        if (this.#failure === undefined) return resolve({ socket: tls, secure: true });
        tls.destroy();
        reject(new Error(this.#failure));
      });
      tls.on("error", (error: NodeJS.ErrnoException) => {
        // TLS 1.3: the node's verdict about our certificate arrives after our side of the handshake is done.
        if (error.code?.startsWith("ERR_SSL_") === true) this.#failure = "NODE_REFUSED_IDENTITY";
        else if (!isJudged) this.#failure = undefined;
        reject(error);
      });
      tls.once("close", () => reject(new Error("closed while shaking hands")));
    });
  }
}

/** What the chain, the dates and the names of a certificate come to, as OpenSSL and Node call it: `ok`, or a code. */
export type ChainVerdict = string;

/** Node documents an Error for `authorizationError` and gives the error's code. */
function verdictOf(tls: TLSSocket): ChainVerdict {
  return tls.authorized ? "ok" : String(tls.authorizationError);
}

/** Whether we may talk to who shows this certificate; undefined: yes. */
export function judgeLeaf(
  identity: NodeIdentity,
  leaf: X509Certificate | undefined,
  verdict: ChainVerdict,
): HandshakeFailure | undefined {
  if (leaf === undefined) return "NODE_REFUSED_IDENTITY";
  if (identity.kind === "maintenance") {
    if (!isMaintenanceLeaf(leaf)) return "NODE_NOT_IN_MAINTENANCE";
    const pinned = identity.fingerprints ?? [];
    return pinned.length === 0 || pinned.includes(fingerprintOf(leaf)) ? undefined : "NODE_FINGERPRINT_MISMATCH";
  }
  if (verdict === "ok") return undefined;
  if (isMaintenanceLeaf(leaf)) return "NODE_IN_MAINTENANCE";
  switch (verdict) {
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return "NODE_CERTIFICATE_NOT_NOW";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return "NODE_CERTIFICATE_ADDRESS";
    default:
      return "NODE_IN_OTHER_CLUSTER";
  }
}

import type { X509Certificate } from "node:crypto";
import { createServer, type Server as NetServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from "node:tls";
import { Server as GrpcServer, ServerCredentials } from "@grpc/grpc-js";
import type { Clock } from "../../lib/clock.ts";
import type { CertificateAndKey } from "../../lib/x509/index.ts";
import { type CallRegistrar, MAX_MESSAGE_BYTES } from "../../talos/api/index.ts";
import { judgeClientLeaf } from "./leaf.ts";
import { CIPHER_SUITE, type FatalAlert, sendFatalAlert, trafficSecretIn } from "./tls-alert.ts";

/** What the API is while it listens: a certificate, whom it trusts, and the services behind it. */
export interface ApiIdentity {
  /** Asked once, when the first connection comes. */
  readonly leaf: () => CertificateAndKey;
  /** Authorities of client certificates; undefined: nobody is asked for one. */
  readonly clientAuthorities: readonly X509Certificate[] | undefined;
  readonly addServices: (server: CallRegistrar, rolesOfPeer: (peer: string) => readonly string[]) => void;
}

/** Where a machine's API is reached: a port of this computer, or a place in memory. */
export interface ApiDoor {
  readonly port: number;
  /** The next `count` connections break right after they are accepted. */
  readonly dropNext: (count: number) => void;
  readonly open: (identity: ApiIdentity) => Promise<void>;
  /** New connections see another certificate; open ones stay. */
  readonly replaceLeaf: (identity: ApiIdentity) => void;
  /** Stops accepting at once, lets what is open finish for `drainMs`, then cuts it. */
  readonly drain: (drainMs: number, options: { readonly signal: AbortSignal }) => Promise<void>;
  /** Everything ends now, without goodbye. */
  readonly kill: () => void;
}

const serverOptions = {
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  "grpc.enable_channelz": 0,
};

type Injector = ReturnType<GrpcServer["createConnectionInjector"]>;

/** What exists once the first connection came: of 500 idle machines none needs a TLS context or a gRPC server. */
interface Session {
  readonly tls: TlsServer;
  readonly server: GrpcServer;
  readonly injector: Injector;
}

/** The port of one machine's API: one identity at a time, drained when it changes, silent after a power loss. */
export class ApiListener implements ApiDoor {
  readonly #address: string;
  readonly #clock: Clock;
  #port: number;
  #net: NetServer | undefined;
  #identity: ApiIdentity | undefined;
  #session: Session | undefined;
  /** With connections that are still open, of a leaf that was replaced. */
  #formerSessions: Session[] = [];
  /** Open TCP connections by `address:port` of the caller. */
  readonly #sockets = new Map<string, Socket>();
  readonly #roles = new Map<string, readonly string[]>();
  #drops = 0;

  constructor(options: { readonly address: string; readonly port: number; readonly clock: Clock }) {
    this.#address = options.address;
    this.#port = options.port;
    this.#clock = options.clock;
  }

  get port(): number {
    return this.#port;
  }

  /** The next `count` connections break right after they are accepted. */
  dropNext(count: number): void {
    this.#drops += count;
  }

  async open(identity: ApiIdentity): Promise<void> {
    this.#identity = identity;
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#net = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host: this.#address, port: this.#port, backlog: 64 }, resolve);
    });
    const bound = server.address();
    if (typeof bound === "object" && bound !== null) this.#port = bound.port;
  }

  /** New connections see another certificate; open ones stay. */
  replaceLeaf(identity: ApiIdentity): void {
    if (this.#identity === undefined) return;
    this.#identity = identity;
    if (this.#session !== undefined) this.#formerSessions.push(this.#session);
    this.#session = undefined;
  }

  /** Stops accepting at once, lets what is open finish for `drainMs`, then cuts it. */
  async drain(drainMs: number, { signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.#net?.close();
    for (const { injector } of this.#sessions()) injector.destroy();
    const over = new AbortController();
    const limit = AbortSignal.any([signal, over.signal]);
    const late = this.#clock.sleep(drainMs, { signal: limit }).catch(() => undefined);
    await Promise.race([late, this.#emptied()]);
    over.abort();
    this.kill();
  }

  /** Everything ends now, without goodbye. */
  kill(): void {
    this.#net?.close();
    this.#net = undefined;
    for (const socket of this.#sockets.values()) socket.destroy();
    this.#sockets.clear();
    this.#roles.clear();
    for (const { server } of this.#sessions()) server.forceShutdown();
    this.#session = undefined;
    this.#formerSessions = [];
    this.#identity = undefined;
  }

  #sessions(): readonly Session[] {
    return this.#session === undefined ? this.#formerSessions : [...this.#formerSessions, this.#session];
  }

  async #emptied(): Promise<void> {
    await Promise.all(
      [...this.#sockets.values()].map((socket) => new Promise((resolve) => socket.once("close", resolve))),
    );
  }

  #accept(socket: Socket): void {
    if (this.#drops > 0) {
      this.#drops -= 1;
      socket.destroy();
      return;
    }
    const identity = this.#identity;
    if (identity === undefined) return void socket.destroy();
    const peer = peerOf(socket);
    this.#sockets.set(peer, socket);
    socket.once("close", () => {
      this.#sockets.delete(peer);
      this.#roles.delete(peer);
    });
    this.#session ??= this.#createSession(identity);
    socket.once("error", () => socket.destroy());
    this.#session.tls.emit("connection", socket);
  }

  #judge(identity: ApiIdentity, tls: TLSSocket): readonly string[] | FatalAlert {
    // In maintenance every caller is a reader, whatever it shows.
    if (identity.clientAuthorities === undefined) return ["os:reader"];
    const leaf = tls.getPeerX509Certificate();
    if (leaf === undefined) return "certificate_required";
    return judgeClientLeaf(leaf, identity.clientAuthorities, this.#clock.now());
  }

  #createSession(identity: ApiIdentity): Session {
    const leaf = identity.leaf();
    const server = new GrpcServer(serverOptions);
    identity.addServices(server, (peer) => this.#roles.get(peer) ?? []);
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    const tls = createTlsServer({
      cert: leaf.certificatePem,
      key: leaf.keyPem,
      minVersion: "TLSv1.3",
      ciphers: CIPHER_SUITE,
      ALPNProtocols: ["h2"],
      requestCert: identity.clientAuthorities !== undefined,
      // Judged below, because Node would hang up without a word.
      rejectUnauthorized: false,
    });
    const secrets = new WeakMap<TLSSocket, Buffer>();
    if (identity.clientAuthorities !== undefined)
      tls.on("keylog", (line, socket) => {
        const secret = trafficSecretIn(line);
        if (secret !== undefined) secrets.set(socket, secret);
      });
    tls.on("tlsClientError", (_error, socket) => socket.destroy());
    tls.on("secureConnection", (socket) => {
      socket.on("error", () => socket.destroy());
      const peer = peerOf(socket);
      const roles = this.#judge(identity, socket);
      const raw = this.#sockets.get(peer);
      if (typeof roles !== "string") {
        this.#roles.set(peer, roles);
        injector.injectConnection(socket);
      } else if (raw !== undefined) sendFatalAlert(raw, secrets.get(socket) ?? Buffer.alloc(32), roles);
    });
    return { tls, server, injector };
  }
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}

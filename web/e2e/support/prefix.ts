// A proxy that has rim below a path, cuts that path off, and has nothing anywhere else.

import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";

import { freePort, Rim } from "./rim";

export class Prefixed {
  private constructor(
    readonly rim: Rim,
    private readonly proxy: Server,
    private readonly port: number,
    readonly prefix: string,
  ) {}

  /** With further settings of rim, as flags. */
  static async start(prefix: string, ...settings: string[]): Promise<Prefixed> {
    const rim = await Rim.start(...settings);
    const proxy = createServer();
    const prefixed = new Prefixed(rim, proxy, await freePort(), prefix);
    proxy.on("request", (asked, answer) => prefixed.pass(asked, answer));
    proxy.on("upgrade", (asked: IncomingMessage, client: Duplex, head: Buffer) => prefixed.upgrade(asked, client, head));
    proxy.listen(prefixed.port, "127.0.0.1");
    await once(proxy, "listening");
    return prefixed;
  }

  /** As people are told it, without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${this.port}${this.prefix}`;
  }

  async stop(): Promise<void> {
    this.proxy.close();
    this.proxy.closeAllConnections();
    await this.rim.stop();
  }

  /** What is asked of rim; null where it is not below the path. */
  private pathOf({ url = "" }: IncomingMessage): string | null {
    return url.startsWith(`${this.prefix}/`) ? url.slice(this.prefix.length) : null;
  }

  private pass(asked: IncomingMessage, answer: ServerResponse): void {
    const path = this.pathOf(asked);
    if (path === null) {
      const slash = asked.url === this.prefix;
      answer.writeHead(slash ? 301 : 404, slash ? { Location: `${this.prefix}/` } : {}).end();
      return;
    }
    const { method, headers } = asked;
    const passed = request({ host: "127.0.0.1", port: this.rim.port, method, path, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    // The server is away: so is the connection.
    passed.on("error", () => answer.destroy());
    asked.pipe(passed);
  }

  private upgrade(asked: IncomingMessage, client: Duplex, head: Buffer): void {
    const path = this.pathOf(asked);
    client.on("error", () => undefined);
    if (path === null) {
      client.end("HTTP/1.1 404 Not Found\r\n\r\n");
      return;
    }
    const server = connect(this.rim.port, "127.0.0.1", () => {
      const lines = asked.rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${asked.rawHeaders[at + 1]}`] : []));
      server.write(`GET ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      server.write(head);
      client.pipe(server).pipe(client);
    });
    server.on("error", () => client.destroy());
    client.once("close", () => server.destroy());
    server.once("close", () => client.destroy());
  }
}

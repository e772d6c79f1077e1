// Several nodes on a PostgreSQL and a NATS of their own, behind a balancer that gives each connection to the next.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { freePort, REPOSITORY, Rim } from "./rim";

export class Cluster {
  private turn = 0;

  private constructor(
    private readonly services: readonly Service[],
    readonly nodes: readonly Rim[],
    private readonly balancer: Server,
    private readonly port: number,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  static async start(count: number): Promise<Cluster> {
    const services = await Promise.all([Service.start("postgres"), Service.start("nats")]);
    const [postgres, nats] = services;
    const settings = ["--database", postgres.url, "--bus", nats.url, "--check-interval", "1s"];
    const nodes: Rim[] = [];
    for (let number = 0; number < count; number++) nodes.push(await Rim.start(...settings));
    const balancer = createServer();
    const cluster = new Cluster(services, nodes, balancer, await freePort());
    balancer.on("connection", (client) => cluster.pass(client, count));
    balancer.listen(cluster.port, "127.0.0.1");
    await once(balancer, "listening");
    return cluster;
  }

  async stop(): Promise<void> {
    this.balancer.close();
    await Promise.all(this.nodes.map((node) => node.stop()));
    await Promise.all(this.services.map((service) => service.stop()));
  }

  /** To the next node that takes it. */
  private pass(client: Socket, tries: number): void {
    const node = this.nodes[this.turn++ % this.nodes.length] as Rim;
    const server = connect(node.port, "127.0.0.1");
    server.once("connect", () => {
      client.pipe(server).pipe(client);
      client.once("close", () => server.destroy());
      server.once("close", () => client.destroy());
    });
    client.on("error", () => server.destroy());
    server.on("error", () => {
      if (server.connecting || server.bytesRead > 0 || tries <= 1) client.destroy();
      else this.pass(client, tries - 1);
    });
  }
}

/** A real server, as scripts/services.py starts it. It ends when its input does. */
class Service {
  private constructor(
    private readonly process: ChildProcess,
    readonly url: string,
  ) {}

  static async start(name: string): Promise<Service> {
    const script = join(REPOSITORY, "scripts/services.py");
    const started = spawn("python3", [script, "serve", name], { stdio: ["pipe", "pipe", "inherit"] });
    const answer = once(createInterface(started.stdout), "line");
    started.stdin.write("start\n");
    const [line] = (await answer) as [string];
    const { url, failure } = JSON.parse(line) as { url?: string; failure?: string };
    if (url === undefined) throw new Error(failure ?? "it does not say where it is");
    return new Service(started, url);
  }

  async stop(): Promise<void> {
    const gone = once(this.process, "exit");
    this.process.stdin?.end();
    await gone;
  }
}

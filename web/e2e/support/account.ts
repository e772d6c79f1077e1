// Somebody without a browser: makes over REST and WebSocket what a story begins with.

import { randomUUID } from "node:crypto";

export interface Sent {
  readonly id: number;
  readonly uid: number;
  readonly seq: number;
  readonly kind: string;
  readonly content: string;
  readonly client_msg_id: string;
}

/** A file, as the server knows it. */
export interface Uploaded {
  readonly id: string;
  readonly name: string;
  readonly size: number;
  readonly mime: string;
  /** The sides of its smaller pictures. */
  readonly thumbs: readonly number[];
}

/** So many messages the server takes at once. */
const BURST = 500;

export class Account {
  private constructor(
    readonly url: string,
    readonly name: string,
    readonly account: string,
    readonly password: string,
    readonly uid: number,
    private readonly token: string,
  ) {}

  static async create(url: string, name: string, account = accountOf(name)): Promise<Account> {
    const password = `secret of ${name}`;
    const uid = await post<number>(url, null, "user/create", { name, avatar: "", account, password });
    const token = await post<string>(url, null, "user/login", { account, password, device: "Test" });
    return new Account(url, name, account, password, uid, token);
  }

  /** People who only have a name and cannot log in: nobody's password is hashed for them. */
  static async crowd(url: string, names: readonly string[]): Promise<readonly number[]> {
    const uids: number[] = [];
    for (const name of names) uids.push(await post<number>(url, null, "user/create", { name, avatar: "", account: accountOf(name.replaceAll(" ", "-")) }));
    return uids;
  }

  rename(name: string): Promise<void> {
    return this.post("user/update", { name });
  }

  /** Any address may be one of a picture. */
  picture(avatar: string): Promise<void> {
    return this.post("user/update", { avatar });
  }

  groupPicture(gid: number, name: string, avatar: string): Promise<void> {
    return this.post("group/update", { id: gid, name, avatar });
  }

  async ask(other: Account): Promise<void> {
    await this.post("friend/add", { fid: other.uid });
  }

  async befriend(...others: readonly Account[]): Promise<void> {
    for (const other of others) {
      await this.ask(other);
      await other.post("friend/status/modify", { fid: this.uid, status: 1 });
    }
  }

  /** The single chat with somebody. */
  single(other: Account): Promise<number> {
    const group = { name: "", avatar: "", mode: 1 };
    return this.post("group/create", { group, users: [{ uid: other.uid, role: 1 }] });
  }

  group(name: string, ...others: readonly Account[]): Promise<number> {
    return this.groupOf(name, others.map(({ uid }) => uid));
  }

  groupOf(name: string, uids: readonly number[]): Promise<number> {
    const group = { name, avatar: "", mode: 2 };
    return this.post("group/create", { group, users: uids.map((uid) => ({ uid, role: 1 })) });
  }

  add(gid: number, other: Account): Promise<void> {
    return this.post("group/user/change", { gid, uids: [other.uid], opType: 1 });
  }

  remove(gid: number, other: Account): Promise<void> {
    return this.post("group/user/change", { gid, uids: [other.uid], opType: 2 });
  }

  /** Sends all of them, in this order, and waits until they are stored. `beside` is what they have beside their content. */
  async send(gid: number, contents: readonly string[], kind = "Text", beside: object = {}): Promise<void> {
    const socket = new WebSocket(`${this.url.replace("http", "ws")}/ws`);
    let refuse: (reason: Error) => void = () => undefined;
    const failed = new Promise<never>((_, reject) => (refuse = reject));
    socket.onerror = () => refuse(new Error("the WebSocket failed"));
    const { uid } = this;
    let left = 0;
    let done: () => void = () => undefined;
    socket.onmessage = ({ data }) => {
      const { kind: said, content } = JSON.parse(String(data)) as { kind?: string; content?: string };
      if (said === "Error") refuse(new Error(content));
      if (said === "Ack" && --left === 0) done();
    };
    const ask = (frames: readonly object[]): Promise<void> =>
      new Promise((resolve) => {
        left = frames.length;
        done = resolve;
        for (const frame of frames) socket.send(JSON.stringify(frame));
      });
    const story = async (): Promise<void> => {
      await new Promise((resolve) => (socket.onopen = resolve));
      await ask([{ event: "Login", body: { kind: "Text", uid, content: this.token, clientMsgId: randomUUID() } }]);
      for (let at = 0; at < contents.length; at += BURST) {
        const some = contents.slice(at, at + BURST);
        await ask(some.map((content) => ({ event: "Msg", body: { kind, uid, gid, content, clientMsgId: randomUUID(), ...beside } })));
      }
    };
    await Promise.race([story(), failed]);
    socket.close();
  }

  /** The newest messages of a chat as the server has them, oldest first. */
  async history(gid: number): Promise<readonly Sent[]> {
    const items = await this.post<{ msg: Sent }[]>("message/history", { gid, page: 1, size: 200 });
    return items.map(({ msg }) => msg);
  }

  /** The bytes of a file that one may see. */
  async file(id: string): Promise<Uint8Array> {
    const answer = await fetch(`${this.url}/media/files/${id}`, { headers: { Authorization: `Bearer ${this.token}` } });
    if (!answer.ok) throw new Error(`file ${id}: ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  }

  /** Sends a file to the server, which a message then may name. */
  async upload(name: string, bytes: Uint8Array): Promise<Uploaded> {
    const headers = { Authorization: `Bearer ${this.token}`, "Content-Type": "application/octet-stream" };
    const response = await fetch(`${this.url}/api/file/upload?name=${encodeURIComponent(name)}`, { method: "POST", headers, body: new Uint8Array(bytes) });
    const answer = (await response.json()) as { ok: boolean; msg: string | null; data: Uploaded };
    if (!answer.ok) throw new Error(`upload of ${name}: ${answer.msg}`);
    return answer.data;
  }

  /** Asks for any operation: what no story does by hand. */
  post<T>(path: string, body: object): Promise<T> {
    return post(this.url, this.token, path, body);
  }
}

/** Unlike any other. */
export function accountOf(name: string): string {
  return `${name.toLowerCase()}-${randomUUID().slice(0, 8)}`;
}

async function post<T>(url: string, token: string | null, path: string, body: object): Promise<T> {
  const headers: Record<string, string> = token === null ? {} : { Authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/api/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  const answer = (await response.json()) as { ok: boolean; msg: string | null; data: T };
  if (!answer.ok) throw new Error(`${path}: ${answer.msg}`);
  return answer.data;
}

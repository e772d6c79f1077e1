// @vitest-environment happy-dom

import { beforeEach, describe, expect, it, vi } from "vitest";

import type { ServerInfo } from "../../engine/contract";
import { chatName, gidOf, hostOf, Remote, remoteOf, shortHost } from "./remote";

const PICTURE = "https://photos.example.org/1.png";
const OTHER = "https://photos.example.org/2.png";
const CHAT = chatName({ id: "store", epoch: 3 }, 100);

const asked = (remotePictures: ServerInfo["remotePictures"]) => ({
  serverInfo: vi.fn(async () => ({ ok: true as const, value: { registration: true, empty: false, remotePictures, directory: "everybody" as const } })),
});

beforeEach(() => {
  localStorage.clear();
  vi.stubGlobal("document", { baseURI: "https://chat.example.org/rim/" });
});

it("what has another host, port, scheme or place is elsewhere, and a host is named as a browser finds it", () => {
  expect(hostOf("https://chat.example.org/rim/media/1.png")).toBe(null);
  expect(hostOf("https://chat.example.org/wiki/go?to=https://evil.example")).toBe("chat.example.org");
  expect(hostOf("https://chat.example.org/rim/../wiki/go")).toBe("chat.example.org");
  expect(hostOf("https://chat.example.org/rim/%2e%2e/wiki/go")).toBe("chat.example.org");
  expect(hostOf("https://chat.example.org:8443/1.png")).toBe("chat.example.org:8443");
  expect(hostOf("http://chat.example.org/1.png")).toBe("chat.example.org");
  expect(hostOf("https://chat.example.org.evil.example/1.png")).toBe("chat.example.org.evil.example");
  expect(hostOf("https://chat.example.org@evil.example/1.png")).toBe("evil.example");
  // Letters that look like others.
  expect(hostOf("https://\u0441hat.example.org/1.png")).toBe("xn--hat-3ed.example.org");
});

it("of a long host the end is shown, which says whose it is", () => {
  expect(shortHost("photos.example.org")).toBe("photos.example.org");
  const long = `${"login.bank.example.".repeat(5)}evil.example`;
  expect(shortHost(long)).toMatch(/^….*\.evil\.example$/);
  expect(shortHost(long).length).toBeLessThan(40);
});

it("a chat is known by its history as well as by its number", () => {
  expect(gidOf(CHAT)).toBe(100);
  expect(CHAT).not.toBe(chatName({ id: "store", epoch: 4 }, 100));
  expect(CHAT).not.toBe(chatName(null, 100));
});

describe("what may be loaded", () => {
  it("is nothing of another host at first, and everything of this one", () => {
    const remote = new Remote(1);
    expect(remote.verdict("https://chat.example.org/rim/media/1.png")).toBe("own");
    expect(remote.verdict(PICTURE, CHAT)).toBe("ask");
  });

  it("is what was allowed, and no more", () => {
    const once = new Remote(1);
    once.allowOnce(PICTURE);
    expect([once.verdict(PICTURE), once.verdict(OTHER)]).toEqual(["allowed", "ask"]);
    expect(new Remote(1).verdict(PICTURE)).toBe("ask");

    const chat = new Remote(2);
    chat.allow("chats", CHAT);
    expect(new Remote(2).verdict(PICTURE, CHAT)).toBe("allowed");
    expect([chat.verdict(PICTURE), chat.verdict(PICTURE, chatName(null, 100))]).toEqual(["ask", "ask"]);

    const host = new Remote(3);
    host.allow("hosts", "photos.example.org");
    expect(new Remote(3).verdict(OTHER, CHAT)).toBe("allowed");
    expect(host.verdict("https://photos.example.org:8443/1.png")).toBe("ask");
    expect(host.verdict("https://evil.photos.example.org/1.png")).toBe("ask");

    const picture = new Remote(4);
    picture.allow("pictures", PICTURE);
    expect([picture.verdict(PICTURE), picture.verdict(OTHER)]).toEqual(["allowed", "ask"]);
    picture.disallow("pictures", PICTURE);
    expect(new Remote(4).verdict(PICTURE)).toBe("ask");

    const everything = new Remote(5);
    everything.allowEverything(true);
    expect(new Remote(5).verdict(OTHER)).toBe("allowed");
    // Nobody else's.
    expect(new Remote(6).verdict(OTHER)).toBe("ask");
  });

  it("is nothing where the server forbids it, whatever was allowed", async () => {
    const remote = new Remote(1);
    remote.allowEverything(true);
    const heard = vi.fn();
    remote.subscribe(heard);
    const engine = asked("never");
    remote.ask(engine);
    remote.ask(engine);
    await vi.waitFor(() => expect(heard).toHaveBeenCalled());
    remote.ask(engine);
    expect(engine.serverInfo).toHaveBeenCalledOnce();
    expect(remote.verdict(PICTURE, CHAT)).toBe("never");
    expect(remote.verdict("https://chat.example.org/rim/media/1.png")).toBe("own");
  });

  it("is asked about again where the server could not be asked", async () => {
    const remote = new Remote(1);
    const away = { serverInfo: vi.fn(async () => ({ ok: false as const, problem: { is: "offline" as const } })) };
    remote.ask(away);
    await vi.waitFor(() => {
      remote.ask(away);
      expect(away.serverInfo).toHaveBeenCalledTimes(2);
    });
    expect(remote.forbidden()).toBe(null);
    expect(remote.verdict(PICTURE)).toBe("ask");
  });

  it("is nothing where the storage holds something else, and never more than so much", () => {
    for (const rubbish of ["", "no JSON", "[]", "7", '{"everything":"yes","hosts":"photos.example.org","chats":[7,null]}']) {
      localStorage.setItem("/rim/rim.remote.1", rubbish);
      expect(new Remote(1).verdict(PICTURE, CHAT)).toBe("ask");
    }
    const remote = new Remote(1);
    for (let at = 0; at < 400; at++) remote.allow("hosts", `${at}.example.org`);
    expect(remote.allowed().hosts).toHaveLength(300);
    expect(remote.allowed().hosts.at(-1)).toBe("399.example.org");
  });

  it("is forgotten by whoever signs out, and other tabs hear of each change", () => {
    const remote = remoteOf(7);
    remote.allow("hosts", "photos.example.org");
    remote.allowOnce(OTHER);
    expect(remoteOf(7)).toBe(remote);
    localStorage.setItem("/rim/rim.remote.7", JSON.stringify({ hosts: ["elsewhere.example"] }));
    dispatchEvent(new StorageEvent("storage", { key: "/rim/rim.remote.7" }));
    expect(remote.verdict("https://elsewhere.example/1.png")).toBe("allowed");
    expect(remote.verdict(PICTURE)).toBe("ask");
    remote.forget();
    expect([remote.verdict(OTHER), remote.verdict("https://elsewhere.example/1.png")]).toEqual(["ask", "ask"]);
    expect(localStorage.length).toBe(0);
  });
});

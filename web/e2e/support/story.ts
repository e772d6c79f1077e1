// A test with people in browsers of their own. It fails, too, when a page complains: an error that nobody caught, a
// violation of the Content-Security-Policy, anything on the console.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect, inject, test } from "vitest";

import { Account } from "./account";
import { Cluster } from "./cluster";
import { PATIENCE_MS } from "./patience";
import { Person } from "./person";
import { Prefixed } from "./prefix";
import { Rim } from "./rim";

const WIDE = { width: 1180, height: 760 };
/** Pictures of what was there when a test failed. */
const PICTURES = fileURLToPath(new URL("../../screenshots/e2e/", import.meta.url));
/** What a browser says where the network, or the server, is gone. */
const NETWORK =
  /net::ERR_|WebSocket connection to |dynamically imported module|Failed to load resource|Service Worker registration blocked/;

/** Connected once for all files; the end of the tests closes it. */
const browser: Promise<Browser> = chromium.connect(inject("browser"));

export function story(claim: string, tell: (stage: Stage) => Promise<void>): void {
  test(claim, async () => {
    const stage = new Stage();
    try {
      await tell(stage);
      expect(stage.complaints).toEqual([]);
    } catch (cause) {
      await stage.photograph(claim);
      throw cause;
    } finally {
      await stage.end();
    }
  });
}

/** As many of one thing as there are of another. */
type Each<List extends readonly unknown[], T> = { [At in keyof List]: T };

export interface Seat extends BrowserContextOptions {
  /** Whether they are logged out when the story begins. */
  readonly out?: boolean;
  /** Runs in each page before anything else: for browsers that are not as one wishes. */
  readonly oddity?: () => void;
}

export class Stage {
  readonly complaints: string[] = [];
  private readonly contexts: BrowserContext[] = [];
  private own: Rim | Cluster | Prefixed | null = null;
  private readonly ends: (() => Promise<void>)[] = [];
  private trouble = false;

  get url(): string {
    return this.own?.url ?? inject("rim");
  }

  /** A server for this story alone, which it may kill; with further settings, as flags. */
  async ownRim(...settings: string[]): Promise<Rim> {
    const rim = await Rim.start(...settings);
    this.own = rim;
    return rim;
  }

  /** So many nodes for this story alone. */
  async ownCluster(nodes: number): Promise<Cluster> {
    const cluster = await Cluster.start(nodes);
    this.own = cluster;
    return cluster;
  }

  /** A server for this story alone, below a path of its proxy. */
  async ownPrefixed(prefix: string): Promise<Prefixed> {
    const prefixed = await Prefixed.start(prefix);
    this.own = prefixed;
    return prefixed;
  }

  /** From now on browsers may say that the network is gone. */
  expectTrouble(): void {
    this.trouble = true;
  }

  /** For what a story has started besides. */
  atEnd(stop: () => Promise<void>): void {
    this.ends.push(stop);
  }

  account(name: string): Promise<Account> {
    return Account.create(this.url, name);
  }

  /** People who are each other's contacts. */
  async friends<Names extends readonly string[]>(...names: Names): Promise<Each<Names, Account>> {
    const accounts = await Promise.all(names.map((name) => this.account(name)));
    for (const [at, one] of accounts.entries()) await one.befriend(...accounts.slice(at + 1));
    return accounts as Each<Names, Account>;
  }

  /** Sits somebody down at a new browser; with an account they are signed in. */
  async seat(account: Account | null, { out = false, oddity, ...options }: Seat = {}): Promise<Person> {
    const settings = { locale: "en-GB", viewport: WIDE, reducedMotion: "reduce", ...options } as const;
    const context = await (await browser).newContext(settings);
    context.setDefaultTimeout(PATIENCE_MS);
    this.contexts.push(context);
    await context.addInitScript(() => {
      addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => {
        console.error(`Content-Security-Policy: ${violatedDirective} forbids ${blockedURI}`);
      });
    });
    if (oddity !== undefined) await context.addInitScript(oddity);
    context.on("page", (page) => this.listen(page));
    const person = new Person(await context.newPage(), account);
    if (account === null || out) await person.page.goto(this.url);
    else await person.signIn();
    return person;
  }

  /** All of them, each at a browser. */
  async seats<Accounts extends readonly Account[]>(...accounts: Accounts): Promise<Each<Accounts, Person>> {
    return (await Promise.all(accounts.map((account) => this.seat(account)))) as Each<Accounts, Person>;
  }

  /** The same person in another tab of the same browser. */
  async tab(person: Person): Promise<Person> {
    const page = await person.page.context().newPage();
    await page.goto(this.url);
    const other = new Person(page, person.account);
    await other.isIn();
    return other;
  }

  async photograph(claim: string): Promise<void> {
    mkdirSync(PICTURES, { recursive: true });
    const pages = this.contexts.flatMap((context) => context.pages());
    const name = claim.replaceAll(/\W+/g, "-").slice(0, 60);
    for (const [at, page] of pages.entries()) {
      await page.screenshot({ path: `${PICTURES}${name}-${at}.png` }).catch(() => undefined);
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.contexts.map((context) => context.close()));
    await this.own?.stop();
    for (const stop of this.ends) await stop();
  }

  private listen(page: Page): void {
    page.on("pageerror", (error) => this.complaints.push(String(error.stack ?? error)));
    page.on("console", (message) => {
      const text = message.text();
      if (!["error", "warning"].includes(message.type())) return;
      if (!(this.trouble && NETWORK.test(text))) this.complaints.push(text);
    });
  }
}

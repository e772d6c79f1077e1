// Somebody at a browser: they find what they want by its name, as people and screen readers do.

import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

import type { Account } from "./account";

export class Person {
  constructor(
    readonly page: Page,
    /** Null for who has none yet. */
    readonly account: Account | null,
  ) {}

  // Coming in

  async signIn(): Promise<void> {
    const { account, password } = this.known();
    await this.page.goto(this.known().url);
    await this.page.getByRole("textbox", { name: "Account" }).fill(account);
    await this.page.getByLabel("Password", { exact: true }).fill(password);
    await this.button("Sign in").click();
    await this.isIn();
  }

  async isIn(): Promise<void> {
    await this.page.getByRole("navigation", { name: "Main" }).waitFor();
    await this.isOnline();
  }

  /** Connected, logged in and up to date, whatever the banner says. */
  async isOnline(): Promise<void> {
    await this.page.locator('[data-connection="online"]').waitFor({ state: "attached" });
  }

  // Finding

  button(name: string | RegExp, within: Page | Locator = this.page): Locator {
    return within.getByRole("button", { name, exact: true });
  }

  dialog(name: string): Locator {
    return this.page.getByRole("dialog", { name });
  }

  /** Chats, Contacts or Settings. */
  place(name: "Chats" | "Contacts" | "Settings"): Locator {
    return this.page.getByRole("navigation", { name: "Main" }).getByRole("link", { name });
  }

  chatRow(title: string): Locator {
    return this.page.getByRole("list", { name: "List of chats" }).getByRole("link").filter({ hasText: title });
  }

  get log(): Locator {
    return this.page.getByRole("log");
  }

  get composer(): Locator {
    return this.page.getByRole("textbox", { name: /^Message to / });
  }

  /** The quote above the words of a message. */
  quoteIn(text: string): Locator {
    return this.message(text).locator(".quote");
  }

  /** What people think of a message: "👍 2". */
  reactions(text: string): Promise<string[]> {
    return this.message(text).locator(".reaction[data-emoji]").allTextContents();
  }

  /** The messages that say this themselves, not in a quote. */
  message(text: string): Locator {
    const said = this.page.getByText(text, { exact: true }).and(this.page.locator(":not(.quote *)"));
    return this.log.getByRole("article").filter({ has: said });
  }

  // Doing

  /** It is open when its messages are there. The composer is there before; what comes between is what was missed. */
  async openChat(title: string): Promise<void> {
    await this.chatRow(title).click();
    await this.page.getByRole("log", { name: title }).waitFor();
  }

  /** Opens the menu of a message, by a right click beside its words. */
  async menuOf(text: string): Promise<Locator> {
    const bubble = this.message(text).locator(".bubble");
    await bubble.scrollIntoViewIfNeeded();
    const height = (await bubble.boundingBox())?.height ?? 0;
    await bubble.click({ button: "right", position: { x: 6, y: height - 5 } });
    const menu = this.page.getByRole("menu", { name: "What to do with the message" });
    await menu.waitFor();
    return menu;
  }

  /** Chooses an entry of the menu of a message. */
  async act(text: string, entry: string): Promise<void> {
    await (await this.menuOf(text)).getByRole("menuitem", { name: entry, exact: true }).click();
  }

  /** Answers yes to what is asked first. */
  async confirm(answer: string): Promise<void> {
    await this.button(answer, this.page.getByRole("alertdialog")).click();
  }

  async react(text: string, emoji: string): Promise<void> {
    await this.act(text, `React with ${emoji}`);
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.composer.press("Enter");
  }

  // Seeing

  /** What the messages near the sight say, from the top. */
  async said(): Promise<string[]> {
    return this.log.locator(".body__text").allInnerTexts();
  }

  /** What the messages say of which anything is in sight, from the top. */
  async inSight(): Promise<string[]> {
    return this.log.evaluate((log) => {
      const { top, bottom } = log.getBoundingClientRect();
      const seen = [...log.querySelectorAll<HTMLElement>(".body__text")].filter((text) => {
        const at = text.getBoundingClientRect();
        return at.bottom > top && at.top < bottom;
      });
      return seen.map((text) => text.innerText);
    });
  }

  /** Waits until exactly this is said in the open chat. */
  async sees(...texts: readonly string[]): Promise<void> {
    await expect.poll(() => this.said()).toEqual(texts);
  }

  /** Waits for the state of one's own message: Sending, Sent, Delivered, Read, Read by 2. */
  async seesState(text: string, state: string): Promise<void> {
    await this.message(text).getByRole("img", { name: state, exact: true }).waitFor();
  }

  /** Waits for a count on a row of the chats; 0 is no count at all. */
  async seesUnread(title: string, count: number): Promise<void> {
    const badge = this.chatRow(title).getByText(/unread message/);
    const wanted = count === 0 ? [] : [count === 1 ? "1 unread message" : `${count} unread messages`];
    await expect.poll(() => badge.allInnerTexts()).toEqual(wanted);
  }

  private known(): Account {
    if (this.account === null) throw new Error("has no account");
    return this.account;
  }
}

import { expect } from "vitest";

import { audit } from "./support/axe";
import { PATIENCE_MS } from "./support/patience";
import type { Person } from "./support/person";
import { story } from "./support/story";

/** So long somebody who left may come back before anybody is told. */
const GRACE_MS = 10_000;

/** Contacts and chats of this name that are said to be online, in the list that is shown. */
async function seesOnline(person: Person, name: string, is: boolean): Promise<void> {
  const row = person.page.getByRole("list", { name: /^List of / }).getByRole("link", { name });
  const word = row.getByText("Online", { exact: true });
  const timeout = is ? PATIENCE_MS : GRACE_MS + PATIENCE_MS;
  await expect.poll(() => word.count(), { timeout }).toBe(is ? 1 : 0);
}

story("contacts see each other come and go", async (stage) => {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  await annas.send(await annas.single(bens), ["Hello"]);
  await annas.group("Picnic", bens, carlas);
  const anna = await stage.seat(annas);
  await anna.openChat("Ben");
  const subtitle = anna.page.locator(".chat__subtitle");
  await expect.poll(() => subtitle.innerText()).toBe(`@${bens.account}`);
  await seesOnline(anna, "Ben", false);

  // Ben comes.
  const ben = await stage.seat(bens);
  await expect.poll(() => subtitle.innerText()).toBe("Online");
  await seesOnline(anna, "Ben", true);
  await seesOnline(ben, "Anna", true);
  expect(await audit(anna.page)).toEqual([]);

  // Every place tells the same, in every tab.
  const tab = await stage.tab(anna);
  await seesOnline(tab, "Ben", true);
  await tab.place("Contacts").click();
  await seesOnline(tab, "Ben", true);
  await seesOnline(tab, "Carla", false);
  await tab.page.getByRole("link", { name: "Ben" }).click();
  const page = tab.page.getByRole("region", { name: "Ben" });
  await page.getByText("Online", { exact: true }).waitFor();
  expect(await audit(tab.page)).toEqual([]);
  await tab.place("Chats").click();
  await tab.openChat("Picnic");
  await tab.button("About this chat").click();
  const members = tab.page.getByRole("list", { name: "Members" }).getByRole("listitem");
  await expect.poll(() => members.filter({ hasText: "Online" }).count()).toBe(1);
  expect(await audit(tab.page)).toEqual([]);

  // A reload is no going away, not even for a moment; leaving is.
  const changes = await subtitle.evaluateHandle((element) => {
    const seen: string[] = [];
    const observer = new MutationObserver(() => seen.push(element.textContent));
    observer.observe(element, { childList: true, characterData: true, subtree: true });
    return seen;
  });
  await ben.page.reload();
  await ben.isIn();
  await seesOnline(ben, "Anna", true);
  expect(await changes.jsonValue()).toEqual([]);
  await ben.page.close();
  await seesOnline(anna, "Ben", false);
  await seesOnline(tab, "Ben", false);
  expect(await changes.jsonValue()).toEqual([`@${bens.account}`]);
});

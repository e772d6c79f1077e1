// Forwarding: one message or several, with or without whose words they are, or as one card.

import { expect } from "vitest";

import type { Person } from "./support/person";
import { story } from "./support/story";

async function forwardTo(person: Person, chat: string, ...ways: readonly string[]): Promise<void> {
  const dialog = person.page.getByRole("dialog", { name: /^Forward \d/ });
  for (const way of ways) await dialog.getByLabel(way).click();
  await dialog.getByRole("checkbox", { name: chat }).click();
  await dialog.getByRole("button", { name: /^Forward to/ }).click();
}

story("a message is forwarded with its origin, and without it", async (stage) => {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  await bens.send(await annas.single(bens), ["the recipe"]);
  await carlas.send(await annas.single(carlas), ["Hello"]);
  const [anna, carla] = await stage.seats(annas, carlas);
  await anna.openChat("Ben");
  await carla.openChat("Anna");
  await anna.act("the recipe", "Forward");
  await forwardTo(anna, "Carla");
  await carla.message("the recipe").getByText("Forwarded from Ben").waitFor();
  await anna.act("the recipe", "Forward");
  await forwardTo(anna, "Carla", "Show who wrote it");
  await expect.poll(() => carla.message("the recipe").count()).toBe(2);
  expect(await carla.log.getByText("Forwarded from Ben").count()).toBe(1);
});

story("several messages are chosen, and forwarded as one card that opens", async (stage) => {
  const [annas, bens, carlas] = await stage.friends("Anna", "Ben", "Carla");
  await bens.send(await annas.single(bens), ["flour", "eggs", "milk"]);
  await carlas.send(await annas.single(carlas), ["Hello"]);
  const [anna, carla] = await stage.seats(annas, carlas);
  await anna.openChat("Ben");
  await carla.openChat("Anna");
  await anna.act("flour", "Select");
  await anna.message("milk").click();
  await anna.page.getByRole("status").getByText("2 selected").waitFor();
  await anna.page.getByRole("toolbar", { name: "Selected messages" }).getByRole("button", { name: "Forward" }).click();
  await forwardTo(anna, "Carla", "As one card");
  await anna.composer.waitFor();
  await carla.log.getByRole("button", { name: /2 messages/ }).click();
  const card = carla.page.getByRole("dialog");
  await card.getByText("flour").waitFor();
  await card.getByText("milk").waitFor();
  expect(await card.getByText("eggs").count()).toBe(0);
});

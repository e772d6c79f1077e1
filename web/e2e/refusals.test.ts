// What the server refuses is told where it was asked for, in words for people, in their language.

import { story } from "./support/story";

story("what is too much, what the server has no time for and what is not known is told in words", async (stage) => {
  const annas = await stage.account("Anna");
  const anna = await stage.seat(annas);
  const { page } = anna;
  // The answers are made up: real ones come where somebody is quick, or a database goes away.
  stage.expectTrouble();
  let answer = { status: 429, wait: "20" };
  await page.route("**/api/user/update", (route) => {
    const body = JSON.stringify({ ok: false, code: answer.status, msg: "in the server's words", data: null });
    return route.fulfill({ status: answer.status, headers: { "Retry-After": answer.wait }, contentType: "application/json", body });
  });
  await anna.place("Settings").click();
  await page.getByRole("link", { name: "Profile" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Anna Maria");
  const alert = page.getByRole("alert");
  await anna.button("Save").click();
  await alert.filter({ hasText: "Too many attempts. Try again in 20 seconds." }).waitFor();
  answer = { status: 503, wait: "1" };
  await anna.button("Save").click();
  await alert.filter({ hasText: "The server is busy and nothing was done. Try again in 1 second." }).waitFor();
  answer = { status: 504, wait: "" };
  await anna.button("Save").click();
  await alert.filter({ hasText: "This may or may not have worked." }).waitFor();

  await page.getByRole("link", { name: "Language and look" }).click();
  await page.getByRole("radio", { name: "简体中文" }).click();
  await page.getByRole("link", { name: "个人资料" }).click();
  await page.getByRole("textbox", { name: "昵称" }).fill("Anna Maria");
  answer = { status: 429, wait: "3000" };
  await anna.button("保存").click();
  await alert.filter({ hasText: "操作过于频繁，请在50分钟后重试。" }).waitFor();
});

story("a message that the server refuses says why, and may be deleted", async (stage) => {
  const [annas, bens] = await stage.friends("Anna", "Ben");
  await annas.send(await annas.single(bens), ["Hello"]);
  const ben = await stage.seat(bens);
  await ben.openChat("Anna");
  await ben.say(`${"> ".repeat(400)}deep`);
  const why = ben.log.getByText("Not sent: The formatting is repeated or nested too much. Send it as typed, or simplify it.");
  await why.waitFor();
  await ben.button("Delete", ben.log).click();
  await why.waitFor({ state: "detached" });
  await ben.say("shallow");
  await ben.seesState("shallow", "Sent");
});

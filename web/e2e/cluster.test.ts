import { expect } from "vitest";

import { story } from "./support/story";

story("nodes are stopped one after the other in mid-conversation, and both go on as if nothing was", async (stage) => {
  const cluster = await stage.ownCluster(2);
  const [annas, bens] = await stage.friends("Anna", "Ben");
  const gid = await annas.single(bens);
  await annas.send(gid, ["Anna begins"]);
  const [anna, ben] = await stage.seats(annas, bens);
  await Promise.all([anna.openChat("Ben"), ben.openChat("Anna")]);
  await anna.say("before");
  await ben.message("before").waitFor();

  stage.expectTrouble();
  const said = ["Anna begins", "before"];
  for (const [number, node] of cluster.nodes.entries()) {
    await node.sendAway();
    await anna.say(`anna without ${number}`);
    await ben.message(`anna without ${number}`).waitFor();
    await ben.say(`ben without ${number}`);
    await anna.message(`ben without ${number}`).waitFor();
    await node.startAgain();
    said.push(`anna without ${number}`, `ben without ${number}`);
  }
  await Promise.all([anna.isOnline(), ben.isOnline()]);
  for (const person of [anna, ben]) expect(await person.said()).toHaveLength(said.length);
  await anna.sees(...said);
  await ben.sees(...said);
  expect((await annas.history(gid)).map(({ content }) => content)).toEqual(said);
});

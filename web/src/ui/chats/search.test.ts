import { expect, it } from "vitest";

import { FieldKeys } from "./search";

it("a key that comes before what is found is there is not lost, and counts once", () => {
  const keys = new FieldKeys();
  const heard: string[] = [];
  keys.press("pick");
  const stop = keys.listen((key) => heard.push(key));
  expect(heard).toEqual(["pick"]);
  keys.press("down");
  stop();
  keys.listen((key) => heard.push(`again ${key}`));
  expect(heard).toEqual(["pick", "down"]);
});

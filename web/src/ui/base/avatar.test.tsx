// @vitest-environment happy-dom
// @vitest-environment-options { "url": "https://chat.example.org/" }

import type { ReactNode } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, it } from "vitest";

import type { Engine } from "../../engine/contract";
import { Avatar, Face } from "./Avatar";
import { EngineContext } from "./context";

const drawn = (what: ReactNode): string => renderToStaticMarkup(<EngineContext value={{} as Engine}>{what}</EngineContext>);

it("an avatar that is a file is shown as its smaller picture", () => {
  const shown = (address: string): string | undefined => /src="([^"]*)"/.exec(drawn(<Avatar name="Anna" address={address} seed={2} />))?.[1];
  expect(shown("/media/files/AbCdEfGhIjKlMnOpQrStUv")).toBe("https://chat.example.org/media/files/AbCdEfGhIjKlMnOpQrStUv/320");
  // As the server tells it.
  expect(shown("/media/files/AbCdEfGhIjKlMnOpQrStUv/256")).toBe("https://chat.example.org/media/files/AbCdEfGhIjKlMnOpQrStUv/256");
  expect(shown("/media/avatars/ab12.png")).toBe("https://chat.example.org/media/avatars/ab12.png");
});

it("a face is an avatar that is marked while somebody is online, and says nothing by itself", () => {
  const who = { name: "Anna Becker", address: "", seed: 2, size: 40 };
  const avatar = drawn(<Avatar {...who} />);
  expect(avatar).toContain('aria-hidden="true"');
  const face = (online: boolean): string => drawn(<Face {...who} online={online} />);
  expect(face(false)).toBe(`<span class="face" style="--face:40px">${avatar}</span>`);
  expect(face(true)).toBe(`<span class="face face--online" style="--face:40px">${avatar}</span>`);
});

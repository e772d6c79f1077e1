import { renderToStaticMarkup } from "react-dom/server";
import { expect, it, vi } from "vitest";

vi.stubGlobal("document", { baseURI: "https://chat.example.org/" });

import { Avatar, Face } from "./Avatar";

it("an avatar that is a file is shown as its smaller picture", () => {
  const shown = (address: string): string | undefined => /src="([^"]*)"/.exec(renderToStaticMarkup(<Avatar name="Anna" address={address} seed={2} />))?.[1];
  expect(shown("/media/files/AbCdEfGhIjKlMnOpQrStUv")).toBe("https://chat.example.org/media/files/AbCdEfGhIjKlMnOpQrStUv/320");
  expect(shown("/media/avatars/ab12.png")).toBe("https://chat.example.org/media/avatars/ab12.png");
});

it("a face is an avatar that is marked while somebody is online, and says nothing by itself", () => {
  const who = { name: "Anna Becker", address: "", seed: 2, size: 40 };
  const avatar = renderToStaticMarkup(<Avatar {...who} />);
  expect(avatar).toContain('aria-hidden="true"');
  const face = (online: boolean): string => renderToStaticMarkup(<Face {...who} online={online} />);
  expect(face(false)).toBe(`<span class="face" style="--face:40px">${avatar}</span>`);
  expect(face(true)).toBe(`<span class="face face--online" style="--face:40px">${avatar}</span>`);
});

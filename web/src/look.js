// Sets the chosen look before anything is painted: it blocks, where the client itself comes later. The server's
// Content-Security-Policy allows no script inside the page, so this is a file; hashed like all, it is asked for once.
// `ui/base/preferences.ts` writes what is read here, and `useLook` of `ui/App.tsx` follows it from then on.

(() => {
  let theme = "system";
  try {
    theme = JSON.parse(localStorage.getItem("rim.preferences") ?? "{}")?.theme;
  } catch {
    // Nothing readable: as the system says.
  }
  const dark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.look = dark ? "dark" : "light";
  // What a browser paints before the first stylesheet is there, and around the page.
  document.querySelector('meta[name="color-scheme"]')?.setAttribute("content", dark ? "dark" : "light");
  const colours = [...document.querySelectorAll('meta[name="theme-color"]')];
  const chosen = colours.find((meta) => meta.media.includes(dark ? "dark" : "light"))?.content;
  if (chosen !== undefined) for (const meta of colours) meta.content = chosen;
})();
